/**
 * What the node stores on disk (held.db): mailboxes, which are the envelopes held for each recipient, handles, and
 * parked invites. Not encrypted at rest: envelopes and invites are sealed by their authors already, and the node has to
 * read the rest. A sender is stored only as a keyed digest of sender and recipient. A change is durable when the call
 * resolves (group-commit.ts); reads see it when it is committed.
 */
import fs from 'node:fs'
import path from 'node:path'
import { createHmac } from 'node:crypto'
import type Database from 'better-sqlite3-multiple-ciphers'
import { QuorumError, limits } from '#protocol'
import type { DirectoryStore, HeldEnvelope, HeldMailbox, ParcelStore, RelayedDay } from '#protocol'
import { countRows, originDigest, sharing, type Origin } from './address-shares.ts'
import { diskError, refusal } from './disk.ts'
import { expiry } from './expiry.ts'
import { GroupCommit, writeAheadLog } from './group-commit.ts'
import { nodeLimits } from './limits.ts'
import { openMailboxDatabase } from './mailbox-database.ts'
import { parcelsOn } from './parcels.ts'

const digestBytes = 16
const slotBytes = 16

export type MailboxStats = ReturnType<DirectoryStore['stats']> & {
  /** Peers that have given tickets. */
  mailboxes: number
  parcels: number
  parcelBytes: number
}

const nothing = { held: 0, heldBytes: 0, handles: 0, parked: 0, mailboxes: 0, parcels: 0, parcelBytes: 0 }

export interface Mailboxes extends DirectoryStore {
  mailbox(peer: string): HeldMailbox
  stats(): MailboxStats
  readonly parcels: ParcelStore
  /**
   * Writes a little to see whether the disk accepts it. Errors: `disk-full` (also when nearly full), `not-writable`.
   */
  check(): void
  /** What the last `noteRelayed` noted. */
  relayed(): RelayedDay | undefined
  noteRelayed(day: RelayedDay): Promise<void>
}

/** An open database, and what every part of the store needs of it. */
interface Context {
  sql: ReturnType<typeof statements>
  commits: GroupCommit
  digest(...parts: (string | Uint8Array)[]): Uint8Array
  origin(keys: readonly string[]): Origin
  /** Errors: those of `change`, and of `diskError`. */
  write<T>(change: () => T): Promise<T>
  /** Errors: those of `diskError`. */
  read<T>(query: () => T): T
}

/**
 * Opens the store at `file` (or `:memory:`), creating it if there is none. `held`: envelopes in all. If there are
 * more from an earlier run, none is dropped for that, and each new one takes the place of another.
 * Errors: `store-locked`, `store-corrupt`, `unsupported-version`, `disk-full`, `not-writable`.
 */
export function openMailboxes(file: string, { held = limits.held }: { held?: number | undefined } = {}): Mailboxes {
  let opened: { close(): void } | undefined
  try {
    const db = openMailboxDatabase(file)
    opened = db
    const mailboxes = mailboxesOn(db, file, held)
    opened = mailboxes
    mailboxes.check()
    return mailboxes
  } catch (error) {
    opened?.close()
    throw diskError(error, file)
  }
}

function mailboxesOn(db: Database.Database, file: string, most: number): Mailboxes {
  const context = contextOf(db, file, most)
  const { sql, commits, read, write } = context
  const expire = expiry(db, write)
  const { dropParcels, mailbox, ...parcels } = parcelsOn(db, context)
  return {
    parcels,
    mailbox,
    ...envelopesOn(context),
    ...handlesOn(context),
    ...invitesOn(context),

    async forget(peer) {
      await write(() => {
        sql.releaseHandle.run(peer)
        sql.unparkAll.run(peer)
        sql.dropAll.run(peer)
        dropParcels(peer)
      })
    },
    async expire(now) {
      try {
        await expire(now)
        // Removes deleted rows from the log as well as from the file.
        read(() => db.pragma('wal_checkpoint(TRUNCATE)'))
      } catch (error) {
        // The node stops, and the next start continues.
        if (!commits.closed) throw error
      }
    },
    stats: () => read(() => sql.stats.get() ?? nothing),
    check() {
      if (commits.failure !== undefined) throw diskError(commits.failure, file)
      if (file !== ':memory:') {
        const { bavail, bsize } = read(() => fs.statfsSync(path.dirname(path.resolve(file))))
        if (bavail * bsize < nodeLimits.freeDisk) {
          const megabytes = (bytes: number): number => Math.floor(bytes / 1024 / 1024)
          const left = `${megabytes(bavail * bsize)} of the ${megabytes(nodeLimits.freeDisk)} MB it needs are free`
          throw new QuorumError('disk-full', refusal('disk-full', file, left))
        }
      }
      read(() => sql.check.run())
    },
    relayed: () => read(() => sql.relayed.get()),
    async noteRelayed({ day, bytes }) {
      await write(() => {
        sql.putMeta.run('relayed day', day)
        sql.putMeta.run('relayed bytes', bytes)
      })
    },
    close() {
      if (!db.open) return
      commits.close()
      db.close()
    },
  }
}

function contextOf(db: Database.Database, file: string, most: number): Context {
  countRows(db)
  const sql = statements(db, most)
  const key = sql.digestKey.get()
  if (key === undefined) throw new QuorumError('store-corrupt', refusal('store-corrupt', file, 'a key is missing'))
  const commits = new GroupCommit(db, writeAheadLog(file))
  return {
    sql,
    commits,
    digest: (...parts) => keyedDigest(key, parts),
    origin: originDigest(),
    async write(change) {
      try {
        return await commits.write(change)
      } catch (error) {
        throw diskError(error, file)
      }
    },
    read(query) {
      try {
        return query()
      } catch (error) {
        throw diskError(error, file)
      }
    },
  }
}

function envelopesOn({
  sql,
  digest,
  origin,
  write,
  read,
}: Context): Pick<DirectoryStore, 'hold' | 'held' | 'envelope' | 'drop'> {
  /** Makes room in one mailbox: of a full one the address with the most gives way. */
  const makeRoom = (to: string, { wide }: Origin): void => {
    const own = wide.length === 0 ? 0 : (sql.countFromAddress.get(to, wide) ?? 0)
    if (own >= limits.heldFromAddress) {
      throw new QuorumError('rate-limited', 'Too many envelopes from your address are waiting for this peer already')
    }
    if ((sql.countFor.get(to) ?? 0) < limits.heldPerRecipient) return
    const heaviest = sql.heaviestFor.get(to)
    if (heaviest === undefined || heaviest.count <= own + 1) {
      throw new QuorumError('rate-limited', 'Too many envelopes are waiting for this peer already')
    }
    sql.dropOldest.run(to, heaviest.wide)
  }
  return {
    async hold(to, from, envelope, now, keys = []) {
      if (envelope.length > limits.envelope) {
        throw new QuorumError('too-large', `An envelope has at most ${limits.envelope} bytes`)
      }
      const same = digest(envelope)
      const sender = digest(from, to)
      const address = origin(keys)
      return write(() => {
        const already = sql.identical.get(to, same)
        if (already !== undefined) return already
        if ((sql.countFrom.get(to, sender) ?? 0) >= limits.heldPerSender) {
          throw new QuorumError('rate-limited', 'Too many envelopes from you are waiting for this peer already')
        }
        makeRoom(to, address)
        sql.shareHeld(address)
        const { near, wide } = address
        const { lastInsertRowid } = sql.insert.run(to, sender, same, envelope.length, now, envelope, near, wide)
        return { id: Number(lastInsertRowid), bytes: envelope.length, heldSince: now }
      })
    },
    held: (to) => read(() => sql.heldFor.all(to)),
    envelope(to, id) {
      const envelope = read(() => sql.envelope.get(to, id))
      // Not Node's Buffer, whose `slice` differs.
      return envelope && new Uint8Array(envelope)
    },
    async drop(to, ids) {
      // A call that names a hundred others costs as much as what is held for the caller.
      const named = new Set(ids)
      const held = read(() => sql.heldFor.all(to)).filter(({ id }) => named.has(id))
      if (held.length === 0) return
      await write(() => {
        for (const { id } of held) sql.drop.run(to, id)
      })
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
    async claimHandle(handle, peer, now, keys = []) {
      if (!limits.handlePattern.test(handle)) {
        throw new QuorumError('bad-request', 'A handle has 3 to 32 of a-z, 0-9, "-", "_" and "."')
      }
      await write(() => {
        const owner = sql.handleRow.get(handle)
        if (owner !== undefined && owner.peer !== peer && now - owner.seen <= limits.handleKept) {
          throw new QuorumError('handle-taken', 'Somebody else has this handle')
        }
        if (owner?.peer === peer) return sql.see.run(now, peer)
        sql.releaseHandle.run(peer)
        // One that has lapsed.
        if (owner !== undefined) sql.releaseHandle.run(owner.peer)
        const address = origin(keys)
        sql.shareHandles(address)
        return sql.putHandle.run(handle, peer, now, address.near, address.wide)
      })
    },
    async releaseHandle(peer) {
      if (read(() => sql.handleOf.get(peer)) !== undefined) await write(() => sql.releaseHandle.run(peer))
    },
    async seen(peer, now) {
      const last = read(() => sql.handleSeen.get(peer))
      if (last !== undefined && now - last >= nodeLimits.seenInterval) await write(() => sql.see.run(now, peer))
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
    async park(slot, owner, sealed, expiresAt, now, keys = []) {
      if (slot.length !== slotBytes) throw new QuorumError('bad-request', `A slot has ${slotBytes} bytes`)
      if (sealed.length > limits.parkedInvite) {
        throw new QuorumError('too-large', `A parked invite has at most ${limits.parkedInvite} bytes`)
      }
      await write(() => {
        const current = sql.parkedRow.get(slot)
        const live = current !== undefined && current.expires_at > now
        if (live && current.owner !== owner) throw new QuorumError('bad-request', 'This slot belongs to somebody else')
        if (!live && (sql.parkedCount.get(owner, now) ?? 0) >= limits.parkedPerPeer) {
          throw new QuorumError('rate-limited', 'You have parked as many invites as this node allows')
        }
        if (current !== undefined) sql.unpark.run(slot)
        const address = origin(keys)
        sql.shareParked(address)
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

function statements(db: Database.Database, most: number) {
  return {
    digestKey: db.prepare<[], Uint8Array>(`SELECT value FROM meta WHERE name = 'digest key'`).pluck(),
    relayed: db.prepare<[], RelayedDay>(
      `SELECT d.value AS day, b.value AS bytes FROM meta d, meta b
       WHERE d.name = 'relayed day' AND b.name = 'relayed bytes'`,
    ),
    putMeta: db.prepare<[string, number]>('INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)'),
    check: db.prepare<[]>(`UPDATE meta SET value = value + 1 WHERE name = 'checks'`),
    stats: db.prepare<[], MailboxStats>(
      `SELECT e.rows AS held, e.bytes AS heldBytes, h.rows AS handles, p.rows AS parked,
         t.rows AS mailboxes, m.rows AS parcels, m.bytes AS parcelBytes
       FROM totals e, totals h, totals p, totals t, totals m WHERE e.name = 'envelopes' AND h.name = 'handles'
         AND p.name = 'parked' AND t.name = 'tickets' AND m.name = 'parcels'`,
    ),

    identical: db.prepare<[string, Uint8Array], HeldEnvelope>(
      'SELECT id, bytes, held_since AS heldSince FROM envelopes WHERE recipient = ? AND digest = ?',
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
    dropOldest: db.prepare<[string, Uint8Array]>(
      'DELETE FROM envelopes WHERE id = (SELECT min(id) FROM envelopes WHERE recipient = ? AND wide = ?)',
    ),
    shareHeld: sharing(db, {
      name: 'envelopes',
      key: 'id',
      age: 'id',
      most,
      perAddress: limits.heldPerAddress,
    }),
    insert: db.prepare<[string, Uint8Array, Uint8Array, number, number, Uint8Array, Uint8Array, Uint8Array]>(
      `INSERT INTO envelopes (recipient, sender, digest, bytes, held_since, envelope, near, wide)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    heldFor: db.prepare<[string], HeldEnvelope>(
      'SELECT id, bytes, held_since AS heldSince FROM envelopes WHERE recipient = ? ORDER BY id',
    ),
    envelope: db
      .prepare<[string, number], Uint8Array>('SELECT envelope FROM envelopes WHERE recipient = ? AND id = ?')
      .pluck(),
    drop: db.prepare<[string, number]>('DELETE FROM envelopes WHERE recipient = ? AND id = ?'),
    dropAll: db.prepare<[string]>('DELETE FROM envelopes WHERE recipient = ?'),

    handleRow: db.prepare<[string], { peer: string; seen: number }>('SELECT peer, seen FROM handles WHERE handle = ?'),
    handleOf: db.prepare<[string], string>('SELECT handle FROM handles WHERE peer = ?').pluck(),
    handleSeen: db.prepare<[string], number>('SELECT seen FROM handles WHERE peer = ?').pluck(),
    shareHandles: sharing(db, {
      name: 'handles',
      key: 'handle',
      age: 'seen',
      most: limits.handles,
      perAddress: limits.handlesPerAddress,
    }),
    putHandle: db.prepare<[string, string, number, Uint8Array, Uint8Array]>(
      'INSERT INTO handles (handle, peer, seen, near, wide) VALUES (?, ?, ?, ?, ?)',
    ),
    releaseHandle: db.prepare<[string]>('DELETE FROM handles WHERE peer = ?'),
    see: db.prepare<[number, string]>('UPDATE handles SET seen = ? WHERE peer = ?'),

    parkedRow: db.prepare<[Uint8Array], { owner: string; expires_at: number; sealed: Uint8Array }>(
      'SELECT owner, expires_at, sealed FROM parked WHERE slot = ?',
    ),
    parkedCount: db
      .prepare<[string, number], number>('SELECT count(*) FROM parked WHERE owner = ? AND expires_at > ?')
      .pluck(),
    shareParked: sharing(db, {
      name: 'parked',
      key: 'slot',
      age: 'expires_at',
      most: limits.parked,
      perAddress: limits.parkedPerAddress,
    }),
    park: db.prepare<[Uint8Array, string, number, Uint8Array, Uint8Array, Uint8Array]>(
      'INSERT INTO parked (slot, owner, expires_at, sealed, near, wide) VALUES (?, ?, ?, ?, ?, ?)',
    ),
    unpark: db.prepare<[Uint8Array]>('DELETE FROM parked WHERE slot = ?'),
    unparkAll: db.prepare<[string]>('DELETE FROM parked WHERE owner = ?'),
  }
}
