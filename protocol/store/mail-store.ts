/**
 * What a store keeps of parcels: where this peer and a friend stand, the one-time keys of both, the parcels that are on
 * their way to the friend, and those that came. What is done with them is decided in chat/.
 */
import type { Message } from './message.ts'

/** What this peer and a friend have told each other. Numbers are 0 and bytes are empty until something was told. */
export interface WordRow {
  /** PeerId. */
  peer: string
  /** Of the last hello or parcel to them, and the largest of theirs that was counted. */
  number: number
  counted: number
  /** What they understand. */
  features: number[]
  /** Given to them, and given by them: 32 bytes each. */
  ticket: Uint8Array
  theirTicket: Uint8Array
  /** Of the keys given to them (8 bytes), and the number of the next one. */
  era: Uint8Array
  nextKey: number
  /** How many of these they have, and the largest number that they got, by their newest word. */
  keysHeld: number
  keysTop: number
  /** Of the keys given by them: their era, and the largest number that came. */
  theirEra: Uint8Array
  top: number
  /** The first of the keys that an older copy of this store used or lost, which count as needed until then (ms). */
  floor: number
  floorUntil: number
  /** They are owed a parcel, even if it has no message. */
  owed: boolean
  /** Ids of their parcels that did not open, to be told to them; and whether some wait for what comes before them. */
  unopened: Uint8Array[]
  hole: boolean
  /** When they were last told in an envelope where this peer stands, of itself and as an answer; 0: never. */
  stoodAt: number
  answeredAt: number
  /** Number of the newest word that came from them in an envelope. */
  stoodNumber: number
}

/** A key given to a friend, whose private half is here. */
export interface GivenKey {
  era: Uint8Array
  number: number
  /** identity/hpke.ts, `keyIdOf`. */
  keyId: Uint8Array
  /** 32 bytes: the private half. */
  seed: Uint8Array
  /** Milliseconds since the epoch, as the following times. */
  createdAt: number
}

/** A key given by a friend. */
export interface HeldKey {
  number: number
  publicKey: Uint8Array
  receivedAt: number
}

/** A parcel that was sealed for a friend and is not done with. */
export interface ParcelRow {
  /** 16 bytes. */
  id: Uint8Array
  peer: string
  /** Sequences of the messages in it: 0 where there is none. */
  first: number
  upTo: number
  /** Of the one-time key; 0: sealed to their weekly key. */
  keyNumber: number
  bytes: number
  /** When it was last brought to their nodes. */
  leftAt: number
  /** They could not open it, or hold something else: it is withdrawn, and what is in it sealed anew. */
  anew: boolean
}

/** A parcel that came before. */
export interface KnownParcel {
  id: Uint8Array
  peer: string
  /** It had messages, it had none, it did not open, or it waits for what comes before it and the friend was told so. */
  kind: 'messages' | 'bare' | 'shut' | 'hole'
  /** When it came, and when it was last answered. */
  at: number
  toldAt: number
}

export interface MailStore {
  word(peer: string): WordRow
  putWord(row: WordRow): void
  /** Peers with messages that are not delivered, with a word that is owed, or with parcels on their way. */
  peersWithMail(): string[]
  /** Peers to which keys were given before that time. */
  peersWithKeysBefore(createdAt: number): string[]
  /** Of all peers to which a ticket was given. */
  ticketsGiven(): { peer: string; ticket: Uint8Array }[]

  /** In the order of their numbers, of every era. */
  givenKeys(peer: string): GivenKey[]
  givenKey(peer: string, keyId: Uint8Array): GivenKey | undefined
  addGivenKeys(peer: string, keys: readonly GivenKey[]): void
  /** They are overwritten on the disk. */
  destroyGivenKeys(peer: string, keys: readonly Pick<GivenKey, 'keyId'>[]): void

  /** In the order of their numbers. */
  heldKeys(peer: string): HeldKey[]
  addHeldKeys(peer: string, keys: readonly HeldKey[]): void
  dropHeldKeys(peer: string, keys: readonly Pick<HeldKey, 'number'>[]): void

  /** Those on their way to a friend, in the order in which they were sealed. */
  parcelsFor(peer: string): ParcelRow[]
  sealedParcel(id: Uint8Array): Uint8Array | undefined
  addParcel(row: ParcelRow, sealed: Uint8Array): void
  updateParcel(id: Uint8Array, changes: Partial<Pick<ParcelRow, 'leftAt' | 'anew'>>): void
  deleteParcel(id: Uint8Array): void

  knownParcel(id: Uint8Array): KnownParcel | undefined
  putKnownParcel(row: KnownParcel): void
  /** Of a friend only the newest `kept` stay, and none that came before `before`. */
  forgetParcels(peer: string, before: number, kept: number): void

  /**
   * A node holds the own messages `first` to `upTo` for that friend since `leftAt`; undefined: none does any more.
   * Returns the shown messages that changed.
   */
  markLeft(peer: string, range: Pick<ParcelRow, 'first' | 'upTo'>, leftAt: number | undefined): Message[]

  /** Nothing of the above is kept about that peer. */
  forgetMail(peer: string): void
}
