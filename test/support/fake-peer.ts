/**
 * A peer whose answers the test decides: for the display of transfers in states that a real peer leaves within
 * milliseconds. Tests of real behaviour use real peers.
 */
import { usualPrivacy } from '#protocol'
import type { CallName, CallParams, CallResults, Friend, Group, Message, Peer, PeerEvent, Transfer } from '#protocol'

export const susan: Friend = {
  peer: '12D3KooWSusan1',
  name: 'Susan',
  state: 'friend',
  verified: false,
  online: true,
  path: 'direct',
  addedAt: 1,
  unread: 0,
}

/** A group of Susan and this person. */
export const trip: Group = {
  group: '5'.repeat(64),
  name: 'Trip',
  state: 'member',
  rank: 0,
  founder: susan.peer,
  members: [
    { peer: susan.peer, name: 'Susan', rank: 0, online: true, friend: true },
    { peer: '12D3KooWOwn999', name: 'Own', rank: 0, online: true, friend: false },
  ],
  unread: 0,
  muted: false,
  createdAt: 1,
  history: 0,
}

const offeredAt = new Date(2025, 2, 3, 14, 3).getTime()

/** An offer of one film by Susan, with `fields` replaced. */
export function transfer(change: Partial<Transfer> = {}): Transfer {
  return {
    id: 'film',
    peer: susan.peer,
    direction: 'in',
    state: 'offered',
    name: 'film.mkv',
    count: 1,
    roots: 1,
    files: [{ path: 'film.mkv', size: 1.9e9, done: 0 }],
    bytes: 1.9e9,
    doneBytes: 0,
    bytesPerSecond: 0,
    offeredAt,
    ...change,
  }
}

/** The calls about one transfer, each answered with its new state. */
type TransferCall = {
  [C in CallName]: CallResults[C] extends Transfer ? C : never
}[CallName]

export class FakePeer {
  friends: Friend[] = [susan]
  groups: Group[] = []
  messages: Message[] = []
  transfers: Transfer[] = []
  /** Calls that change something, in order: `acceptTransfer {"transfer":"film"}`. */
  readonly calls: string[] = []
  /** The answers to the calls about transfers. */
  answer: (call: TransferCall, params: { transfer?: string }) => Transfer = (_, { transfer: id }) =>
    this.transfers.find((one) => one.id === id) ?? transfer()
  readonly #listeners = new Set<(event: PeerEvent) => void>()

  /** The type that the programs expect. Only the calls below exist: a misspelt or missing one throws. */
  get peer(): Peer {
    const spoken = (call: TransferCall) => async (params: { transfer?: string; peer?: string }) => {
      this.calls.push(`${call} ${JSON.stringify(params)}`)
      const now = this.answer(call, params)
      this.#remember(now)
      return now
    }
    const known = {
      self: async () => ({
        peer: '12D3KooWOwn999',
        name: 'Own',
        nodes: [],
        listen: [],
        reachable: 'unknown' as const,
        privacy: usualPrivacy,
      }),
      friends: async () => this.friends,
      groups: async () => this.groups,
      group: async ({ group }) => this.groups.find((one) => one.group === group) ?? trip,
      messages: async () => this.messages,
      transfers: async () => this.transfers,
      markRead: async () => null,
      typing: async () => null,
      sendMessage: async (params: CallParams<'sendMessage'>): Promise<Message> => {
        this.calls.push(`sendMessage ${JSON.stringify(params)}`)
        const seq = this.messages.length + 1
        const said = { direction: 'out', sentAt: offeredAt, state: 'queued', seq } as const
        const message = { ...said, id: `message ${seq}`, peer: params.peer ?? '', text: params.text }
        this.messages.push(message)
        return message
      },
      requestFriend: async (params: CallParams<'requestFriend'>): Promise<Friend> => {
        this.calls.push(`requestFriend ${JSON.stringify(params)}`)
        return { ...susan, peer: '12D3KooWAsked5', name: 'Asked', state: 'requested' }
      },
      sendFiles: spoken('sendFiles'),
      acceptTransfer: spoken('acceptTransfer'),
      declineTransfer: spoken('declineTransfer'),
      cancelTransfer: spoken('cancelTransfer'),
      sendMissing: spoken('sendMissing'),
      pauseTransfer: spoken('pauseTransfer'),
      resumeTransfer: spoken('resumeTransfer'),
      subscribe: (listener) => {
        this.#listeners.add(listener)
        return () => this.#listeners.delete(listener)
      },
    } satisfies Partial<Peer>
    return new Proxy<Partial<Peer>>(known, {
      get(calls, name) {
        if (name in calls) return calls[name as keyof Peer]
        throw new Error(`the fake peer has no call ${String(name)}`)
      },
    }) as Peer
  }

  emit(event: PeerEvent): void {
    for (const listener of this.#listeners) listener(event)
  }

  /** Stores a transfer's new state and emits the event. */
  changed(now: Transfer, event: 'transfer-offered' | 'transfer-changed' = 'transfer-changed'): void {
    this.#remember(now)
    this.emit({ event, data: now })
  }

  #remember(now: Transfer): void {
    this.transfers = [...this.transfers.filter(({ id }) => id !== now.id), now]
  }
}
