/**
 * How the parts of a peer leave messages for friends who are away: which nodes they visit for it, which sessions they
 * keep, and where it is possible. What is left is decided in chat/mail.ts.
 */
import { byNode, nodePeer } from './address/node-addresses.ts'
import { day } from './base/units.ts'
import type { Log } from './base/log.ts'
import { chatLimits } from './chat/limits.ts'
import type { ParcelWriterOptions } from './chat/parcel-writer.ts'
import type { Groups } from './group/groups.ts'
import { nodeConnections } from './directory/node-dial.ts'
import { Mailboxes } from './mailbox/mailboxes.ts'
import type { Chat } from './chat/chat.ts'
import type { HomeNodes } from './directory/home-nodes.ts'
import type { PeerNetwork } from './net/libp2p.ts'
import type { Policy } from './net/policy.ts'
import type { FriendRow, Store } from './store/store.ts'

/** The parts of a peer that this is about. */
interface MailParts {
  network: PeerNetwork
  policy: Policy
  store: Store
  nodes: HomeNodes
  chat: Chat
  mailboxes: Mailboxes
}

export function createMailboxes(
  parts: Pick<MailParts, 'network' | 'nodes' | 'chat'> & { readonly groups: Groups },
  log: Log,
): Mailboxes {
  const { network, nodes, chat } = parts
  return new Mailboxes({
    connection: (node) => nodeConnections(network, node).find(({ status }) => status === 'open'),
    reach: (addresses, peer, use) => nodes.reach(addresses, peer, use),
    ticketHashes: () => [...chat.mail.ticketHashes(), ...parts.groups.mail.ticketHashes()],
    onParcel: (parcel) => {
      const group = parts.groups.mail.groupOf(parcel)
      return group === undefined ? chat.mail.receive(parcel) : parts.groups.mail.receive(group, parcel)
    },
    onOpen: () => {
      chat.nodeReady()
      parts.groups.mail.nudgeAll()
    },
    log,
  })
}

/** As in `ParcelWriterOptions`. */
export function atNodesOf(parts: Pick<MailParts, 'store' | 'mailboxes'>): ParcelWriterOptions['atNodes'] {
  return (peer, task) => {
    const nodes = [...byNode(parts.store.friend(peer)?.nodes ?? []).values()]
    return parts.mailboxes.at(nodes, peer, chatLimits.parcelNodes, task)
  }
}

/** As `Friend.mailbox`. */
export function hasMailbox(
  { store, nodes, policy }: Pick<MailParts, 'store' | 'nodes' | 'policy'>,
  { peer, nodes: theirs }: FriendRow,
): boolean {
  if (store.word(peer).theirTicket.byteLength === 0) return false
  return theirs.some((node) => nodes.has(nodePeer(node)) || policy.refusesDial(node, { peer }) === undefined)
}

/** What waited at nodes has come. A clock that is wrong says nothing about the age of a key. */
export function hasCollected({ mailboxes, nodes }: Pick<MailParts, 'mailboxes' | 'nodes'>): boolean {
  return mailboxes.collected && Math.abs(nodes.time.ahead) < day
}
