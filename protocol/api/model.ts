/**
 * The public types of a peer: what calls return and events carry. All of it is plain data that `structuredClone`
 * copies. PeerIds and multiaddrs are strings, times are milliseconds since the epoch, sizes bytes.
 */
import type { ErrorData } from '../base/errors.ts'
import type { FriendState } from '../store/store.ts'
import type { FileRisk, FileRisks, MissingFile } from '../store/transfer-summary.ts'

export type { FriendState, Message, MessageState } from '../store/store.ts'
export type { FileRisk, FileRisks, MissingFile, MissingReason } from '../store/transfer-summary.ts'

/** A friend, a friend request or a blocked peer. */
export interface Friend {
  /** PeerId. */
  peer: string
  name: string
  handle?: string
  state: FriendState
  /** The note of their friend request (of the own one, while `requested`). */
  note?: string
  /** A person compared the safety number. */
  verified: boolean
  /** A conversation is open right now. */
  online: boolean
  path: PathKind
  addedAt: number
  /** Messages from this friend that are not read here. */
  unread: number
  lastSeen?: number
  /**
   * When this peer asked them for friendship, while they have not answered: with `requested`; with `friend` if they
   * were asked again because they may have removed this peer.
   */
  askedAt?: number
  /**
   * What is written while they are away can be left at their nodes: they have given a ticket for it, and `direct` lets
   * this peer connect to one of these nodes.
   */
  mailbox?: true
  /** Why nothing more of what they write is taken for now. It waits on their side; `receiveMore` takes it. */
  held?: HeldReason
}

/**
 * A group, as this person is in it. `invited`: somebody asks them in; with `joining` they have agreed, and are not
 * added yet. `left` and `removed`: they are out. `frozen`: they are in, and nobody is left who could add or remove
 * anybody.
 */
export interface Group {
  /** 64 hexadecimal digits. */
  group: string
  name: string
  state: 'invited' | 'member' | 'left' | 'removed' | 'frozen'
  joining?: true
  /** Of this person: 0 for none, 1 for the most senior admin. The founder stands above, and has none. */
  rank: number
  /** PeerId; empty while it is not known. */
  founder: string
  /** The founder first, then admins by rank, then the others by name. */
  members: GroupMember[]
  /** Who has invited this person (PeerId), as whom, while `invited`. */
  invitedBy?: string
  /** What the invitation says of who is in. Names are foreign text. */
  invitation?: { members: readonly string[]; count: number }
  /** Who has removed this person, if somebody did. */
  removedBy?: string
  unread: number
  muted: boolean
  createdAt: number
  /** It grows when messages that were shown no longer are, or are again: what was read of them is to be read anew. */
  history: number
}

export interface GroupMember {
  /** PeerId. */
  peer: string
  name: string
  rank: number
  /** Something can be said to them right now. */
  online: boolean
  /** They are a friend, too. */
  friend: boolean
}

/** Whom a text means, before anybody is asked (call `recipient`). */
export type RecipientInfo =
  | {
      kind: 'invite'
      /** PeerId of the author, who signed the invite. */
      peer: string
      /** The name that the author chose. */
      name: string
      expired: boolean
      /** What the author is here already; `self`: the invite is the own one. */
      known?: FriendState | 'self'
    }
  | { kind: 'peer'; peer: string; known?: FriendState | 'self' }
  /**
   * `needsNode`: there is no node to ask for it. A code is asked for in the local network, too, if `lan` says so: then
   * it needs no node.
   */
  | { kind: 'code'; needsNode: boolean; lan: boolean }
  | { kind: 'handle'; handle: string; needsNode: boolean }

/** An unfinished message. */
export interface MessageDraft {
  /** The friend's PeerId. */
  peer: string
  /** At most `limits.messageText` characters. */
  text: string
  /** Id of the message that it replies to. */
  replyTo?: string | undefined
}

/** Files and folders that were chosen for an unfinished message. */
export interface DraftFiles {
  /** The friend's PeerId. */
  peer: string
  /** Absolute paths on this machine. */
  paths: string[]
}

export type HeldReason =
  /** They sent more within a day than a person writes. */
  | 'too-much'
  /** The disk of the profile is nearly full. */
  | 'disk-full'

export type PathKind = 'direct' | 'relayed' | 'none'

/** One dial of the last attempt, or one hole punch with all its rounds. */
export interface DialAttempt {
  kind: 'public' | 'lan' | 'relay' | 'punch'
  outcome:
    | 'connected'
    /** Another path was faster. */
    | 'not-needed'
    /** No answer came. */
    | 'silent'
    | 'refused'
    /** No network leads to that address. */
    | 'no-route'
    | 'wrong-peer'
    /** The node has no connection to the peer. */
    | 'away'
    | 'failed'
}

/** What prevents a better path: the advice as a code to translate. */
export type AdviceCode =
  | 'node-refuses'
  /** The node connects to another peer than the one asked for. */
  | 'node-misleads'
  | 'direct-only'
  | 'no-node'
  /** No own node has a place for this peer. */
  | 'node-full'
  /** The operator of the own nodes lets others use them, not this peer. */
  | 'not-admitted'
  /** They use nodes that are none of ours, and the privacy choices allow no connection to those. */
  | 'foreign-node'
  | 'away'
  | 'direct-off'
  | 'unverified'
  /** Another peer answers at their address. */
  | 'moved'
  | 'silent'
  | 'refused'
  | 'no-route'
  | 'no-address'
  /** The node limits the data or the time of a relayed connection. */
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
  since?: number
  /**
   * What is left until the node ends the connection, both directions together; then a new one is made. Seconds are
   * rough.
   */
  limited?: { bytes?: number; seconds?: number }
  /** One plain sentence. */
  reason: string
  /** How the dials of the last attempt ended, the direct ones first. */
  tried: DialAttempt[]
  /** One plain sentence: what prevents a better path, and what would help. */
  advice?: string
  /** What `advice` is about. */
  adviceCode?: AdviceCode
}

/** Why a node is not reached: what happened at the address that tells most. */
export type NodeProblem =
  /** The operator of the node does not let this peer use it. */
  | 'not-admitted'
  /** Another identity answers there. */
  | 'wrong-peer'
  /** It speaks Quorum's protocols, but not those of a node. */
  | 'not-a-node'
  /** The certificate of a `/tls/ws` address is not valid. */
  | 'certificate'
  /** It answers, but not as a WebSocket. */
  | 'no-websocket'
  /** A web server answers to plain TCP: a WebSocket needs `/ws` or `/tls/ws` in the address. */
  | 'web'
  | 'ssh'
  | 'other-service'
  /** It ends each connection at once. */
  | 'closed'
  | 'refused'
  | 'unknown-name'
  | 'no-route'
  | 'silent'
  | 'failed'

/** A refusal in the node's own words, which lasts: it is asked again after minutes. */
export type NodeRefusal = 'node-full' | 'not-admitted'

export interface NodeState {
  address: string
  /** PeerId. */
  peer: string
  state: 'connected' | 'connecting' | 'unreachable'
  /** The node accepts relayed connections for this peer. */
  reserved: boolean
  /** The node is full: it is tried again at this time, in milliseconds since the epoch. */
  fullUntil?: number
  /** Why the last attempt failed, while `unreachable`. */
  problem?: NodeProblem
  rttMs?: number
}

export type TransferState =
  /** Nobody has decided yet. */
  | 'offered'
  /** Accepted, and nothing is being transferred: the friend is away, or other transfers go first. */
  | 'waiting'
  | 'active'
  | 'paused'
  | 'done'
  | 'declined'
  | 'cancelled'
  | 'failed'

/** One file of a transfer. An empty folder is listed too: its path ends with a slash. */
export interface TransferFile {
  /** Relative, components separated by slashes, as the sender named it. Foreign text: never a path to open. */
  path: string
  /** Bytes, and how many of them the receiver has on its disk. */
  size: number
  done: number
  /** Only of files that a friend offers. */
  risk?: FileRisk
}

/** A file as the call `transferFiles` lists it. */
export interface NumberedFile extends TransferFile {
  /** Its number in the transfer, from 0. */
  file: number
}

/** Files offered to a friend or by one. */
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
  /** Number of files and empty folders. */
  count: number
  /** Files and folders that were chosen; all of them are known when it is accepted. */
  roots: number
  /** The first 100 files, fewer if their paths are long (8 KiB). The call `transferFiles` returns all. */
  files: TransferFile[]
  /** How many files have a risk, also of those that are not in `files`. Only if a friend offers them. */
  risks?: FileRisks
  /**
   * What does not arrive: known from the offer on of what could not be offered, when it is done of what changed since.
   * The first 100 by name, fewer as in `files`; `missingCount` of them in all. The sender can offer them again with
   * `sendMissing`.
   */
  missing?: MissingFile[]
  missingCount?: number
  bytes: number
  doneBytes: number
  /** The file that is being transferred, while `active`. */
  current?: NumberedFile
  /** Smoothed; 0 while nothing is being transferred. */
  bytesPerSecond: number
  /** Absent while nothing is being transferred, and while it cannot be estimated. */
  etaSeconds?: number
  offeredAt: number
  /** Who paused it, while `paused`; also on an offer that is not to start yet. */
  pausedBy?: 'me' | 'them' | 'both'
  /** Of a received transfer: the file, the folder, or the folder of several. */
  savedTo?: string
  /** Why it failed, or what prevents it from continuing. `disk-full` and `not-writable` can be resumed. */
  error?: ErrorData
  /** One plain sentence: what would make it faster. */
  advice?: string
  /** What `advice` is about. */
  adviceCode?: AdviceCode
}
