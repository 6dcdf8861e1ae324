/**
 * Parcels on the node's disk, and the tickets under which they may be left. Nothing tells who left one: a recipient is
 * a keyed digest, a ticket the hash that the recipient has told. Of a mailbox that is full, the ticket with the most
 * gives way, so that one friend does not keep out the others.
 */
import type Database from 'better-sqlite3-multiple-ciphers'
import { limits, type HeldMailbox, type HeldParcel, type ParcelStore } from '#protocol'
import { sharing, type Origin } from './address-shares.ts'

/** What parcels need of the store that they are part of. */
interface StoreParts {
  digest(...parts: string[]): Uint8Array
  origin(keys: readonly string[]): Origin
  write<T>(change: () => T): Promise<T>
  read<T>(query: () => T): T
}

interface Sum {
  parcels: number
  bytes: number
}

const hashBytes = 16

/**
 * Also `dropParcels`, which is part of a transaction: everything that is held for a peer, and its tickets; and, as in
 * DirectoryStore, `mailbox`.
 */
export function parcelsOn(
  db: Database.Database,
  { digest, origin, write, read }: StoreParts,
): ParcelStore & { dropParcels(peer: string): void; mailbox(peer: string): HeldMailbox } {
  const sql = statements(db)
  const recipient = (peer: string): Uint8Array => digest('mailbox', peer)
  const given = (to: Uint8Array, ticketHash: Uint8Array): boolean =>
    hashesIn(sql.tickets.get(to)).some((hash) => hash.equals(ticketHash))

  /** Of a mailbox without room for `size` bytes more, the ticket with the most gives way. Returns whether there is. */
  const makeRoom = (to: Uint8Array, ticket: Uint8Array, size: number): boolean => {
    const own = sql.ofTicket.get(to, ticket) ?? { parcels: 0, bytes: 0 }
    const { perTicket, perRecipient } = limits.mailbox
    if (own.parcels >= perTicket.parcels || own.bytes + size > perTicket.bytes) return false
    const all = sql.ofRecipient.get(to) ?? { parcels: 0, bytes: 0 }
    while (all.parcels >= perRecipient.parcels || all.bytes + size > perRecipient.bytes) {
      const heaviest = sql.heaviest.get(to)
      if (heaviest === undefined || heaviest.bytes <= own.bytes + size) return false
      const oldest = sql.oldest.get(to, heaviest.ticket)
      if (oldest === undefined) return false
      sql.drop.run(oldest.id)
      all.parcels -= 1
      all.bytes -= oldest.bytes
    }
    return true
  }

  return {
    async setTickets(peer, hashes, now, keys = []) {
      const to = recipient(peer)
      const all = Buffer.concat(hashes.map((hash) => Buffer.from(hash)))
      await write(() => {
        for (const { ticket } of sql.ticketsUsed.all(to)) {
          if (!hashes.some((hash) => Buffer.from(hash).equals(ticket))) sql.dropTicket.run(to, ticket)
        }
        const before = sql.tickets.get(to)
        if (before !== undefined && all.equals(before)) return sql.seen.run(now, to)
        sql.dropTickets.run(to)
        if (hashes.length === 0) return undefined
        const { near, wide } = origin(keys)
        const bytes = all.byteLength + rowBytes
        sql.shareTickets({ near, wide }, bytes)
        return sql.putTickets.run(to, all, bytes, now, near, wide)
      })
    },

    async leave(peer, { parcelId, ticketHash, sealed }, now, keys = []) {
      const to = recipient(peer)
      // Without a write for those who have none.
      if (!read(() => given(to, ticketHash))) return 'no-ticket'
      const from = origin(keys)
      return write(() => {
        if (!given(to, ticketHash)) return 'no-ticket'
        if (sql.held.get(to, ticketHash, parcelId) !== undefined) return 'held'
        const bytes = sealed.byteLength + rowBytes
        if (!makeRoom(to, ticketHash, bytes)) return 'full'
        sql.shareParcels(from, bytes)
        sql.hold.run(to, ticketHash, parcelId, bytes, now, sealed, from.near, from.wide)
        return 'held'
      })
    },

    async withdraw(peer, parcelId, ticketHash) {
      const to = recipient(peer)
      const row = read(() => sql.held.get(to, ticketHash, parcelId))
      if (row !== undefined) await write(() => sql.drop.run(row))
    },

    async take(peer, parcelIds) {
      const to = recipient(peer)
      const named = new Set(parcelIds.map(text))
      const held = read(() => sql.parcels.all(to)).filter(({ parcel }) => named.has(text(parcel)))
      if (held.length === 0) return
      await write(() => {
        for (const { id } of held) sql.drop.run(id)
      })
    },

    parcels: (peer) => read(() => sql.parcels.all(recipient(peer))).map(heldFrom),

    nextParcel(peer, after) {
      const row = read(() => sql.next.get(recipient(peer), after))
      return row && heldFrom(row)
    },

    parcel(peer, parcelId, ticketHash) {
      const sealed = read(() => sql.content.get(recipient(peer), ticketHash, parcelId))
      // Not Node's Buffer, whose `slice` differs.
      return sealed && new Uint8Array(sealed)
    },

    mailbox(peer) {
      const to = recipient(peer)
      return read(() => {
        const { parcels, bytes } = sql.ofRecipient.get(to) ?? { parcels: 0, bytes: 0 }
        const [oldest] = parcels === 0 ? [] : [sql.next.get(to, 0)]
        return {
          tickets: hashesIn(sql.tickets.get(to)).length,
          parcels,
          bytes: bytes - parcels * rowBytes,
          heldSince: oldest?.heldSince ?? 0,
        }
      })
    },

    dropParcels(peer) {
      const to = recipient(peer)
      sql.dropTickets.run(to)
      sql.dropAll.run(to)
    },
  }
}

/** What a row takes beside its content, in its table and the indexes. */
const rowBytes = 300

function hashesIn(hashes: Uint8Array | undefined): Buffer[] {
  const all = Buffer.from(hashes ?? [])
  return Array.from({ length: all.byteLength / hashBytes }, (_, at) =>
    all.subarray(at * hashBytes, (at + 1) * hashBytes),
  )
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

function heldFrom({ id, parcel, ticket, bytes, heldSince }: ParcelRow): HeldParcel {
  const [parcelId, ticketHash] = [new Uint8Array(parcel), new Uint8Array(ticket)]
  return { id, parcelId, ticketHash, bytes: bytes - rowBytes, heldSince }
}

interface ParcelRow {
  id: number
  parcel: Uint8Array
  ticket: Uint8Array
  bytes: number
  heldSince: number
}

type Bytes = Uint8Array

function statements(db: Database.Database) {
  const row = 'SELECT id, parcel, ticket, bytes, held_since AS heldSince FROM parcels'
  const sum = 'count(*) AS parcels, coalesce(sum(bytes), 0) AS bytes'
  return {
    tickets: db.prepare<[Bytes], Bytes>('SELECT hashes FROM tickets WHERE recipient = ?').pluck(),
    seen: db.prepare<[number, Bytes]>('UPDATE tickets SET seen = ? WHERE recipient = ?'),
    // REPLACE would bypass the counts.
    dropTickets: db.prepare<[Bytes]>('DELETE FROM tickets WHERE recipient = ?'),
    putTickets: db.prepare<[Bytes, Bytes, number, number, Bytes, Bytes]>(
      'INSERT INTO tickets (recipient, hashes, bytes, seen, near, wide) VALUES (?, ?, ?, ?, ?, ?)',
    ),
    shareTickets: sharing(db, {
      name: 'tickets',
      key: 'recipient',
      age: 'seen',
      most: limits.mailbox.tickets,
      perAddress: [limits.mailbox.ticketsPerAddress, limits.mailbox.ticketsPerAddress],
    }),

    ticketsUsed: db.prepare<[Bytes], { ticket: Bytes }>('SELECT DISTINCT ticket FROM parcels WHERE recipient = ?'),
    dropTicket: db.prepare<[Bytes, Bytes]>('DELETE FROM parcels WHERE recipient = ? AND ticket = ?'),
    dropAll: db.prepare<[Bytes]>('DELETE FROM parcels WHERE recipient = ?'),
    drop: db.prepare<[number]>('DELETE FROM parcels WHERE id = ?'),
    held: db
      .prepare<[Bytes, Bytes, Bytes], number>(
        'SELECT id FROM parcels WHERE recipient = ? AND ticket = ? AND parcel = ?',
      )
      .pluck(),
    hold: db.prepare<[Bytes, Bytes, Bytes, number, number, Bytes, Bytes, Bytes]>(
      `INSERT INTO parcels (recipient, ticket, parcel, bytes, held_since, sealed, near, wide)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    ofTicket: db.prepare<[Bytes, Bytes], Sum>(`SELECT ${sum} FROM parcels WHERE recipient = ? AND ticket = ?`),
    ofRecipient: db.prepare<[Bytes], Sum>(`SELECT ${sum} FROM parcels WHERE recipient = ?`),
    heaviest: db.prepare<[Bytes], { ticket: Bytes; bytes: number }>(
      `SELECT ticket, sum(bytes) AS bytes FROM parcels WHERE recipient = ?
       GROUP BY ticket ORDER BY sum(bytes) DESC LIMIT 1`,
    ),
    oldest: db.prepare<[Bytes, Bytes], { id: number; bytes: number }>(
      'SELECT id, bytes FROM parcels WHERE recipient = ? AND ticket = ? ORDER BY id LIMIT 1',
    ),
    shareParcels: sharing(db, {
      name: 'parcels',
      key: 'id',
      age: 'id',
      most: limits.mailbox.held,
      perAddress: [limits.mailbox.heldPerAddress, limits.mailbox.heldPerAddress],
    }),
    parcels: db.prepare<[Bytes], ParcelRow>(`${row} WHERE recipient = ? ORDER BY id`),
    next: db.prepare<[Bytes, number], ParcelRow>(`${row} WHERE recipient = ? AND id > ? ORDER BY id LIMIT 1`),
    content: db
      .prepare<[Bytes, Bytes, Bytes], Bytes>(
        'SELECT sealed FROM parcels WHERE recipient = ? AND ticket = ? AND parcel = ?',
      )
      .pluck(),
  }
}
