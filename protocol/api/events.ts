/** Everything that can happen to a peer, as one union. Events report finished facts and never command. */
import type { ErrorData } from '../base/errors.ts'
import type { Privacy } from './privacy.ts'
import type { FriendState, Message } from '../store/store.ts'

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

/** One dial of the last attempt, or one hole punch: all its rounds. */
export interface DialAttempt {
  kind: 'public' | 'lan' | 'relay' | 'punch'
  outcome:
    | 'connected'
    /** Another path was faster. */
    | 'not-needed'
    /** Nothing came back. */
    | 'silent'
    | 'refused'
    /** No network leads there. */
    | 'no-route'
    | 'wrong-peer'
    /** The node has no connection to that peer. */
    | 'away'
    | 'failed'
}

/** What stops a better path; the sentences are in api/advice.ts. */
export type AdviceCode =
  | 'node-refuses'
  /** The node connects us to somebody else. */
  | 'node-misleads'
  | 'direct-only'
  | 'no-node'
  | 'away'
  | 'direct-off'
  | 'unverified'
  /** Somebody else answers at their address. */
  | 'moved'
  | 'silent'
  | 'refused'
  | 'no-route'
  | 'no-address'
  /** The node limits how much a connection carries. */
  | 'limited'

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
  /** The node ends the connection after so much more, both ways together; then another one is made. Seconds are rough. */
  limited?: { bytes?: number; seconds?: number }
  /** One plain sentence. */
  reason: string
  /** How the dials of the last attempt ended, the direct ones first. */
  tried: DialAttempt[]
  /** One plain sentence: what stopped a better path, and what would help. */
  advice?: string
  /** What `advice` is about. */
  adviceCode?: AdviceCode
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

const transferStates = [
  /** Nobody has decided yet. */
  'offered',
  /** Accepted, and nothing moves at the moment: the friend is away, or other transfers go first. */
  'waiting',
  'active',
  'paused',
  'done',
  'declined',
  'cancelled',
  'failed',
] as const
export type TransferState = (typeof transferStates)[number]

/** What a person should know about a file before they open it, from its name alone (file/name-risk.ts). */
export type FileRisk =
  /** A program or a script: opening it runs it. */
  | 'program'
  /** Opening it starts something else, which its name and icon hide. */
  | 'launcher'
  /** One of the two, and it pretends to be something else. */
  | 'disguised'
  /** Its name has characters that are not seen, or that change the order of the others. */
  | 'hidden'

/** One file of a transfer. A folder with nothing in it is listed too: its path ends with a slash. */
export interface TransferFile {
  /** Relative, components separated by slashes, as the sender named it. Foreign text: never a path to open. */
  path: string
  /** Bytes, and how many of them the receiver has on its disk. */
  size: number
  done: number
  /** What a person should know about its name before they open it; only of what a friend offers. */
  risk?: FileRisk
}

/** Files offered to a friend or by one. Times are milliseconds since the epoch, sizes bytes. */
export interface Transfer {
  /** UUID. */
  id: string
  /** The friend's PeerId. */
  peer: string
  direction: 'in' | 'out'
  state: TransferState
  /** What a person would call it: the file, the folder, or the first of several. Foreign text. */
  name: string
  note?: string
  /** How many files and empty folders there are; `files` may have only the first of them until it is accepted. */
  count: number
  files: TransferFile[]
  bytes: number
  doneBytes: number
  /** Smoothed; 0 while nothing moves. */
  bytesPerSecond: number
  /** Absent while nothing moves or nobody can tell. */
  etaSeconds?: number
  offeredAt: number
  /** Who paused it, while `paused`; also on an offer that is not to be begun yet. */
  pausedBy?: 'me' | 'them' | 'both'
  /** Received, and where: the file, the folder, or the directory of several. */
  savedTo?: string
  /** Why it failed, or what keeps it from going on. `disk-full` and `not-writable` can be resumed. */
  error?: ErrorData
  /** One plain sentence: what would make it faster. */
  advice?: string
  /** What `advice` is about. */
  adviceCode?: AdviceCode
}

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

/** What happened, without the envelope of `PeerEvent`. */
export type Emit = (event: PeerEvent) => void
