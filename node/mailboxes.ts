/**
 * What the node stores on disk (held.db): mailboxes, which are the envelopes held for each recipient, handles, and
 * parked invites. Not encrypted at rest: envelopes and invites are sealed by their authors already, and the node has to
 * read the rest. A sender is stored only as a keyed digest of sender and recipient. Changes are durable when a call
 * returns (WAL, FULL).
 */
import fs from 'node:fs'
import path from 'node:path'
import { createHmac } from 'node:crypto'
import type Database from 'better-sqlite3-multiple-ciphers'
import { QuorumError, limits } from '#protocol'
import type { DirectoryStore, HeldEnvelope } from '#protocol'
import { originDigest, sharing, type Origin } from './address-shares.ts'
import { diskError, refusal } from './disk.ts'
import { nodeLimits } from './limits.ts'
import { openMailboxDatabase } from './mailbox-database.ts'

const digestBytes = 16
const slotBytes = 16

export interface Mailboxes extends DirectoryStore {
  /**
   * Writes a little to see whether the disk accepts it. Errors: `disk-full` (also when nearly full), `not-writable`.
   */
  check(): void
}

/** An open database, and what every part of the store needs of it. */
interface Context {
  sql: ReturnType<typeof statements>
  /** Counted once and then updated: a sum over 250,000 rows at each scrape would block the event loop. */
  totals: { held: number; heldBytes: number }
  digest(...parts: (string | Uint8Array)[]): Uint8Array
  origin(keys: readonly string[]): Origin
  /** One transaction. Errors: those of `diskError`. */
  write<T>(change: () => T): T
  /** Errors: those of `diskError`. */
  read<T>(query: () => T): T
  /** Subtracts rows that a committed transaction has deleted. */
  subtract(rows: { bytes: number }[]): void
}

/**
 * Opens the store at `file` (or `:memory:`), creating it if there is none.
 * Errors: `store-locked`, `store-corrupt`, `unsupported-version`, `disk-full`, `not-writable`.
 */
export function openMailboxes(file: string): Mailboxes {
  let db: Database.Database | undefined
  try {
    db = openMailboxDatabase(file)
    const mailboxes = mailboxesOn(db, file)
    mailboxes.check()
    return mailboxes
  } catch (error) {
    db?.close()
    throw diskError(error, file)
  }
}

function mailboxesOn(db: Database.Database, file: string): Mailboxes {
  const context = contextOf(db, file)
  const { sql, totals, read, write, subtract } = context
  return {
    ...envelopesOn(context),
    ...handlesOn(context),
    ...invitesOn(context),

    forget(peer) {
      subtract(
        write(() => {
          sql.releaseHandle.run(peer)
          sql.unparkAll.run(peer)
          return sql.dropAll.all(peer)
        }),
      )
    },
    expire(now) {
      subtract(
        write(() => {
          sql.expireHandles.run(now - limits.handleKept)
          sql.expireParked.run(now)
          return sql.expire.all(now - limits.heldFor)
        }),
      )
      read(() => {
        // Returns the space to the system, and removes deleted rows from the log as well as from the file.
        db.pragma('incremental_vacuum')
        db.pragma('wal_checkpoint(TRUNCATE)')
      })
    },
    stats: () => read(() => ({ ...totals, handles: sql.handles.get() ?? 0, parked: sql.parkedAll.get() ?? 0 })),
    check() {
      if (file !== ':memory:') {
        const { bavail, bsize } = read(() => fs.statfsSync(path.dirname(path.resolve(file))))
        if (bavail * bsize < nodeLimits.freeDisk) {
          const megabytes = (bytes: number): number => Math.floor(bytes / 1024 / 1024)
          const left = `${megabytes(bavail * bsize)} of the ${megabytes(nodeLimits.freeDisk)} MB it needs are free`
          throw new QuorumError('disk-full', refusal('disk-full', file, left))
        }
      }
      write(() => sql.check.run())
    },
    close() {
      db.close()
    },
  }
}

function contextOf(db: Database.Database, file: string): Context {
  const sql = statements(db)
  const key = sql.digestKey.get()
  if (key === undefined) throw new QuorumError('store-corrupt', refusal('store-corrupt', file, 'a key is missing'))
  const totals = sql.totals.get() ?? { held: 0, heldBytes: 0 }
  const read = <T>(query: () => T): T => {
    try {
      return query()
    } catch (error) {
      throw diskError(error, file)
    }
  }
  return {
    sql,
    totals,
    digest: (...parts) => keyedDigest(key, parts),
    origin: originDigest(),
    write: (change) => read(() => db.transaction(change).immediate()),
    read,
    subtract(rows) {
      totals.held -= rows.length
      for (const { bytes } of rows) totals.heldBytes -= bytes
    },
  }
}

function envelopesOn({
  sql,
  totals,
  digest,
  origin,
  write,
  read,
  subtract,
}: Context): Pick<DirectoryStore, 'hold' | 'held' | 'drop'> {
  /** Makes room in one mailbox: of a full one the address with the most gives way. Returns what had to go. */
  const makeRoom = (to: string, { wide }: Origin): { bytes: number }[] => {
    const own = wide.length === 0 ? 0 : (sql.countFromAddress.get(to, wide) ?? 0)
    if (own >= limits.heldFromAddress) {
      throw new QuorumError('rate-limited', 'Too many envelopes from your address are waiting for this peer already')
    }
    if ((sql.countFor.get(to) ?? 0) < limits.heldPerRecipient) return []
    const heaviest = sql.heaviestFor.get(to)
    if (heaviest === undefined || heaviest.count <= own + 1) {
      throw new QuorumError('rate-limited', 'Too many envelopes are waiting for this peer already')
    }
    return sql.dropOldest.all(to, heaviest.wide)
  }
  return {
    hold(to, from, envelope, now, keys = []) {
      if (envelope.length > limits.envelope) {
        throw new QuorumError('too-large', `An envelope has at most ${limits.envelope} bytes`)
      }
      const same = digest(envelope)
      const sender = digest(from, to)
      const address = origin(keys)
      const { row, added, gone } = write(() => {
        const already = sql.identical.get(to, same)
        if (already !== undefined) return { row: already, added: false, gone: [] }
        if ((sql.countFrom.get(to, sender) ?? 0) >= limits.heldPerSender) {
          throw new QuorumError('rate-limited', 'Too many envelopes from you are waiting for this peer already')
        }
        const inMailbox = makeRoom(to, address)
        const inAll = sql.shareHeld(address, totals.held - inMailbox.length)
        const { near, wide } = address
        const { lastInsertRowid } = sql.insert.run(to, sender, same, envelope.length, now, envelope, near, wide)
        return {
          row: { id: Number(lastInsertRowid), envelope, heldSince: now },
          added: true,
          gone: [...inMailbox, ...inAll],
        }
      })
      subtract(gone)
      if (added) {
        totals.held += 1
        totals.heldBytes += envelope.length
      }
      return plain(row)
    },
    held: (to) => read(() => sql.heldFor.all(to).map(plain)),
    drop(to, ids) {
      subtract(write(() => ids.flatMap((id) => sql.drop.all(to, id))))
    },
  }
}

function handlesOn({
  sql,
  origin,
  write,
  read,
}: Context): Pick<DirectoryStore, 'claimHandle' | 'releaseHandle' | 'seen' | 'handleOwner' | 'handleOf'> {
  return {
    claimHandle(handle, peer, now, keys = []) {
      if (!limits.handlePattern.test(handle)) {
        throw new QuorumError('bad-request', 'A handle has 3 to 32 of a-z, 0-9, "-", "_" and "."')
      }
      write(() => {
        const owner = sql.handleRow.get(handle)
        if (owner !== undefined && owner.peer !== peer && now - owner.seen <= limits.handleKept) {
          throw new QuorumError('handle-taken', 'Somebody else has this handle')
        }
        if (owner?.peer === peer) return sql.see.run(now, peer)
        sql.releaseHandle.run(peer)
        const address = origin(keys)
        if (owner === undefined) sql.shareHandles(address)
        return sql.putHandle.run(handle, peer, now, address.near, address.wide)
      })
    },
    releaseHandle(peer) {
      if (read(() => sql.handleOf.get(peer)) !== undefined) write(() => sql.releaseHandle.run(peer))
    },
    seen(peer, now) {
      const last = read(() => sql.handleSeen.get(peer))
      if (last !== undefined && now - last >= nodeLimits.seenInterval) write(() => sql.see.run(now, peer))
    },
    handleOwner(handle, now) {
      const owner = read(() => sql.handleRow.get(handle))
      return owner === undefined || now - owner.seen > limits.handleKept ? undefined : owner.peer
    },
    handleOf: (peer) => read(() => sql.handleOf.get(peer)),
  }
}

function invitesOn({ sql, origin, write, read }: Context): Pick<DirectoryStore, 'park' | 'parked' | 'parkedCount'> {
  return {
    park(slot, owner, sealed, expiresAt, now, keys = []) {
      if (slot.length !== slotBytes) throw new QuorumError('bad-request', `A slot has ${slotBytes} bytes`)
      if (sealed.length > limits.parkedInvite) {
        throw new QuorumError('too-large', `A parked invite has at most ${limits.parkedInvite} bytes`)
      }
      write(() => {
        const current = sql.parkedRow.get(slot)
        const live = current !== undefined && current.expires_at > now
        if (live && current.owner !== owner) throw new QuorumError('bad-request', 'This slot belongs to somebody else')
        if (!live && (sql.parkedCount.get(owner, now) ?? 0) >= limits.parkedPerPeer) {
          throw new QuorumError('rate-limited', 'You have parked as many invites as this node allows')
        }
        const address = origin(keys)
        if (current === undefined) sql.shareParked(address)
        const until = Math.min(expiresAt, now + limits.parkedFor)
        sql.park.run(slot, owner, until, sealed, address.near, address.wide)
      })
    },
    parked(slot, now) {
      const row = read(() => sql.parkedRow.get(slot))
      return row === undefined || row.expires_at <= now ? undefined : new Uint8Array(row.sealed)
    },
    parkedCount: (owner, now) => read(() => sql.parkedCount.get(owner, now) ?? 0),
  }
}

function keyedDigest(key: Uint8Array, parts: (string | Uint8Array)[]): Uint8Array {
  const hmac = createHmac('sha256', key)
  // PeerIds contain no zero byte, and an envelope is the only part: parts are unambiguous.
  for (const part of parts) hmac.update(part).update('\0')
  return hmac.digest().subarray(0, digestBytes)
}

/** A Uint8Array as in the interface, not Node's Buffer, whose `slice` differs. */
function plain(row: HeldEnvelope): HeldEnvelope {
  return { id: row.id, envelope: new Uint8Array(row.envelope), heldSince: row.heldSince }
}

function statements(db: Database.Database) {
  return {
    digestKey: db.prepare<[], Uint8Array>(`SELECT value FROM meta WHERE name = 'digest key'`).pluck(),
    check: db.prepare<[]>(`UPDATE meta SET value = value + 1 WHERE name = 'checks'`),
    totals: db.prepare<[], { held: number; heldBytes: number }>(
      'SELECT count(*) AS held, coalesce(sum(bytes), 0) AS heldBytes FROM envelopes',
    ),

    identical: db.prepare<[string, Uint8Array], HeldEnvelope>(
      'SELECT id, envelope, held_since AS heldSince FROM envelopes WHERE recipient = ? AND digest = ?',
    ),
    countFor: db.prepare<[string], number>('SELECT count(*) FROM envelopes WHERE recipient = ?').pluck(),
    countFrom: db
      .prepare<[string, Uint8Array], number>('SELECT count(*) FROM envelopes WHERE recipient = ? AND sender = ?')
      .pluck(),
    countFromAddress: db
      .prepare<[string, Uint8Array], number>('SELECT count(*) FROM envelopes WHERE recipient = ? AND wide = ?')
      .pluck(),
    heaviestFor: db.prepare<[string], { wide: Uint8Array; count: number }>(
      `SELECT wide, count(*) AS count FROM envelopes WHERE recipient = ? AND wide <> x''
       GROUP BY wide ORDER BY count DESC LIMIT 1`,
    ),
    dropOldest: db.prepare<[string, Uint8Array], { bytes: number }>(
      `DELETE FROM envelopes WHERE id = (SELECT min(id) FROM envelopes WHERE recipient = ? AND wide = ?)
       RETURNING bytes`,
    ),
    shareHeld: sharing(db, {
      name: 'envelopes',
      key: 'id',
      age: 'id',
      most: limits.held,
      perAddress: limits.heldPerAddress,
    }),
    insert: db.prepare<[string, Uint8Array, Uint8Array, number, number, Uint8Array, Uint8Array, Uint8Array]>(
      `INSERT INTO envelopes (recipient, sender, digest, bytes, held_since, envelope, near, wide)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    heldFor: db.prepare<[string], HeldEnvelope>(
      'SELECT id, envelope, held_since AS heldSince FROM envelopes WHERE recipient = ? ORDER BY id',
    ),
    drop: db.prepare<[string, number], { bytes: number }>(
      'DELETE FROM envelopes WHERE recipient = ? AND id = ? RETURNING bytes',
    ),
    dropAll: db.prepare<[string], { bytes: number }>('DELETE FROM envelopes WHERE recipient = ? RETURNING bytes'),
    expire: db.prepare<[number], { bytes: number }>('DELETE FROM envelopes WHERE held_since < ? RETURNING bytes'),

    handleRow: db.prepare<[string], { peer: string; seen: number }>('SELECT peer, seen FROM handles WHERE handle = ?'),
    handleOf: db.prepare<[string], string>('SELECT handle FROM handles WHERE peer = ?').pluck(),
    handleSeen: db.prepare<[string], number>('SELECT seen FROM handles WHERE peer = ?').pluck(),
    handles: db.prepare<[], number>('SELECT count(*) FROM handles').pluck(),
    shareHandles: sharing(db, {
      name: 'handles',
      key: 'handle',
      age: 'seen',
      most: limits.handles,
      perAddress: limits.handlesPerAddress,
    }),
    putHandle: db.prepare<[string, string, number, Uint8Array, Uint8Array]>(
      'INSERT OR REPLACE INTO handles (handle, peer, seen, near, wide) VALUES (?, ?, ?, ?, ?)',
    ),
    releaseHandle: db.prepare<[string]>('DELETE FROM handles WHERE peer = ?'),
    see: db.prepare<[number, string]>('UPDATE handles SET seen = ? WHERE peer = ?'),
    expireHandles: db.prepare<[number]>('DELETE FROM handles WHERE seen < ?'),

    parkedRow: db.prepare<[Uint8Array], { owner: string; expires_at: number; sealed: Uint8Array }>(
      'SELECT owner, expires_at, sealed FROM parked WHERE slot = ?',
    ),
    parkedCount: db
      .prepare<[string, number], number>('SELECT count(*) FROM parked WHERE owner = ? AND expires_at > ?')
      .pluck(),
    parkedAll: db.prepare<[], number>('SELECT count(*) FROM parked').pluck(),
    shareParked: sharing(db, {
      name: 'parked',
      key: 'slot',
      age: 'expires_at',
      most: limits.parked,
      perAddress: limits.parkedPerAddress,
    }),
    park: db.prepare<[Uint8Array, string, number, Uint8Array, Uint8Array, Uint8Array]>(
      'INSERT OR REPLACE INTO parked (slot, owner, expires_at, sealed, near, wide) VALUES (?, ?, ?, ?, ?, ?)',
    ),
    unparkAll: db.prepare<[string]>('DELETE FROM parked WHERE owner = ?'),
    expireParked: db.prepare<[number]>('DELETE FROM parked WHERE expires_at <= ?'),
  }
}
