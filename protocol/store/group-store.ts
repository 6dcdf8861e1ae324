/**
 * What a store keeps of groups: the decisions and the talk of each, with the bytes that their authors signed, what is
 * shown of them, the cards of members and the invitations. What is done with them is decided in group/. Hashes and ids
 * of groups and chains are in hexadecimal digits.
 */
import type { MessageContent } from './message.ts'

/** A place in a chain of talk. */
export interface ChainEnd {
  sequence: number
  /** Of the entry with that sequence; empty at 0. */
  hash: string
}

/**
 * Entries above `above` and up to `end` are missing, and `end.hash` is the hash of the last of them. The piece below
 * begins at `base`.
 */
export interface Hole {
  above: number
  end: ChainEnd
  base: ChainEnd
}

export interface Chain {
  chain: string
  /** Of its entries; undefined until one of them is held. */
  author?: string
  admission?: string
  /** Nothing at or below it is in the piece that is held. */
  base: ChainEnd
  /** Where that piece ends. */
  last: ChainEnd
  /** Two entries have this sequence: the chain ends before it. */
  forkAt?: number
  /** The lowest one first. */
  holes: readonly Hole[]
  /** The last sequence that counts; of those above, nothing is shown. */
  counted: number
}

export interface GroupRow {
  group: string
  /**
   * `joining`: the person has agreed, and the addition has not come yet. `member`: it came, whatever became of it.
   * `deleted`: the person has left, and wants to see nothing more of it.
   */
  state: 'invited' | 'joining' | 'member' | 'deleted'
  /** By the invitation, until the ledger says more. */
  name: string
  /** 16 random bytes of the chain in which this peer speaks; none in a restored profile. */
  mark: Uint8Array
  /** Milliseconds since the epoch. */
  createdAt: number
  muted: boolean
  /** Who has invited this peer, with what: 16 random bytes, and who is in. */
  invitation?: { by: string; invitation: Uint8Array; members: readonly string[]; count: number }
}

/** An invitation that this peer made. */
export interface GroupInvitationRow {
  invitation: Uint8Array
  peer: string
  /** What the new member is given of the history. */
  history: 'none' | 'last' | 'all'
  /** Milliseconds since the epoch. */
  invitedAt: number
  /** They have agreed: wire form of `GroupJoining`. */
  joining?: Uint8Array
}

/** An entry as it is put: what is shown of it stands beside the signed bytes. */
export interface GroupEntryRow {
  hash: string
  author: string
  chain: string
  sequence: number
  lamport: number
  id: string
  /** Milliseconds since the epoch, by the author's clock. */
  time: number
  text: string
  replyTo?: string
  transfer?: string
  content?: MessageContent
  /** Wire form of `Signed`. */
  signed: Uint8Array
  /** When it came, milliseconds since the epoch; absent of an own one. */
  receivedAt?: number
}

/** What is held of an entry, besides what its bytes say. */
export interface HeldEntry {
  hash: string
  signed: Uint8Array
}

/** An entry as it is shown. */
export interface ShownEntry extends Omit<GroupEntryRow, 'signed' | 'content'> {
  /** Its content is of a later version. */
  unknown: boolean
  read: boolean
}

/** A signed card of a member. */
export interface GroupCardRow {
  member: string
  sequence: number
  signed: Uint8Array
}

/** A parcel that waits at a node for a member. */
export interface GroupParcelRow {
  /** 16 bytes. */
  id: Uint8Array
  member: string
  /** It has the own entries up to here, and so many of the decisions, in the order in which they were added. */
  chain: string
  upTo: number
  decisions: number
  /** Of the member, with which it can be withdrawn. */
  ticket: Uint8Array
  /** Milliseconds since the epoch. */
  leftAt: number
}

/**
 * Up to where a member is known to hold a chain of this peer. Of no chain: how many decisions, in the order in which
 * they were added.
 */
export interface SeenRow {
  chain: string
  member: string
  sequence: number
}

/** Entries before or after those with these ids, exclusive. */
interface EntryRange {
  before?: string | undefined
  after?: string | undefined
}

export interface GroupRows {
  groups(): GroupRow[]
  group(group: string): GroupRow | undefined
  putGroup(row: GroupRow): void
  /** With all that is kept of it. */
  deleteGroup(group: string): void

  /** Wire form of `Signed`, in the order in which they were added. */
  groupDecisions(group: string): Uint8Array[]
  addGroupDecision(group: string, hash: string, signed: Uint8Array): void

  groupChains(group: string): Chain[]
  groupChain(group: string, chain: string): Chain | undefined
  /** Where `counted` changes, entries are shown that were not, or no longer. */
  putGroupChain(group: string, chain: Chain): void
  /** With its entries. */
  dropGroupChain(group: string, chain: string): void

  groupCards(group: string): GroupCardRow[]
  putGroupCard(group: string, card: GroupCardRow): void

  groupInvitations(group: string): GroupInvitationRow[]
  /** Replaces the one with that token. */
  putGroupInvitation(group: string, row: GroupInvitationRow): void
  deleteGroupInvitation(group: string, invitation: Uint8Array): void

  groupParcels(group: string): GroupParcelRow[]
  addGroupParcel(group: string, row: GroupParcelRow): void
  deleteGroupParcel(group: string, id: Uint8Array): void

  groupSeen(group: string): SeenRow[]
  putGroupSeen(group: string, row: SeenRow): void
}

export interface GroupEntries {
  /** An entry that is in the piece, or fills a hole. */
  groupEntry(group: string, chain: string, sequence: number): HeldEntry | undefined
  /** Those above `above` and up to `upTo`, in order: at most `most`, and after the first one only `bytes` in all. */
  groupEntries(group: string, chain: string, above: number, upTo: number, most: number, bytes: number): HeldEntry[]
  /** Their sequences and hashes. */
  groupHashes(group: string, chain: string, above: number, upTo: number): ChainEnd[]
  /** Its chain must have been put. Returns whether it is shown: of several with one author and id, the first one is. */
  addGroupEntry(group: string, entry: GroupEntryRow): boolean
  /** The entries from `sequence` on, and `twins`, count no more. */
  setGroupEntriesAside(group: string, chain: string, sequence: number, twins: readonly GroupEntryRow[]): void
  groupEntriesAside(group: string, chain: string): HeldEntry[]
  /** Bytes of what is held of each author, also of what counts no more. */
  groupBytes(group: string): Map<string, number>
  /** An entry of that author with that id counts. */
  groupEntryCounts(group: string, author: string, id: string): boolean
  /** The largest lamport of at most `cap` among entries up to `upTo`; 0 without one. */
  groupLamport(group: string, chain: string, upTo: number, cap: number): number

  /** As `Store.messages`: status updates are not shown. */
  groupMessages(group: string, limit: number, range?: EntryRange): ShownEntry[]
  /** Those of one chain above `above` and up to `upTo`: the last `limit` of them, in order. */
  groupMessagesOf(group: string, chain: string, above: number, upTo: number, limit: number): ShownEntry[]
  /** The first one with that id, if any is shown. */
  groupMessage(group: string, id: string): ShownEntry | undefined
  /** As `Store.search`. */
  searchGroups(text: string, limit: number, group?: string): (ShownEntry & { group: string })[]
  /** Entries of others that are shown and not read. */
  groupUnread(group: string, self: string): number
  /** What is shown up to the entry with that id, or all of it, is read. */
  markGroupRead(group: string, upTo?: string): boolean
}

export type GroupStore = GroupRows & GroupEntries
