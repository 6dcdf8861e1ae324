/** How the parts of a peer serve its groups: what they are told, and which members connections are kept to. */
import type { Log } from './base/log.ts'
import { understands } from './chat/words.ts'
import { Groups } from './group/groups.ts'
import type { Relation } from './net/policy.ts'
import { features } from './wire/hello.ts'
import type { PeerParts } from './peer-parts.ts'

type GroupParts = Pick<
  PeerParts,
  'identity' | 'store' | 'settings' | 'policy' | 'paths' | 'chat' | 'events' | 'nodes' | 'sealing'
>

/** Connections to them are kept, or refused, anyway. */
const friendly: ReadonlySet<Relation> = new Set(['friend', 'blocked'])

export function createGroups(parts: GroupParts, now: () => number, log: Log): Groups {
  const { identity, store, settings, policy, paths, chat, events, nodes, sealing } = parts
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
    ...{ identity, store, now, log },
    emit: events.emit,
    connections: (peer) => paths.connections(peer),
    people: {
      nameOf: (peer) => {
        if (peer === identity.peer) return settings.name()
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
    understands: (peer) => understands(store, peer, features.groups),
    send: (peer, content, keep) => chat.sendGroup(peer, content, keep),
    keepTo,
  })
}
