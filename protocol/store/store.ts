/**
 * What a peer remembers. Synchronous on purpose: a transaction is one uninterrupted block, and "delivered" can be
 * said right after a call returns, because a call that returned is on disk (WAL + FULL).
 * Two implementations: memory.ts (ephemeral peers, tests) and sqlite.ts (encrypted). Both pass the same tests.
 * Errors: `disk-full` and `not-writable` when the disk refuses; nothing of the failed call is kept.
 */

import type { ErrorData } from '../base/errors.ts'
import type { SealingKeyInfo } from '../wire/sealing-key.ts'

const friendStates = ['requested', 'incoming', 'friend', 'blocked', 'removed'] as const
export type FriendState = (typeof friendStates)[number]

export interface FriendRow {
  /** PeerId. */
  peer: string
  name: string
  handle?: string
  state: FriendState
  note?: string
  verified: boolean
  /** The request came with a valid invite token: it does not count against the strangers' queue. */
  invited: boolean
  /** Milliseconds since the epoch. */
  addedAt: number
  lastSeen?: number
  /** Multiaddrs of nodes that reach this peer, and its own addresses, as it last told them. */
  nodes: string[]
  addresses: string[]
  sealingKey?: SealingKeyInfo
  /** Highest envelope sequence accepted from this peer, and last one used towards it. */
  heardSequence: number
  spokenSequence: number
  /** Highest sequence of a directory record accepted for this peer: an older one is refused. */
  recordSequence: number
}

export interface SealingKeyRow {
  publicKey: Uint8Array
  secretKey: Uint8Array
  /** Milliseconds since the epoch. */
  createdAt: number
}

export interface InviteRow {
  /** 16 random bytes. */
  token: Uint8Array
  link: string
  code: string
  once: boolean
  /** Milliseconds since the epoch. */
  createdAt: number
  expiresAt: number
  /** PeerId of the first peer that used it. */
  usedBy?: string
}

/** An envelope's signed content that waits for a node (or the peer) to take it. Sealed only when it goes. */
export interface MailRow {
  id: number
  /** PeerId of the recipient. At most one row for each recipient and kind: a newer one replaces it. */
  to: string
  kind: 'request' | 'answer' | 'refusal'
  /** Wire form of `Signed` (domain "quorum-envelope"). */
  content: Uint8Array
  /** When a node last took it, milliseconds since the epoch; absent: never. */
  deliveredAt?: number
}

const messageStates = ['queued', 'sent', 'delivered', 'read', 'recalled'] as const
export type MessageState = (typeof messageStates)[number]

/** A message as callers see it. Times are milliseconds since the epoch. */
export interface Message {
  /** UUID v7. */
  id: string
  /** The friend's PeerId. */
  peer: string
  direction: 'in' | 'out'
  text: string
  /** By the sender's clock: shown, never used to order. */
  sentAt: number
  receivedAt?: number
  state: MessageState
  replyTo?: string
  transfer?: string
  /** Position in the sender's sequence, from 1. */
  seq: number
}

/** Where a conversation stands. Sequences are 0 before the first message. */
/** Which of them: message ids, themselves not among those that are meant. */
interface MessageRange {
  before?: string | undefined
  after?: string | undefined
}

export interface Conversation {
  peer: string
  /** Highest sequence given to an own message. */
  queued: number
  /** Highest own sequence that may have left this machine, and the hash of its body (empty at 0). */
  sent: number
  sentHash: Uint8Array
  /** Highest own sequence on the friend's disk, and read by the friend. */
  delivered: number
  readByThem: number
  /** Highest sequence of theirs on our disk, and the hash of its body (empty at 0). */
  received: number
  receivedHash: Uint8Array
  readByMe: number
}

/** What a message carries besides text: an offer of files, shown with its note as text, or news, never shown. */
export interface MessageContent {
  kind: 'offer' | 'news'
  /** Wire form (wire/offer.ts): a body made again must hash as before. */
  bytes: Uint8Array
}

export interface Draft {
  id: string
  text: string
  sentAt: number
  replyTo?: string
  /** Id of the transfer that `content` is about. */
  transfer?: string
  content?: MessageContent
}

export interface ReceivedMessage extends Draft {
  seq: number
  receivedAt: number
  /** BLAKE2b-256 of the body. */
  hash: Uint8Array
  /** It was recalled before it left: stored to keep the chain, never shown or returned. */
  recalled: boolean
}

/** Own message on its way, with the hash of its body once it was first sent. */
export interface OutgoingMessage extends Message {
  hash?: Uint8Array
  content?: MessageContent
}

const transferStages = ['offered', 'accepted', 'done', 'declined', 'cancelled', 'failed'] as const

/** A transfer as it is remembered: what callers see of it is made in file.ts. */
export interface TransferRow {
  /** UUID. */
  id: string
  /** PeerId of the friend. */
  peer: string
  direction: 'in' | 'out'
  state: (typeof transferStages)[number]
  pausedByMe: boolean
  pausedByThem: boolean
  /** Id of the message that offered it. */
  message: string
  /** Milliseconds since the epoch. */
  offeredAt: number
  /** Wire form of the offer. */
  offer: Uint8Array
  /** Out: where each root of the manifest lies on this machine; roots are numbered as they first appear in it. */
  sources?: string[]
  /** In: where it goes. */
  directory?: string
  /** In: the name each root gets there, written before it is put there; empty: not yet. */
  places: string[]
  savedTo?: string
  /** Bytes on the receiver's disk, in the order of the manifest. */
  doneBytes: number
  error?: ErrorData
}

export type TransferChanges = Partial<
  Pick<TransferRow, 'state' | 'pausedByMe' | 'pausedByThem' | 'directory' | 'places' | 'savedTo' | 'doneBytes'>
> & { error?: ErrorData | undefined }

const settingKeys = ['seed', 'name', 'handle', 'nodes', 'port', 'record-sequence'] as const
export type SettingKey = (typeof settingKeys)[number]

export interface Store {
  /** Runs `work` as one transaction; nested calls join the outer one. A throw rolls everything back. */
  transaction<T>(work: () => T): T
  close(): void

  setting(key: SettingKey): Uint8Array | undefined
  setSetting(key: SettingKey, value: Uint8Array | undefined): void

  friends(): FriendRow[]
  friend(peer: string): FriendRow | undefined
  putFriend(row: FriendRow): void
  /** Forgets the row; what was said stays. */
  deleteFriend(peer: string): void

  /** Newest first. */
  sealingKeys(): SealingKeyRow[]
  putSealingKey(row: SealingKeyRow): void
  /** Destroys those created before `time`; returns how many. Freed pages are overwritten (secure_delete). */
  destroySealingKeys(createdBefore: number): number

  invites(): InviteRow[]
  invite(token: Uint8Array): InviteRow | undefined
  /** Inserts or replaces by token. */
  putInvite(row: InviteRow): void
  deleteInvite(token: Uint8Array): void

  /** In order of id. */
  mail(): MailRow[]
  /** Replaces the row with the same recipient and kind. */
  putMail(row: Omit<MailRow, 'id'>): MailRow
  deleteMail(id: number): void

  /** All zero when nothing was said yet. */
  conversation(peer: string): Conversation
  /** Number of shown messages from `peer` that are not read. */
  unread(peer: string): number

  /** Appends an own message with the next sequence, state `queued`. */
  queueMessage(peer: string, draft: Draft): Message
  /**
   * Own messages with sequence > `after`, in order, at most `limit`, recalled ones included (their text is empty).
   */
  outgoing(peer: string, after: number, limit: number): OutgoingMessage[]
  /** Hash of an own or received body, if that sequence has one. */
  bodyHash(peer: string, direction: 'in' | 'out', seq: number): Uint8Array | undefined
  /**
   * These own messages are about to leave: remembers each body's hash, turns `queued` into `sent` (recalled stays
   * recalled) and advances `sent`. Returns the shown messages whose state changed, as the others below do. Sequences
   * ascend from `sent` + 1.
   */
  markSent(peer: string, bodies: { seq: number; hash: Uint8Array }[]): Message[]
  /** Receipts from the friend; never goes back. Returns the messages whose state changed, in order. */
  markDelivered(peer: string, upTo: number): Message[]
  markReadByThem(peer: string, upTo: number): Message[]
  /**
   * The friend says it already holds `seq` of ours with `hash`, more than we know of (our store was rolled back):
   * continue after it. Queued messages are renumbered to follow, in order.
   */
  continueAfter(peer: string, seq: number, hash: Uint8Array): void
  /** Turns a queued message into `recalled` and erases its text. `undefined` if it is unknown or not queued. */
  recall(id: string): Message | undefined

  /** Appends a received message and returns it (state `delivered`). Errors: `verification-failed` unless it is the next. */
  receiveMessage(peer: string, message: ReceivedMessage): Message
  /** We read up to their sequence `upTo`. Returns the messages whose state changed. */
  markReadByMe(peer: string, upTo: number): Message[]

  /** In the order they were added; `open`: only those with which something can still happen. */
  transfers(peer?: string, open?: 'open'): TransferRow[]
  /** How many offers of that friend nobody has answered. */
  offersFrom(peer: string): number
  transfer(id: string): TransferRow | undefined
  addTransfer(row: TransferRow): void
  /** Changes what is named; `error: undefined` takes it away. */
  updateTransfer(id: string, changes: TransferChanges): void
  /** Wire form of the manifest, where the offer does not hold all of it and it is known. */
  transferManifest(id: string): Uint8Array | undefined
  putTransferManifest(id: string, manifest: Uint8Array): void

  message(id: string): Message | undefined
  /**
   * At most `limit` messages of a conversation, newest last: the newest of all, or of those shown before message
   * `before`; with `after`, the oldest of those after that one. None where such an id is not of this conversation. In
   * the order they were added here, which keeps each sender's sequence. Recalled own messages are included, recalled
   * ones of the friend never.
   */
  messages(peer: string, limit: number, range?: MessageRange): Message[]
  /** Full-text search, newest first. Case-insensitive substring of three characters or more; shorter: plain scan. */
  search(text: string, limit: number, peer?: string): Message[]
}
