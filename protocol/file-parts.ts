/** How the parts of a peer serve its transfers: which connection carries them, and how offers and news are sent. */
import type { Connection } from '@libp2p/interface'
import type { Log } from './base/log.ts'
import { fileLimits } from './file/limits.ts'
import { Files } from './file/transfers.ts'
import type { Chat } from './chat/chat.ts'
import type { Policy } from './net/policy.ts'
import type { Paths } from './paths/paths.ts'
import type { PeerEvents } from './peer-events.ts'
import type { Store } from './store/store.ts'

/** The parts of a peer that this is about. */
interface FileParts {
  readonly store: Store
  readonly events: PeerEvents
  readonly policy: Policy
  readonly paths: Paths
  readonly chat: Chat
}

export function createFiles(
  { store, events, policy, paths, chat }: FileParts,
  options: {
    downloads: string | undefined
    now: () => number
    log: Log
    probe: (connection: Connection, answered: () => boolean) => void
  },
): Files {
  return new Files({
    ...options,
    store,
    emit: events.emit,
    isFriend: (peer) => policy.isFriend(peer),
    // A circuit with a byte limit below a few chunks would end before the transfer progresses.
    best: (peer) =>
      paths.connections(peer).find(({ limits: circuit }) => (circuit?.bytes ?? Infinity) > fileLimits.fileCircuit),
    say: (peer, about, keep) => chat.sendTransfer(peer, about, keep),
    sayAll: (peer, news) => chat.sendNews(peer, news),
    recall: (message) => {
      const queued = store.message(message)?.state === 'queued'
      if (queued) chat.recall(message)
      return queued
    },
    limited: (peer) => paths.info(peer).limited != null,
  })
}
