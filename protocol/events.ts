/** Everything that can happen to a peer, as one union. Events report finished facts and never command. */
import type { ErrorData } from './errors.ts'
import type { FriendState, Message } from './store/store.ts'

/** A friend, request or blocked peer as callers see it. Times are milliseconds since the epoch. */
export interface Friend {
  /** PeerId. */
  peer: string
  name: string
  handle?: string
  state: FriendState
  /** The note of their friend request (or of ours, while `requested`). */
  note?: string
  /** A person compared the safety number. */
  verified: boolean
  /** A conversation is open right now. */
  online: boolean
  path: PathKind
  addedAt: number
  /** Messages from this friend that nobody has read here. */
  unread: number
  lastSeen?: number
}

const pathKinds = ['direct', 'relayed', 'none'] as const
export type PathKind = (typeof pathKinds)[number]

const trialKinds = ['public', 'lan', 'relay'] as const
const trialOutcomes = [
  'connected',
  /** Another path was faster. */
  'not-needed',
  /** Nothing came back. */
  'silent',
  'refused',
  /** No network leads there. */
  'no-route',
  'wrong-peer',
  /** The node does not have them. */
  'away',
  'failed',
] as const
/** One dial of the last attempt. */
export interface Trial {
  kind: (typeof trialKinds)[number]
  outcome: (typeof trialOutcomes)[number]
}

/** How a peer is reached right now, and why not better. */
export interface ConnectionInfo {
  path: PathKind
  transport?: 'tcp' | 'websocket'
  /** The multiaddr of the other end, or of the circuit. */
  address?: string
  /** PeerId of the node that carries a relayed connection. */
  via?: string
  rttMs?: number
  /** Milliseconds since the epoch. */
  since?: number
  /** One plain sentence. */
  reason: string
  /** How the dials of the last attempt ended, the direct ones first. */
  tried: Trial[]
  /** One plain sentence: what stopped a better path, and what would help. */
  advice?: string
}

export interface NodeState {
  address: string
  /** PeerId. */
  peer: string
  state: 'connected' | 'connecting' | 'unreachable'
  /** The node carries relayed conversations for us. */
  reserved: boolean
  rttMs?: number
}

export type PeerEvent =
  | { event: 'ready'; data: { peer: string; name: string; version: string } }
  | { event: 'node-state'; data: NodeState }
  | { event: 'friend-request'; data: Friend }
  | { event: 'friend-changed'; data: Friend }
  | { event: 'path-changed'; data: ConnectionInfo & { peer: string } }
  | { event: 'message-received'; data: Message }
  | { event: 'message-changed'; data: Message }
  | { event: 'typing'; data: { peer: string; active: boolean } }
  | { event: 'warning'; data: ErrorData & { peer?: string } }

/** What happened, without the envelope of `PeerEvent`. */
export type Emit = (event: PeerEvent) => void
