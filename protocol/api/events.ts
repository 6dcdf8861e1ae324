/** The events of a peer, as one union. An event reports a completed change; it never requests an action. */
import type { ErrorData } from '../base/errors.ts'
import type { ConnectionInfo, Friend, Group, Message, NodeState, Transfer } from './model.ts'
import type { Privacy } from './privacy.ts'

export type PeerEvent =
  | { event: 'ready'; data: { peer: string; name: string; version: string } }
  | { event: 'node-state'; data: NodeState }
  | { event: 'friend-request'; data: Friend }
  /** State, name, handle, note, `verified`, `online` or `held` changed: once for each change. */
  | { event: 'friend-changed'; data: Friend }
  | { event: 'path-changed'; data: ConnectionInfo & { peer: string } }
  | { event: 'message-received'; data: Message }
  | { event: 'message-changed'; data: Message }
  | { event: 'transfer-offered'; data: Transfer }
  /** Somebody asks this person into a group. */
  | { event: 'group-invited'; data: Group }
  /** Its name, who is in and as what, what this person is in it, or what is shown of its past. */
  | { event: 'group-changed'; data: Group }
  /** At most four per second for each transfer, and at every change of its state. */
  | { event: 'transfer-changed'; data: Transfer }
  /** The choices in force from now on. */
  | { event: 'privacy-changed'; data: Privacy }
  /** Bytes of the backup that is being written, at each percent. Before the first, the store is copied. */
  | { event: 'backup-progress'; data: { done: number; total: number } }
  | { event: 'typing'; data: { peer: string; group?: string; active: boolean } }
  | { event: 'warning'; data: ErrorData & { peer?: string } }

/** Passes an event to the listeners of `Peer.subscribe`. */
export type Emit = (event: PeerEvent) => void
