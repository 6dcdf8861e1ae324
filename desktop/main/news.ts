/**
 * What is worth a notification: a message, a request, an accepted request, an invitation to a group,
 * an offer of files, the end of a transfer.
 * The peer reports states; this file remembers the one before, because an event also repeats a state that is no news.
 */
import type { Friend, TransferState } from '#protocol'
import type { PeerProcessEvent } from '../ipc/contract.ts'

/** A key of the catalogue's `notices`. */
type NewsKind = 'message' | 'request' | 'accepted' | 'invited' | 'files' | 'received' | 'delivered' | 'failed'

export interface News {
  /** Of whom: in a group, who has said it. */
  peer: string
  /** Where it is: absent for a conversation with that friend. */
  group?: string
  kind: NewsKind
  /** The text of the message, or the name of the files; absent where there is none. Foreign text. */
  detail?: string
}

const underWay: readonly TransferState[] = ['offered', 'waiting', 'active', 'paused']

export class NewsFilter {
  /** PeerIds of those who were asked and have not answered. */
  readonly #asked = new Set<string>()
  /** Ids of the transfers that have not ended. */
  readonly #underWay = new Set<string>()

  /** The friends of a profile that was just opened. */
  begin(friends: readonly Friend[]): void {
    for (const friend of friends) if (friend.state === 'requested') this.#asked.add(friend.peer)
  }

  /** Call for each event, in their order. Undefined if it is no news. */
  of(event: PeerProcessEvent): News | undefined {
    switch (event.event) {
      case 'message-received': {
        const { peer, group, text, unknown, invitation } = event.data
        // That one is asked into a group is an event of its own.
        if (invitation !== undefined) return undefined
        return { peer, ...(group && { group }), kind: 'message', ...(unknown === true ? {} : { detail: text }) }
      }
      case 'group-invited': {
        const { group, invitedBy = '' } = event.data
        return { peer: invitedBy, group, kind: 'invited' }
      }
      case 'friend-request':
        return { peer: event.data.peer, kind: 'request' }
      case 'friend-changed':
        return this.#ofFriend(event.data)
      case 'transfer-offered': {
        const { id, peer, name } = event.data
        this.#underWay.add(id)
        return { peer, kind: 'files', detail: name }
      }
      case 'transfer-changed': {
        const { id, peer, name, state, direction } = event.data
        if (underWay.includes(state)) this.#underWay.add(id)
        else if (this.#underWay.delete(id)) {
          if (state === 'done') return { peer, kind: direction === 'in' ? 'received' : 'delivered', detail: name }
          if (state === 'failed') return { peer, kind: 'failed', detail: name }
        }
        return undefined
      }
      case 'status':
        this.#asked.clear()
        this.#underWay.clear()
        return undefined
      default:
        return undefined
    }
  }

  #ofFriend({ peer, state }: Friend): News | undefined {
    if (state === 'requested') this.#asked.add(peer)
    else if (this.#asked.delete(peer) && state === 'friend') return { peer, kind: 'accepted' }
    return undefined
  }
}
