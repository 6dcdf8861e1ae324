/** The rows of parcels on an open database; what they mean is in mail-store.ts. */
import type { Database } from './database.ts'
import { messageFrom, shown, type MessageColumns } from './messages.ts'
import type { GivenKey, HeldKey, KnownParcel, MailStore, ParcelRow, WordRow } from './mail-store.ts'

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
      const values = names.map((name) => `$${name}`).join(', ')
      const sql = `INSERT OR REPLACE INTO word (${names.join(', ')}) VALUES (${values})`
      database.run(sql, { ...value, unopened: Buffer.concat(unopened) })
    },

    peersWithMail: () =>
      peersIn(
        database.all(
          `SELECT peer FROM conversation WHERE queued > delivered UNION
           SELECT peer FROM word WHERE owed = 1 UNION SELECT peer FROM parcel`,
        ),
      ),

    peersWithKeysBefore: (createdAt) =>
      peersIn(database.all('SELECT DISTINCT peer FROM givenKey WHERE createdAt < ?', createdAt)),

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
): Omit<
  MailStore,
  | 'word'
  | 'putWord'
  | 'peersWithMail'
  | 'peersWithKeysBefore'
  | 'ticketsGiven'
  | 'forgetMail'
  | keyof ReturnType<typeof keysOn>
> {
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
        id,
        peer,
        first,
        upTo,
        keyNumber,
        bytes,
        leftAt,
        Number(anew),
        sealed,
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

function peersIn(rows: { peer: string }[]): string[] {
  return rows.map(({ peer }) => peer)
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
    stoodAt: 0,
    answeredAt: 0,
    stoodNumber: 0,
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
