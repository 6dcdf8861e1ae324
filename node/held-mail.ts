/**
 * What the node keeps on disk (held.db): envelopes for the absent, handles, parked invites. Not encrypted at rest:
 * the envelopes and invites are sealed to somebody else already, and the node must read the rest to do its work.
 * A sender is kept only as a keyed digest of sender and recipient. Durable when a call returns (WAL, FULL), one
 * process at a time. A damaged, foreign or newer file is refused and not touched.
 */
import fs from 'node:fs'
import path from 'node:path'
import { createHmac, randomBytes } from 'node:crypto'
import Database from 'better-sqlite3-multiple-ciphers'
import { QuorumError, limits } from '#protocol'
import type { DirectoryStore, HeldEnvelope } from '#protocol'
import { createFile, diskError, refusal } from './disk.ts'

/** "QrHM": tells our file from another program's. */
const applicationId = 0x5172484d
const schemaVersion = 1
/** Below this much free space the node calls the disk full, before SQLite stumbles over it in the middle of something. */
const freeBytes = 16 * 1024 * 1024
/** A handle's owner is noted as seen this often: when everyone reconnects at once, nobody waits for the disk. */
const seenEvery = 60 * 60 * 1000
const digestBytes = 16

const schema = `
  CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
  -- AUTOINCREMENT: an id that was acknowledged must never come to mean another envelope.
  CREATE TABLE envelopes (
    id INTEGER PRIMARY KEY AUTOINCREMENT, recipient TEXT NOT NULL, sender BLOB NOT NULL, digest BLOB NOT NULL,
    bytes INTEGER NOT NULL, held_since INTEGER NOT NULL, envelope BLOB NOT NULL
  );
  CREATE UNIQUE INDEX envelopes_once ON envelopes (recipient, digest);
  CREATE INDEX envelopes_from ON envelopes (recipient, sender);
  CREATE INDEX envelopes_age ON envelopes (held_since, bytes);
  CREATE TABLE handles (handle TEXT PRIMARY KEY, peer TEXT NOT NULL UNIQUE, seen INTEGER NOT NULL) WITHOUT ROWID;
  CREATE INDEX handles_age ON handles (seen);
  CREATE TABLE parked (slot BLOB PRIMARY KEY, owner TEXT NOT NULL, expires_at INTEGER NOT NULL, sealed BLOB NOT NULL);
  CREATE INDEX parked_owner ON parked (owner, expires_at);
  CREATE INDEX parked_age ON parked (expires_at);
`

export interface HeldMail extends DirectoryStore {
  /** Writes a little to see whether the disk takes it. Errors: `disk-full` (also when nearly full), `not-writable`. */
  check(): void
}

/**
 * Opens the store at `file` (or `:memory:`), creating it if there is none.
 * Errors: `store-locked`, `store-corrupt`, `unsupported-version`, `disk-full`, `not-writable`.
 */
export function openHeldMail(file: string): HeldMail {
  const inMemory = file === ':memory:'
  if (!inMemory && !fs.existsSync(file)) createFile(file, create)
  let db: Database.Database | undefined
  try {
    // Not `timeout`: whoever holds the lock keeps it for as long as it runs.
    db = new Database(file, { fileMustExist: !inMemory, timeout: 0 })
    if (inMemory) build(db)
    else claim(db, file)
    const mail = createHeldMail(db, file)
    mail.check()
    return mail
  } catch (error) {
    db?.close()
    throw diskError(error, file)
  }
}

/** The first database is built beside its place: an existing held.db is always a whole one, or damaged. */
function create(file: string): void {
  const db = new Database(file)
  try {
    build(db)
  } finally {
    db.close()
    // On a full disk SQLite leaves these behind.
    for (const beside of ['-wal', '-shm', '-journal']) fs.rmSync(file + beside, { force: true })
  }
}

function build(db: Database.Database): void {
  db.pragma('auto_vacuum = INCREMENTAL')
  db.pragma('journal_mode = WAL')
  db.transaction(() => {
    db.exec(schema)
    const put = db.prepare('INSERT INTO meta (name, value) VALUES (?, ?)')
    put.run('digest key', randomBytes(32))
    put.run('checks', 0)
    db.pragma(`application_id = ${applicationId}`)
    db.pragma(`user_version = ${schemaVersion}`)
  })()
}

/** Takes the lock, then makes sure that the file is ours, whole, and of a version we know. */
function claim(db: Database.Database, file: string): void {
  // Held until close, and by the system only: a killed process leaves no stale lock.
  db.pragma('locking_mode = EXCLUSIVE')
  db.pragma('synchronous = FULL')
  // What is deleted is overwritten, so that "forget" does.
  db.pragma('secure_delete = ON')
  db.pragma('journal_size_limit = 67108864')
  if (db.pragma('application_id', { simple: true }) !== applicationId) {
    throw new QuorumError('store-corrupt', refusal('store-corrupt', file, 'not a store of held mail'))
  }
  const version = Number(db.pragma('user_version', { simple: true }))
  if (version > schemaVersion) {
    throw new QuorumError('unsupported-version', refusal('unsupported-version', file, `schema ${version}`))
  }
  const verdict = db.pragma('quick_check(1)', { simple: true })
  if (verdict !== 'ok')
    throw new QuorumError('store-corrupt', refusal('store-corrupt', file, 'the integrity check failed'))
}

function createHeldMail(db: Database.Database, file: string): HeldMail {
  const sql = statements(db)
  const key = sql.digestKey.get()
  if (key === undefined) throw new QuorumError('store-corrupt', refusal('store-corrupt', file, 'a key is missing'))
  const digest = (...parts: (string | Uint8Array)[]) => keyedDigest(key, parts)
  // Counted once and then kept up: a sum over 250,000 rows at each scrape would hold up the event loop.
  const totals = sql.totals.get() ?? { held: 0, heldBytes: 0 }

  /** One transaction, with errors of the disk in our words. */
  function write<T>(change: () => T): T {
    try {
      return db.transaction(change).immediate()
    } catch (error) {
      throw diskError(error, file)
    }
  }
  function read<T>(query: () => T): T {
    try {
      return query()
    } catch (error) {
      throw diskError(error, file)
    }
  }
  /** `rows` left the disk: to be called when their transaction has ended well. */
  function uncount(rows: { bytes: number }[]): void {
    totals.held -= rows.length
    for (const { bytes } of rows) totals.heldBytes -= bytes
  }
  function checkFits(table: number, limit: number): void {
    if (table >= limit) throw new QuorumError('disk-full', 'This node holds as much as it is allowed to')
  }

  return {
    hold(to, from, envelope, now) {
      if (envelope.length > limits.envelope) {
        throw new QuorumError('too-large', `An envelope has at most ${limits.envelope} bytes`)
      }
      const same = digest(envelope)
      const sender = digest(from, to)
      const { row, added } = write(() => {
        const already = sql.identical.get(to, same)
        if (already !== undefined) return { row: already, added: false }
        if ((sql.countFor.get(to) ?? 0) >= limits.heldPerRecipient) {
          throw new QuorumError('rate-limited', 'Too much is waiting for this peer already')
        }
        if ((sql.countFrom.get(to, sender) ?? 0) >= limits.heldPerSender) {
          throw new QuorumError('rate-limited', 'Too much from you is waiting for this peer already')
        }
        checkFits(totals.held, limits.held)
        const { lastInsertRowid } = sql.insert.run(to, sender, same, envelope.length, now, envelope)
        return { row: { id: Number(lastInsertRowid), envelope, heldSince: now }, added: true }
      })
      if (added) {
        totals.held += 1
        totals.heldBytes += envelope.length
      }
      return plain(row)
    },
    held: (to) => read(() => sql.heldFor.all(to).map(plain)),
    drop(to, ids) {
      uncount(write(() => ids.flatMap((id) => sql.drop.all(to, id))))
    },

    claimHandle(handle, peer, now) {
      if (!limits.handlePattern.test(handle)) {
        throw new QuorumError('bad-request', 'A handle has 3 to 32 of a-z, 0-9, "-", "_" and "."')
      }
      write(() => {
        const owner = sql.handleRow.get(handle)
        if (owner !== undefined && owner.peer !== peer && now - owner.seen <= limits.handleKept) {
          throw new QuorumError('handle-taken', 'Somebody else has this handle')
        }
        if (owner === undefined && sql.handleOf.get(peer) === undefined) {
          checkFits(sql.handles.get() ?? 0, limits.handles)
        }
        sql.releaseHandle.run(peer)
        sql.putHandle.run(handle, peer, now)
      })
    },
    releaseHandle(peer) {
      if (read(() => sql.handleOf.get(peer)) !== undefined) write(() => sql.releaseHandle.run(peer))
    },
    seen(peer, now) {
      const last = read(() => sql.handleSeen.get(peer))
      if (last !== undefined && now - last >= seenEvery) write(() => sql.see.run(now, peer))
    },
    handleOwner(handle, now) {
      const owner = read(() => sql.handleRow.get(handle))
      return owner === undefined || now - owner.seen > limits.handleKept ? undefined : owner.peer
    },
    handleOf: (peer) => read(() => sql.handleOf.get(peer)),

    park(slot, owner, sealed, expiresAt, now) {
      if (slot.length !== 16) throw new QuorumError('bad-request', 'A slot has 16 bytes')
      if (sealed.length > limits.parkedInvite) {
        throw new QuorumError('too-large', `A parked invite has at most ${limits.parkedInvite} bytes`)
      }
      write(() => {
        const there = sql.parkedRow.get(slot)
        const live = there !== undefined && there.expires_at > now
        if (live && there.owner !== owner) throw new QuorumError('bad-request', 'This slot belongs to somebody else')
        if (!live && (sql.parkedCount.get(owner, now) ?? 0) >= limits.parkedPerPeer) {
          throw new QuorumError('rate-limited', 'You have parked as many invites as this node allows')
        }
        if (there === undefined) checkFits(sql.parkedAll.get() ?? 0, limits.parked)
        sql.park.run(slot, owner, Math.min(expiresAt, now + limits.parkedFor), sealed)
      })
    },
    parked(slot, now) {
      const row = read(() => sql.parkedRow.get(slot))
      return row === undefined || row.expires_at <= now ? undefined : new Uint8Array(row.sealed)
    },
    parkedCount: (owner, now) => read(() => sql.parkedCount.get(owner, now) ?? 0),

    forget(peer) {
      uncount(
        write(() => {
          sql.releaseHandle.run(peer)
          sql.unparkAll.run(peer)
          return sql.dropAll.all(peer)
        }),
      )
    },
    expire(now) {
      uncount(
        write(() => {
          sql.expireHandles.run(now - limits.handleKept)
          sql.expireParked.run(now)
          return sql.expire.all(now - limits.heldFor)
        }),
      )
      read(() => {
        // Gives the space back, and clears deleted rows out of the log as well as the file.
        db.pragma('incremental_vacuum')
        db.pragma('wal_checkpoint(TRUNCATE)')
      })
    },
    stats: () => read(() => ({ ...totals, handles: sql.handles.get() ?? 0, parked: sql.parkedAll.get() ?? 0 })),
    check() {
      if (file !== ':memory:') {
        const { bavail, bsize } = read(() => fs.statfsSync(path.dirname(path.resolve(file))))
        if (bavail * bsize < freeBytes) {
          const left = `${Math.floor((bavail * bsize) / 1024 / 1024)} of the ${freeBytes / 1024 / 1024} MB it needs are free`
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

function keyedDigest(key: Uint8Array, parts: (string | Uint8Array)[]): Uint8Array {
  const hmac = createHmac('sha256', key)
  // PeerIds hold no zero byte, and an envelope stands alone: the parts cannot run into each other.
  for (const part of parts) hmac.update(part).update('\0')
  return hmac.digest().subarray(0, digestBytes)
}

/** As the interface says, without Node's Buffer, whose `slice` differs. */
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
    insert: db.prepare<[string, Uint8Array, Uint8Array, number, number, Uint8Array]>(
      'INSERT INTO envelopes (recipient, sender, digest, bytes, held_since, envelope) VALUES (?, ?, ?, ?, ?, ?)',
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
    putHandle: db.prepare<[string, string, number]>(
      'INSERT OR REPLACE INTO handles (handle, peer, seen) VALUES (?, ?, ?)',
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
    park: db.prepare<[Uint8Array, string, number, Uint8Array]>(
      'INSERT OR REPLACE INTO parked (slot, owner, expires_at, sealed) VALUES (?, ?, ?, ?)',
    ),
    unparkAll: db.prepare<[string]>('DELETE FROM parked WHERE owner = ?'),
    expireParked: db.prepare<[number]>('DELETE FROM parked WHERE expires_at <= ?'),
  }
}
