/**
 * Parcels on an open database: where this peer and a friend stand, the one-time keys of both, the parcels that are on
 * their way to the friend, and those that came. What is done with them is decided in chat/.
 */
import type { Database } from './database.ts'
import { messageFrom, shown, type MessageColumns } from './messages.ts'
import type { Message } from './store.ts'

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
  /** The first of the keys that an older copy of this store used or lost, which count as needed until that time (ms). */
  floor: number
  floorUntil: number
  /** They are owed a parcel, even if it has no message. */
  owed: boolean
  /** Ids of their parcels that did not open, to be told to them; and whether some wait for what comes before them. */
  unopened: Uint8Array[]
  hole: boolean
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
  /** It had messages, it had none, or it did not open. */
  kind: 'messages' | 'bare' | 'shut'
  /** When it came, and when it was last answered. */
  at: number
  toldAt: number
}

export interface MailStore {
  word(peer: string): WordRow
  putWord(row: WordRow): void
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

type WordColumns = Omit<WordRow, 'features' | 'owed' | 'hole' | 'unopened'> & {
  features: string
  owed: number
  hole: number
  unopened: Uint8Array
}

const parcelIdBytes = 16

/** The database must have been migrated. */
export function mailOn(database: Database): MailStore {
  return {
    word(peer) {
      const row = database.get<WordColumns>('SELECT * FROM word WHERE peer = ?', peer)
      return row == null ? newWord(peer) : wordFrom(row)
    },

    putWord(row) {
      const { features, owed, hole, unopened, ...columns } = row
      const value = { ...columns, features: JSON.stringify(features), owed: Number(owed), hole: Number(hole) }
      const names = [...Object.keys(value), 'unopened']
      const sql = `INSERT OR REPLACE INTO word (${names.join(', ')}) VALUES (${names.map((name) => `$${name}`).join(', ')})`
      database.run(sql, { ...value, unopened: Buffer.concat(unopened) })
    },

    ticketsGiven: () =>
      database
        .all<{ peer: string; ticket: Uint8Array }>(`SELECT peer, ticket FROM word WHERE ticket <> x'' ORDER BY peer`)
        .map(({ peer, ticket }) => ({ peer, ticket: new Uint8Array(ticket) })),

    forgetMail: (peer) =>
      database.transaction(() => {
        for (const table of ['word', 'givenKey', 'heldKey', 'parcel', 'knownParcel']) {
          database.run(`DELETE FROM ${table} WHERE peer = ?`, peer)
        }
        database.erased()
      }),

    ...keysOn(database),
    ...parcelsOn(database),
  }
}

function keysOn(
  database: Database,
): Pick<
  MailStore,
  'givenKeys' | 'givenKey' | 'addGivenKeys' | 'destroyGivenKeys' | 'heldKeys' | 'addHeldKeys' | 'dropHeldKeys'
> {
  return {
    givenKeys: (peer) =>
      database.all<GivenKey>('SELECT * FROM givenKey WHERE peer = ? ORDER BY number', peer).map(givenKeyFrom),

    givenKey(peer, keyId) {
      const row = database.get<GivenKey>('SELECT * FROM givenKey WHERE peer = ? AND keyId = ?', peer, keyId)
      return row && givenKeyFrom(row)
    },

    addGivenKeys(peer, keys) {
      const sql = 'INSERT INTO givenKey (peer, era, number, keyId, seed, createdAt) VALUES (?, ?, ?, ?, ?, ?)'
      for (const { era, number, keyId, seed, createdAt } of keys)
        database.run(sql, peer, era, number, keyId, seed, createdAt)
    },

    destroyGivenKeys(peer, keys) {
      for (const { keyId } of keys) database.run('DELETE FROM givenKey WHERE peer = ? AND keyId = ?', peer, keyId)
      if (keys.length > 0) database.erased()
    },

    heldKeys: (peer) =>
      database
        .all<HeldKey>('SELECT number, publicKey, receivedAt FROM heldKey WHERE peer = ? ORDER BY number', peer)
        .map((row) => ({ ...row, publicKey: new Uint8Array(row.publicKey) })),

    addHeldKeys(peer, keys) {
      const sql = 'INSERT INTO heldKey (peer, number, publicKey, receivedAt) VALUES (?, ?, ?, ?)'
      for (const { number, publicKey, receivedAt } of keys) database.run(sql, peer, number, publicKey, receivedAt)
    },

    dropHeldKeys(peer, keys) {
      for (const { number } of keys) database.run('DELETE FROM heldKey WHERE peer = ? AND number = ?', peer, number)
    },
  }
}

function parcelsOn(
  database: Database,
): Omit<MailStore, 'word' | 'putWord' | 'ticketsGiven' | 'forgetMail' | keyof ReturnType<typeof keysOn>> {
  return {
    parcelsFor: (peer) =>
      database
        .all<Omit<ParcelRow, 'anew'> & { anew: number }>(
          'SELECT id, peer, first, upTo, keyNumber, bytes, leftAt, anew FROM parcel WHERE peer = ? ORDER BY rowid',
          peer,
        )
        .map((row) => ({ ...row, id: new Uint8Array(row.id), anew: row.anew === 1 })),

    sealedParcel(id) {
      const row = database.get<{ sealed: Uint8Array }>('SELECT sealed FROM parcel WHERE id = ?', id)
      return row && new Uint8Array(row.sealed)
    },

    addParcel({ id, peer, first, upTo, keyNumber, bytes, leftAt, anew }, sealed) {
      database.run(
        `INSERT INTO parcel (id, peer, first, upTo, keyNumber, bytes, leftAt, anew, sealed)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        ...[id, peer, first, upTo, keyNumber, bytes, leftAt, Number(anew), sealed],
      )
    },

    updateParcel(id, { leftAt, anew }) {
      if (leftAt !== undefined) database.run('UPDATE parcel SET leftAt = ? WHERE id = ?', leftAt, id)
      if (anew !== undefined) database.run('UPDATE parcel SET anew = ? WHERE id = ?', Number(anew), id)
    },

    deleteParcel(id) {
      database.run('DELETE FROM parcel WHERE id = ?', id)
    },

    knownParcel(id) {
      const row = database.get<KnownParcel>('SELECT * FROM knownParcel WHERE id = ?', id)
      return row && { ...row, id: new Uint8Array(row.id) }
    },

    putKnownParcel({ id, peer, kind, at, toldAt }) {
      const sql = 'INSERT OR REPLACE INTO knownParcel (id, peer, kind, at, toldAt) VALUES (?, ?, ?, ?, ?)'
      database.run(sql, id, peer, kind, at, toldAt)
    },

    forgetParcels(peer, before, kept) {
      database.run(
        `DELETE FROM knownParcel WHERE peer = $peer AND (at < $before OR rowid NOT IN (
           SELECT rowid FROM knownParcel WHERE peer = $peer ORDER BY at DESC, rowid DESC LIMIT $kept
         ))`,
        { peer, before, kept },
      )
    },

    markLeft(peer, { first, upTo }, leftAt) {
      const rows = database.all<MessageColumns>(
        `UPDATE message SET leftAt = $leftAt WHERE peer = $peer AND direction = 'out' AND seq >= $first
         AND seq <= $upTo AND state = 'sent' AND ${shown} AND leftAt IS NOT $leftAt RETURNING *`,
        { peer, first, upTo, leftAt: leftAt ?? null },
      )
      return rows.toSorted((a, b) => a.seq - b.seq).map(messageFrom)
    },
  }
}

function newWord(peer: string): WordRow {
  return {
    peer,
    number: 0,
    counted: 0,
    features: [],
    ticket: new Uint8Array(),
    theirTicket: new Uint8Array(),
    era: new Uint8Array(),
    nextKey: 1,
    keysHeld: 0,
    keysTop: 0,
    theirEra: new Uint8Array(),
    top: 0,
    floor: 0,
    floorUntil: 0,
    owed: false,
    unopened: [],
    hole: false,
  }
}

function wordFrom({ features, owed, hole, unopened, ...row }: WordColumns): WordRow {
  const ids = Array.from({ length: unopened.byteLength / parcelIdBytes }, (_, at) =>
    Uint8Array.from(unopened.subarray(at * parcelIdBytes, (at + 1) * parcelIdBytes)),
  )
  const { ticket, theirTicket, era, theirEra } = row
  return {
    ...row,
    ticket: new Uint8Array(ticket),
    theirTicket: new Uint8Array(theirTicket),
    era: new Uint8Array(era),
    theirEra: new Uint8Array(theirEra),
    features: JSON.parse(features) as number[],
    owed: owed === 1,
    hole: hole === 1,
    unopened: ids,
  }
}

function givenKeyFrom({ era, number, keyId, seed, createdAt }: GivenKey): GivenKey {
  return { era: new Uint8Array(era), number, keyId: new Uint8Array(keyId), seed: new Uint8Array(seed), createdAt }
}
