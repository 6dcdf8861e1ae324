/** How the parts of a peer serve its groups: what they are told, and which members connections are kept to. */
import { byNode } from './address/node-addresses.ts'
import type { Log } from './base/log.ts'
import type { Chat } from './chat/chat.ts'
import { understands } from './chat/words.ts'
import type { HomeNodes } from './directory/home-nodes.ts'
import { Groups } from './group/groups.ts'
import * as hpke from './identity/hpke.ts'
import type { Identity } from './identity/identity.ts'
import type { PrivacyInForce } from './identity/privacy-in-force.ts'
import type { SealingKeys } from './identity/sealing.ts'
import type { Settings } from './identity/settings.ts'
import type { Mailboxes } from './mailbox/mailboxes.ts'
import type { Policy, Relation } from './net/policy.ts'
import type { Paths } from './paths/paths.ts'
import type { PeerEvents } from './peer-events.ts'
import type { Store } from './store/store.ts'
import { features } from './wire/hello.ts'

/** The parts of a peer that this is about. */
interface GroupParts {
  readonly identity: Identity
  readonly store: Store
  readonly settings: Settings
  readonly policy: Policy
  readonly paths: Paths
  readonly chat: Chat
  readonly events: PeerEvents
  readonly nodes: HomeNodes
  readonly sealing: SealingKeys
  readonly privacy: PrivacyInForce
  readonly mailboxes: Mailboxes
}

/** Connections to them are kept, or refused, anyway. */
const friendly: ReadonlySet<Relation> = new Set(['friend', 'blocked'])

export function createGroups(parts: GroupParts, now: () => number, log: Log): Groups {
  const { identity, store, settings, policy, paths, chat, events, nodes, sealing, privacy } = parts
  const wanted = new Set<string>()
  const keepTo = (members: ReadonlySet<string>): void => {
    const keep = new Set([...members].filter((peer) => !friendly.has(policy.relation(peer))))
    for (const peer of wanted) {
      if (keep.has(peer)) continue
      wanted.delete(peer)
      if (!policy.isFriend(peer)) paths.unwant(peer)
    }
    for (const peer of keep) {
      wanted.add(peer)
      paths.want(peer)
    }
  }
  return new Groups({
    identity,
    store,
    now,
    log,
    emit: events.emit,
    connections: (peer) => paths.connections(peer),
    people: {
      nameOf: (peer) => {
        if (peer === identity.peer) return settings.name() || undefined
        const row = store.friend(peer)
        return row?.state === 'friend' ? events.friend(row).name : undefined
      },
      isFriend: (peer) => policy.isFriend(peer),
      online: (peer) => chat.online(peer),
    },
    ownCard: () => ({
      name: settings.name(),
      picture: new Uint8Array(),
      nodes: nodes.addresses().filter((address) => policy.mayTellNode(address)),
      sealingKey: sealing.current(),
    }),
    typingMarks: () => privacy.now.typingMarks,
    understands: (peer) => understands(store, peer, features.groups),
    hpke,
    age: () => nodes.time.confirmed(),
    hybridSeed: (keyId) => sealing.hybridSeed(keyId),
    atNodes: (theirs, peer, task) => parts.mailboxes.at([...byNode(theirs).values()], peer, 1, task),
    taken: (ids) => parts.mailboxes.taken(ids),
    onTicket: () => parts.mailboxes.tellTickets(),
    send: (peer, content, keep) => chat.sendGroup(peer, content, keep),
    keepTo,
  })
}
