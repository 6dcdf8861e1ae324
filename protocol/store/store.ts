/**
 * The persistent data of a peer. Synchronous on purpose: a transaction is one uninterrupted block, and a receipt can be
 * sent as soon as a call has returned, because its changes are on disk then (WAL + FULL). The one implementation
 * (tables.ts, on SQLite) is opened by sqlite.ts, encrypted on disk, or by memory.ts, for ephemeral peers.
 * Errors: `disk-full` and `not-writable` when the disk refuses; nothing of the failed call is stored.
 */

import type { ErrorData } from '../base/errors.ts'
import type { SealingKeyInfo } from '../wire/sealing-key.ts'
import type { GroupStore } from './group-store.ts'
import type { MailStore } from './mail-store.ts'
import type { Message, MessageContent } from './message.ts'
import type { SettingKey } from './setting-key.ts'
import type { TransferSummary } from './transfer-summary.ts'

export type { Message, MessageContent, MessageState } from './message.ts'

export type FriendState = 'requested' | 'incoming' | 'friend' | 'blocked' | 'removed'

export interface FriendRow {
  /** PeerId. */
  peer: string
  name: string
  handle?: string
  state: FriendState
  note?: string
  verified: boolean
  /** The request had a valid invite token: it does not count against the queue of strangers. */
  invited: boolean
  /** Milliseconds since the epoch. */
  addedAt: number
  lastSeen?: number
  /** Multiaddrs of the peer's nodes, and its own addresses, as it last announced them. */
  nodes: string[]
  addresses: string[]
  sealingKey?: SealingKeyInfo
  /** When the person was last told of their request, and when it was last declined. */
  rangAt?: number
  declinedAt?: number
  /** Blocked: what they were before, and are again once they are unblocked. */
  blockedAs?: 'friend' | 'incoming'
  /**
   * When this peer asked them, while they have not answered: in state `requested`, or in state `friend` if they may
   * have removed this peer.
   */
  askedAt?: number
  /** Highest envelope sequence accepted from this peer, and last one used towards it. */
  heardSequence: number
  spokenSequence: number
  /** Highest sequence of a directory record accepted for this peer: an older one is refused. */
  recordSequence: number
}

/** A sealing key with both halves of each of its two keys. */
export interface SealingKeyRow {
  /** X25519. */
  publicKey: Uint8Array
  secretKey: Uint8Array
  /** X-Wing; none until it is made (identity/sealing.ts). */
  hybrid?: { publicKey: Uint8Array; seed: Uint8Array }
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

/** The signed content of an envelope that waits for delivery to a node or to the peer. It is sealed when it is sent. */
export interface EnvelopeRow {
  id: number
  /** PeerId of the recipient. At most one row for each recipient and kind: a newer one replaces it. */
  to: string
  kind: 'request' | 'answer' | 'refusal' | 'stand'
  /** Wire form of `Signed` (domain "quorum-envelope"). */
  content: Uint8Array
  /** When a node last accepted it, milliseconds since the epoch; absent: never. */
  deliveredAt?: number
}

/** Messages before or after those with these ids, exclusive. */
interface MessageRange {
  before?: string | undefined
  after?: string | undefined
}

/** Transfers before or after those with these ids, exclusive; of one friend, or that are over. */
export interface TransferRange {
  peer?: string | undefined
  before?: string | undefined
  after?: string | undefined
  over?: boolean
}

/** The position of a conversation. Sequences are 0 before the first message. */
export interface Conversation {
  peer: string
  /** Highest sequence assigned to an own message. */
  queued: number
  /** Highest own sequence that may have been sent, and the hash of its body (empty at 0). */
  sent: number
  sentHash: Uint8Array
  /**
   * Highest own sequence on the friend's disk, and read by the friend; the hash of the body at `delivered`, which may
   * be missing here: empty at 0, and where an earlier version stored none.
   */
  delivered: number
  deliveredHash: Uint8Array
  readByThem: number
  /** Highest sequence of the friend on this disk, and the hash of its body (empty at 0). */
  received: number
  receivedHash: Uint8Array
  readByMe: number
  /**
   * Bytes of the friend's messages that count against its allowance, and the time of that count in milliseconds since
   * the epoch (chat/intake.ts).
   */
  taken: number
  takenAt: number
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
  /** Of an offer, whose content is stored with the transfer: the paths of its first files, for the search. */
  files?: readonly string[] | undefined
  /** It was recalled before it was sent: stored for the chain of hashes, never shown or returned. */
  recalled: boolean
}

/** An own message that is to be sent, with the hash of its body once it was sent. */
export interface OutgoingMessage extends Message {
  hash?: Uint8Array
  content?: MessageContent
}

/** A transfer as stored; its public form, `Transfer`, is derived in file/progress.ts. */
export interface TransferRow {
  /** Transfers are ordered by it: the order in which they were added. */
  position: number
  /** UUID. */
  id: string
  /** PeerId of the friend. */
  peer: string
  direction: 'in' | 'out'
  state: 'offered' | 'accepted' | 'done' | 'declined' | 'cancelled' | 'failed'
  pausedByMe: boolean
  pausedByThem: boolean
  /** Id of the message that offered it. */
  message: string
  /** Milliseconds since the epoch. */
  offeredAt: number
  /** Entries of its manifest; 0 while `summary` is absent. */
  entries: number
  /** What callers see of its files. Absent from transfers that an older version stored. */
  summary?: TransferSummary
  /** In: the folder to put it in. */
  directory?: string
  savedTo?: string
  /** Bytes on the receiver's disk, in the order of the manifest. */
  doneBytes: number
  error?: ErrorData
}

/** What may be long of a transfer, and is read only where it is needed. */
export interface TransferDetails {
  /** Wire form of the offer; empty where nothing of it is needed any more. */
  offer: Uint8Array
  /** Out: the path of each root of the manifest on this machine; roots are numbered as they first appear in it. */
  sources?: string[]
  /** In: the name of each root there, stored before it is put there; empty: not yet. */
  places: string[]
  /** Entries of the manifest that do not arrive, although the others do; ascending. */
  missing?: readonly number[]
}

export type TransferChanges = Partial<
  Pick<
    TransferRow & TransferDetails,
    | 'state'
    | 'pausedByMe'
    | 'pausedByThem'
    | 'directory'
    | 'places'
    | 'savedTo'
    | 'doneBytes'
    | 'missing'
    | 'entries'
    | 'summary'
  >
> & { error?: ErrorData | undefined }

/** Offers that wait for an answer: how many, their entries in all, and those of the largest one. */
export interface Unanswered {
  offers: number
  entries: number
  largest: number
}

export interface StoreCopy {
  /** Path. */
  file: string
  key: Buffer
}

export interface Store extends MailStore, GroupStore {
  /** Runs `work` as one transaction; nested calls join the outer one. A throw rolls everything back. */
  transaction<T>(work: () => T): T
  close(): void
  /** Closes it, and removes its files for good. */
  erase(): void

  /**
   * Runs `use` with a consistent copy of this store, of now, in a file of its own under the same key, and destroys it
   * afterwards. Errors: `bad-request` if the store is only in memory, `disk-full`, `not-writable`, `cancelled` if the
   * store was closed meanwhile.
   */
  withCopy<T>(use: (copy: StoreCopy) => Promise<T>): Promise<T>

  setting(key: SettingKey): Uint8Array | undefined
  setSetting(key: SettingKey, value: Uint8Array | undefined): void

  friends(): FriendRow[]
  friend(peer: string): FriendRow | undefined
  putFriend(row: FriendRow): void
  /** Deletes the row; messages stay. */
  deleteFriend(peer: string): void

  /** Newest first. */
  sealingKeys(): SealingKeyRow[]
  putSealingKey(row: SealingKeyRow): void
  /** Deletes those created before that time; returns how many. Freed pages are overwritten (secure_delete). */
  destroySealingKeys(createdBefore: number): number

  invites(): InviteRow[]
  invite(token: Uint8Array): InviteRow | undefined
  /** Inserts or replaces by token. */
  putInvite(row: InviteRow): void
  deleteInvite(token: Uint8Array): void

  /** Envelopes that wait for delivery, in order of id. */
  envelopes(): EnvelopeRow[]
  /** Replaces the row with the same recipient and kind. */
  putEnvelope(row: Omit<EnvelopeRow, 'id'>): EnvelopeRow
  deleteEnvelope(id: number): void

  /** All zero before the first message. */
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
   * These own messages are about to be sent: stores the hash of each body, changes `queued` to `sent` (recalled stays
   * recalled) and advances `sent`. Returns the shown messages whose state changed, as the next calls do. Sequences
   * ascend from `sent` + 1.
   */
  markSent(peer: string, bodies: { seq: number; hash: Uint8Array }[]): Message[]
  /** A receipt of the friend; an older one changes nothing. Returns the messages whose state changed, in order. */
  markDelivered(peer: string, upTo: number): Message[]
  markReadByThem(peer: string, upTo: number): Message[]
  /**
   * The friend holds own messages up to `received`, with `hash`, that are others than here after sequence `agreed`.
   * Those up to there are delivered; all after them are numbered anew behind `received`, in order, to be sent once
   * more: what was sent counts as sent, and has no hash until it leaves again. Returns the shown messages that changed.
   */
  adopt(peer: string, held: { received: number; hash: Uint8Array; agreed: number }): Message[]
  /**
   * The friend holds own messages only up to `received`, fewer than were delivered: the others are `sent` again, and
   * keep sequence and hash. Returns the shown messages that changed.
   */
  rewind(peer: string, received: number, hash: Uint8Array): Message[]
  /** Changes a queued message to `recalled` and erases its text. `undefined` if it is unknown or not queued. */
  recall(id: string): Message | undefined

  /**
   * Appends a received message and returns it (state `delivered`). Errors: `verification-failed` unless it is the next.
   */
  receiveMessage(peer: string, message: ReceivedMessage): Message
  /** The friend's message with this id, if it was received, recalled ones included: those have no text. */
  receivedWithId(peer: string, id: string): { text: string; recalled: boolean } | undefined
  /** Stores the count of what was taken of the friend's messages. */
  setTaken(peer: string, allowance: Pick<Conversation, 'taken' | 'takenAt'>): void
  /** Bytes on the disk of the store: infinite where there is none, or where it does not say. */
  space(): { free: number; total: number }
  /** The friend's messages up to sequence `upTo` are read. Returns the messages whose state changed. */
  markReadByMe(peer: string, upTo: number): Message[]

  /** Those that are not over, in the order they were added. */
  openTransfers(peer?: string): TransferRow[]
  /** Received ones of that friend that are accepted, in the same order. */
  acceptedTransfers(peer: string): TransferRow[]
  /**
   * At most `limit` transfers in the order they were added: the newest of all, or of those before transfer `before`;
   * with `after`, the oldest of those after that one. `over`: only those that are over. None if such an id is unknown.
   */
  transfers(limit: number, range?: TransferRange): TransferRow[]
  /** The offers of that friend that wait for an answer. */
  unanswered(peer: string): Unanswered
  transfer(id: string): TransferRow | undefined
  transferDetails(id: string): TransferDetails | undefined
  addTransfer(row: Omit<TransferRow, 'position'> & TransferDetails): void
  /** Changes the given fields; `error: undefined` removes the error. */
  updateTransfer(id: string, changes: TransferChanges): void
  /**
   * A received transfer is over, and nothing of it is here: its offer and manifest are removed. Of such transfers of
   * that friend only the newest `kept` stay.
   */
  emptyTransfer(id: string, kept: number): void
  /**
   * Wire form of the manifest, if the offer does not contain all of it and it has been fetched: its length in bytes, 0
   * if it is not here, and its parts, from 0.
   */
  manifestLength(transfer: string): number
  manifestPart(transfer: string, part: number): Uint8Array | undefined
  putManifest(transfer: string, manifest: Uint8Array): void

  message(id: string): Message | undefined
  /**
   * At most `limit` messages of a conversation, newest last: the newest of all, or of those shown before message
   * `before`; with `after`, the oldest of those after that one. None if such an id is not of this conversation. In the
   * order they were added here, which preserves each sender's sequence. Recalled own messages are included, recalled
   * ones of the friend never.
   */
  messages(peer: string, limit: number, range?: MessageRange): Message[]
  /**
   * The messages with all of the words and phrases of `text` (base/folded-text.ts), in their first 4,096 characters or
   * in the names of the files that they offer; newest first. Words of three characters or more use an index, a search
   * without any reads all messages.
   */
  search(text: string, limit: number, peer?: string): Message[]
  /**
   * Prepares up to `count` messages of an older version for the search. Until all are, of these it finds only what is
   * typed as it was written. False if nothing is left to do.
   */
  foldOlder(count: number): boolean
}
