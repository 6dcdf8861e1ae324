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
  name: 'envelopes' | 'handles' | 'parked'
  /** Its primary key, and the column by which its oldest row is found. */
  key: string
  age: string
  /** Rows in all, and of one address and one wide network. */
  most: number
  perAddress: readonly [number, number]
}

/** Returns the digests of an address, from its keys (`quotaKeys`, the narrowest first). */
export function originDigest(): (keys: readonly string[]) => Origin {
  const key = randomBytes(32)
  const digest = (text: string | undefined): Uint8Array =>
    text === undefined ? new Uint8Array() : createHmac('sha256', key).update(text).digest().subarray(0, digestBytes)
  return (keys) => ({ near: digest(keys[0]), wide: digest(keys.at(-1)) })
}

/** Rows that had to go. `bytes` is 0 where the table does not count them. */
type Gone = { bytes: number }[]

/**
 * Makes room for one row of an address in `table`, within a transaction. Returns the rows that it deleted.
 * `total`: the rows of the table, if they are counted already.
 * Errors: `rate-limited` if the address has as many as it may; `disk-full` if there is no room and nobody has more.
 */
export function sharing(db: Database.Database, table: SharedTable): (origin: Origin, total?: number) => Gone {
  const { name, key, age, most, perAddress } = table
  const count = db.prepare<[], number>(`SELECT count(*) FROM ${name}`).pluck()
  const near = db.prepare<[Uint8Array], number>(`SELECT count(*) FROM ${name} WHERE near = ?`).pluck()
  const wide = db.prepare<[Uint8Array], number>(`SELECT count(*) FROM ${name} WHERE wide = ?`).pluck()
  const heaviest = db.prepare<[], { wide: Uint8Array; count: number }>(
    `SELECT wide, count(*) AS count FROM ${name} WHERE wide <> x'' GROUP BY wide ORDER BY count DESC LIMIT 1`,
  )
  const bytes = name === 'envelopes' ? 'bytes' : '0 AS bytes'
  const remove = db.prepare<[Uint8Array], { bytes: number }>(
    `DELETE FROM ${name} WHERE ${key} = (SELECT ${key} FROM ${name} WHERE wide = ? ORDER BY ${age} LIMIT 1)
     RETURNING ${bytes}`,
  )
  return (origin, total) => {
    const known = origin.near.length > 0
    const own = known ? (wide.get(origin.wide) ?? 0) : 0
    if (known && ((near.get(origin.near) ?? 0) >= perAddress[0] || own >= perAddress[1])) {
      throw new QuorumError('rate-limited', 'This node stores as much from your address as it allows')
    }
    if ((total ?? count.get() ?? 0) < most) return []
    const other = heaviest.get()
    if (other === undefined || other.count <= own + 1) {
      throw new QuorumError('disk-full', 'This node holds as much as it is allowed to')
    }
    return remove.all(other.wide)
  }
}
