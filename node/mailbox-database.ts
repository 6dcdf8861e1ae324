/**
 * The SQLite file of the node (held.db): its tables, its creation, and the checks before it is used. One process at a
 * time opens it. A file that is damaged, newer, or of another program is refused and not touched.
 */
import fs from 'node:fs'
import { randomBytes } from 'node:crypto'
import Database from 'better-sqlite3-multiple-ciphers'
import { QuorumError } from '#protocol'
import { createFile, refusal } from './disk.ts'

/** "QrHM": distinguishes the file from those of other programs. */
const applicationId = 0x5172484d

const schema = `
  CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
  -- AUTOINCREMENT: an id that was acknowledged must never be given to another envelope.
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

/** Version 2: the address that each row came from (address-shares.ts); empty for those of earlier versions. */
const origins = ['envelopes', 'handles', 'parked']
  .map(
    (table) => `
  ALTER TABLE ${table} ADD COLUMN near BLOB NOT NULL DEFAULT x'';
  ALTER TABLE ${table} ADD COLUMN wide BLOB NOT NULL DEFAULT x'';
  CREATE INDEX ${table}_near ON ${table} (near);
  CREATE INDEX ${table}_wide ON ${table} (wide);
`,
  )
  .join('')

/**
 * Version 3: parcels, and the tickets under which they may be left, one row for each recipient (the hashes one after
 * the other). A recipient is a keyed digest.
 */
const parcels = `
  CREATE TABLE tickets (
    recipient BLOB PRIMARY KEY, hashes BLOB NOT NULL, bytes INTEGER NOT NULL, seen INTEGER NOT NULL,
    near BLOB NOT NULL, wide BLOB NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX tickets_age ON tickets (seen);
  CREATE INDEX tickets_near ON tickets (near, bytes);
  CREATE INDEX tickets_wide ON tickets (wide, seen);
  CREATE TABLE parcels (
    id INTEGER PRIMARY KEY AUTOINCREMENT, recipient BLOB NOT NULL, ticket BLOB NOT NULL, parcel BLOB NOT NULL,
    bytes INTEGER NOT NULL, held_since INTEGER NOT NULL, sealed BLOB NOT NULL, near BLOB NOT NULL, wide BLOB NOT NULL
  );
  CREATE INDEX parcels_next ON parcels (recipient, id);
  CREATE UNIQUE INDEX parcels_once ON parcels (recipient, ticket, parcel);
  CREATE INDEX parcels_size ON parcels (recipient, ticket, bytes);
  CREATE INDEX parcels_age ON parcels (held_since);
  CREATE INDEX parcels_near ON parcels (near, bytes);
  CREATE INDEX parcels_wide ON parcels (wide);
`

/** What each version adds to the one before it; the first is what a database is made with. */
const steps = [schema, origins, parcels]

/**
 * Opens `file` (or `:memory:`), creating it if there is none.
 * Errors: `store-corrupt`, `unsupported-version`, and those of SQLite and the disk.
 */
export function openMailboxDatabase(file: string): Database.Database {
  const inMemory = file === ':memory:'
  if (!inMemory && !fs.existsSync(file)) createFile(file, create)
  // Timeout 0: the holder of the lock keeps it for as long as it runs.
  const db = new Database(file, { fileMustExist: !inMemory, timeout: 0 })
  try {
    if (inMemory) build(db)
    else claim(db, file)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

/** A new database is built under a temporary name: an existing held.db is complete, or damaged. */
function create(file: string): void {
  const db = new Database(file)
  try {
    build(db)
  } finally {
    db.close()
    // On a full disk SQLite leaves these files.
    for (const beside of ['-wal', '-shm', '-journal']) fs.rmSync(file + beside, { force: true })
  }
}

function build(db: Database.Database): void {
  db.pragma('auto_vacuum = INCREMENTAL')
  db.pragma('journal_mode = WAL')
  db.transaction(() => {
    db.exec(steps.join(''))
    const put = db.prepare('INSERT INTO meta (name, value) VALUES (?, ?)')
    put.run('digest key', randomBytes(32))
    put.run('checks', 0)
    db.pragma(`application_id = ${applicationId}`)
    db.pragma(`user_version = ${steps.length}`)
  })()
}

/** Takes the lock, then checks that the file is a database of this program, complete, and of a known version. */
function claim(db: Database.Database, file: string): void {
  // The system releases it when the process ends in any way: no lock is ever stale.
  db.pragma('locking_mode = EXCLUSIVE')
  // The log is flushed by group-commit.ts, outside of the event loop.
  db.pragma('synchronous = NORMAL')
  // Deleted data is overwritten, for `forget`.
  db.pragma('secure_delete = ON')
  db.pragma('journal_size_limit = 67108864')
  if (db.pragma('application_id', { simple: true }) !== applicationId) {
    throw new QuorumError('store-corrupt', refusal('store-corrupt', file, 'not a database of quorum-node'))
  }
  const version = Number(db.pragma('user_version', { simple: true }))
  if (version > steps.length) {
    throw new QuorumError('unsupported-version', refusal('unsupported-version', file, `schema ${version}`))
  }
  const verdict = db.pragma('quick_check(1)', { simple: true })
  if (verdict !== 'ok')
    throw new QuorumError('store-corrupt', refusal('store-corrupt', file, 'the integrity check failed'))
  if (version < steps.length) {
    db.transaction(() => {
      db.exec(steps.slice(version).join(''))
      db.pragma(`user_version = ${steps.length}`)
    })()
  }
}
