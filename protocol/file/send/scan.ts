/**
 * Makes the manifest of files and folders of this machine. A link that a person names is followed. Inside folders only
 * files and folders are taken: links could lead out of the folder, and pipes and devices have no end. What is left out
 * is counted, so that the person can be told.
 */
import { accessSync, constants, lstatSync } from 'node:fs'
import { lstat, readdir, realpath } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { QuorumError } from '../../base/errors.ts'
import { Yielder } from '../../base/yield.ts'
import { numbered } from '../safe-names.ts'
import { limits } from '../../base/limits.ts'
import { codeOf } from '../../base/disk-errors.ts'
import type { ManifestEntry } from '../../wire/offer.ts'

/** The permission bit that lets every user read. */
const readableByAll = 0o004

export interface Scanned {
  entries: ManifestEntry[]
  /** The path of each root, in the order in which roots appear in `entries`. */
  sources: string[]
  /** Links, pipes and devices inside folders. */
  leftOut: number
}

/**
 * Errors: `not-found` for what does not exist or cannot be read, `bad-request` for a pipe or a device, `too-large` for
 * more files than one transfer may have.
 */
export async function scan(paths: readonly string[]): Promise<Scanned> {
  const scanned: Scanned = { entries: [], sources: [], leftOut: 0 }
  const names = new Set<string>()
  for (const path of new Set(paths.map((given) => resolve(given)))) {
    const source = await attempt(path, () => realpath(path))
    const name = free(basename(path) || 'disk', names)
    names.add(name)
    scanned.sources.push(source)
    const stats = await attempt(path, () => lstat(source))
    if (stats.isDirectory()) await scanFolder(scanned, source, name, new Yielder())
    else if (stats.isFile()) push(scanned, entryOf(source, name))
    else throw new QuorumError('bad-request', `${path} is neither a file nor a folder`)
  }
  return scanned
}

async function scanFolder(scanned: Scanned, folder: string, path: string, yielder: Yielder): Promise<void> {
  const items = await attempt(folder, () => readdir(folder, { withFileTypes: true }))
  items.sort((a, b) => (a.name < b.name ? -1 : 1))
  const files = items.filter((item) => item.isFile())
  const folders = items.filter((item) => item.isDirectory())
  scanned.leftOut += items.length - files.length - folders.length
  if (files.length + folders.length === 0) push(scanned, { path: `${path}/`, size: 0, modified: 0 })
  for (const { name } of files) {
    push(scanned, entryOf(join(folder, name), `${path}/${name}`))
    if (yielder.due) await yielder.yield()
  }
  for (const { name } of folders) await scanFolder(scanned, join(folder, name), `${path}/${name}`, yielder)
}

/** Synchronous: a trip through the thread pool takes longer. */
function entryOf(file: string, path: string): ManifestEntry {
  try {
    const { size, mtimeMs, mode } = lstatSync(file)
    if ((mode & readableByAll) === 0) accessSync(file, constants.R_OK)
    return { path, size, modified: Math.max(0, Math.trunc(mtimeMs)) }
  } catch (error) {
    throw unreadable(file, error)
  }
}

function push({ entries }: Scanned, entry: ManifestEntry): void {
  if (entries.length >= limits.transferFiles) {
    throw new QuorumError('too-large', `One transfer can have ${limits.transferFiles} files: send it in parts`)
  }
  if (entry.path.length > limits.offeredPath) throw new QuorumError('too-large', `The path ${entry.path} is too long`)
  entries.push(entry)
}

/** `name`, or `name` with the first number that makes it unique. */
function free(name: string, taken: ReadonlySet<string>): string {
  for (let n = 1; ; n += 1) {
    const candidate = n === 1 ? name : numbered(name, n)
    if (!taken.has(candidate)) return candidate
  }
}

async function attempt<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw unreadable(path, error)
  }
}

function unreadable(path: string, cause: unknown): QuorumError {
  const what = /^(ENOENT|ENOTDIR)$/.test(codeOf(cause) ?? '') ? 'does not exist' : 'cannot be read'
  return new QuorumError('not-found', `${path} ${what}`, { cause })
}
