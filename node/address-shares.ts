/**
 * Shares of addresses in what the node stores: an identity costs nothing, an address does. A table that is full takes
 * from the address with the most, not from who comes next. Addresses are stored only as keyed digests, and the key
 * lives in memory: nobody who reads the file can tell an address, and rows of one address still belong together.
 */
import { createHmac, randomBytes } from 'node:crypto'
import type Database from 'better-sqlite3-multiple-ciphers'
import { QuorumError } from '#protocol'

const digestBytes = 8

/** An address as stored: its own digest, and that of the wider network that one customer can have. */
export interface Origin {
  near: Uint8Array
  wide: Uint8Array
}

interface SharedTable {
  name: TableName
  /** Its primary key, and the column by which its oldest row is found. */
  key: string
  age: string
  /** In all, and of one address and one wide network: rows, or bytes where those are counted. */
  most: number
  perAddress: readonly [number, number]
}

/** The tables, and what counts in each. */
const measures = {
  envelopes: 'rows',
  handles: 'rows',
  parked: 'rows',
  tickets: 'bytes',
  parcels: 'bytes',
} as const

type TableName = keyof typeof measures

export const tableNames = Object.keys(measures) as readonly TableName[]

/** Tables whose rows have a size. */
const sized: ReadonlySet<TableName> = new Set(['envelopes', 'tickets', 'parcels'])

/**
 * Counts the rows or bytes of the tables, in all and by wide network, since a count over a full table takes as long as
 * serving many peers. The counts are temporary tables, in memory, and triggers keep them: so they are undone with a
 * savepoint or a transaction, whatever deletes a row. Needed before `sharing`; INSERT OR REPLACE bypasses them.
 */
export function countRows(db: Database.Database): void {
  db.pragma('temp_store = MEMORY')
  db.exec(`
    CREATE TEMP TABLE totals (name TEXT PRIMARY KEY, rows INTEGER NOT NULL, bytes INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TEMP TABLE shares (
      name TEXT NOT NULL, wide BLOB NOT NULL, weight INTEGER NOT NULL, PRIMARY KEY (name, wide)
    ) WITHOUT ROWID;
    -- Most addresses have one row, and never give way.
    CREATE INDEX temp.shares_heaviest ON shares (name, weight) WHERE weight > 1;
  `)
  for (const name of tableNames) {
    const bytes = (row: string): string => (sized.has(name) ? `${row}bytes` : '0')
    const weight = (row: string): string => (measures[name] === 'bytes' ? `${row}bytes` : '1')
    db.exec(`
      INSERT INTO totals SELECT '${name}', count(*), coalesce(sum(${bytes('')}), 0) FROM ${name};
      INSERT INTO shares SELECT '${name}', wide, sum(${weight('')}) FROM ${name} WHERE wide <> x'' GROUP BY wide;
      CREATE TEMP TRIGGER ${name}_added AFTER INSERT ON main.${name} BEGIN
        UPDATE totals SET rows = rows + 1, bytes = bytes + ${bytes('new.')} WHERE name = '${name}';
        INSERT INTO shares SELECT '${name}', new.wide, ${weight('new.')} WHERE new.wide <> x''
          ON CONFLICT (name, wide) DO UPDATE SET weight = weight + ${weight('new.')};
      END;
      CREATE TEMP TRIGGER ${name}_removed AFTER DELETE ON main.${name} BEGIN
        UPDATE totals SET rows = rows - 1, bytes = bytes - ${bytes('old.')} WHERE name = '${name}';
        UPDATE shares SET weight = weight - ${weight('old.')} WHERE name = '${name}' AND wide = old.wide;
        DELETE FROM shares WHERE name = '${name}' AND wide = old.wide AND weight = 0;
      END;
    `)
  }
}

/** Returns the digests of an address, from its keys (`quotaKeys`, the narrowest first). */
export function originDigest(): (keys: readonly string[]) => Origin {
  const key = randomBytes(32)
  const digest = (text: string | undefined): Uint8Array =>
    text === undefined ? new Uint8Array() : createHmac('sha256', key).update(text).digest().subarray(0, digestBytes)
  return (keys) => ({ near: digest(keys[0]), wide: digest(keys.at(-1)) })
}

/**
 * Makes room for one row of an address in `table`, within a transaction. `weight`: what the row counts for.
 * Errors: `rate-limited` if the address has as much as it may; `disk-full` if there is no room and nobody has more.
 */
export function sharing(db: Database.Database, table: SharedTable): (origin: Origin, weight?: number) => void {
  const { name, key, age, most, perAddress } = table
  const measure = measures[name]
  const total = db.prepare<[], number>(`SELECT ${measure} FROM totals WHERE name = '${name}'`).pluck()
  // At most `perAddress` rows of an index.
  const near = db
    .prepare<[Uint8Array], number>(
      `SELECT ${measure === 'bytes' ? 'coalesce(sum(bytes), 0)' : 'count(*)'} FROM ${name} WHERE near = ?`,
    )
    .pluck()
  const wide = db.prepare<[Uint8Array], number>(`SELECT weight FROM shares WHERE name = '${name}' AND wide = ?`).pluck()
  const heaviest = db.prepare<[], { wide: Uint8Array; weight: number }>(
    `SELECT wide, weight FROM shares WHERE name = '${name}' AND weight > 1 ORDER BY weight DESC LIMIT 1`,
  )
  const remove = db.prepare<[Uint8Array]>(
    `DELETE FROM ${name} WHERE ${key} = (SELECT ${key} FROM ${name} WHERE wide = ? ORDER BY ${age} LIMIT 1)`,
  )
  return (origin, weight = 1) => {
    const known = origin.near.length > 0
    const own = (known ? (wide.get(origin.wide) ?? 0) : 0) + weight
    if (known && ((near.get(origin.near) ?? 0) + weight > perAddress[0] || own > perAddress[1])) {
      throw new QuorumError('rate-limited', 'This node stores as much from your address as it allows')
    }
    // Where there is more than there may be since the bound became lower, one goes for one that comes.
    const before = total.get() ?? 0
    for (let left = before; left + weight > Math.max(most, before); left = total.get() ?? 0) {
      const other = heaviest.get()
      if (other === undefined || other.weight <= own) {
        throw new QuorumError('disk-full', 'This node holds as much as it is allowed to')
      }
      remove.run(other.wide)
    }
  }
}
