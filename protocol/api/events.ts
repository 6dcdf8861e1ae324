/** Everything that can happen to a peer, as one union. Events report finished facts and never command. */
import type { ErrorData } from '../base/errors.ts'
import type { ConnectionInfo, Friend, Message, NodeState, Transfer } from './model.ts'
import type { Privacy } from './privacy.ts'

export type PeerEvent =
  | { event: 'ready'; data: { peer: string; name: string; version: string } }
  | { event: 'node-state'; data: NodeState }
  | { event: 'friend-request'; data: Friend }
  | { event: 'friend-changed'; data: Friend }
  | { event: 'path-changed'; data: ConnectionInfo & { peer: string } }
  | { event: 'message-received'; data: Message }
  | { event: 'message-changed'; data: Message }
  | { event: 'transfer-offered'; data: Transfer }
  /** At most four a second for each transfer, and always when its state changes. */
  | { event: 'transfer-changed'; data: Transfer }
  /** What holds from now on. */
  | { event: 'privacy-changed'; data: Privacy }
  | { event: 'typing'; data: { peer: string; active: boolean } }
  | { event: 'warning'; data: ErrorData & { peer?: string } }

/** Passes an event to the listeners of `Peer.subscribe`. */
export type Emit = (event: PeerEvent) => void
