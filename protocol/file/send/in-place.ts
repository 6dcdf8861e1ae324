/**
 * Whether a path of an offer still leads to what was chosen. The last part of a path is opened without following links;
 * the folders before it could be replaced by links since, by whoever may write there, and lead to anything that has
 * the same name and size.
 */
import { lstatSync, realpathSync, type BigIntStats } from 'node:fs'
import { dirname } from 'node:path'

/** There is no link among the folders that `path` is in: it was resolved when it was offered. Errors: of the disk. */
export function isInPlace(path: string): boolean {
  const parent = dirname(path)
  return realpathSync.native(parent) === parent
}

/** The file that is open, with these `stats`, is the one at `path`. Asked after it was opened. Errors: of the disk. */
export function isAt(path: string, { dev, ino }: BigIntStats): boolean {
  if (!isInPlace(path)) return false
  const there = lstatSync(path, { bigint: true })
  return there.dev === dev && there.ino === ino
}
