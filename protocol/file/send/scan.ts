/**
 * Makes the manifest of files and folders of this machine. A link that a person names is followed. Inside folders only
 * files and folders are taken: a link that leads out of the folder leads to what nobody chose, what one within it leads
 * to is offered anyway, and pipes and devices have no end. A member of a folder that cannot be offered (those, and what
 * is unreadable, gone, has a name that is no text, a size that is not its own) is left out and named: it costs itself
 * only. What a person named must be there.
 */
import { isUtf8 } from 'node:buffer'
import { closeSync, constants, lstatSync, openSync, readSync, type Stats } from 'node:fs'
import { lstat, readdir, realpath } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { maySendAgain } from '../../api/missing-files.ts'
import { byUnits } from '../../base/by-units.ts'
import { QuorumError } from '../../base/errors.ts'
import { Yielder } from '../../base/yield.ts'
import { numbered } from '../safe-names.ts'
import { rootOf } from '../manifest.ts'
import { limits } from '../../base/limits.ts'
import { codeOf } from '../../base/disk-errors.ts'
import { isInPlace } from './in-place.ts'
import type { LeftOut, ManifestEntry } from '../../wire/offer.ts'

/** The permission bit that lets every user read. */
const readableByAll = 0o004
/** A pipe that took the place of a file does not block. */
const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

export interface Scanned {
  entries: ManifestEntry[]
  /** The path of each root, in the order in which roots appear in `entries`. */
  sources: string[]
  /** Members of folders that cannot be offered: links and the like last, as most of them are no loss. */
  leftOut: LeftOut[]
}

/** A file or folder of an earlier manifest: its path there, where it is on this machine, and where its root is. */
export interface Member {
  path: string
  at: string
  source: string
}

/**
 * Errors: `not-found` for what does not exist or cannot be read, or has no member that can be; `bad-request` for a
 * pipe, a device, or a file that does not tell its size; `too-large` for more files than one transfer may have.
 */
export async function scan(paths: readonly string[]): Promise<Scanned> {
  const scanned: Scanned = { entries: [], sources: [], leftOut: [] }
  const names = new Set<string>()
  for (const path of new Set(paths.map((given) => resolve(given)))) {
    const source = await attempt(path, () => realpath(path))
    const name = free(basename(path) || 'disk', names)
    names.add(name)
    scanned.sources.push(source)
    const stats = await attempt(path, () => lstat(source))
    if (stats.isDirectory()) {
      await scanFolder(scanned, await attempt(path, () => membersOf(source)), source, name, new Yielder())
    } else if (stats.isFile()) push(scanned, named(path, entryOf(source, name)))
    else throw new QuorumError('bad-request', `${path} is neither a file nor a folder`)
  }
  return something(scanned)
}

/** The same for members that did not arrive: each keeps its path. What cannot be offered now is left out again. */
export async function scanAgain(members: readonly Member[]): Promise<Scanned> {
  const scanned: Scanned = { entries: [], sources: [], leftOut: [] }
  const yielder = new Yielder()
  for (const { path, at: given } of members) {
    const plain = path.replace(/\/$/, '')
    // Without a slash at the end: it would follow a link.
    const at = resolve(given)
    if (leadsOut(at)) scanned.leftOut.push({ path: plain, why: 'link' })
    else if (path === plain) add(scanned, entryOf(at, plain), plain)
    else await scanBelow(scanned, at, plain, yielder)
    if (yielder.due) await yielder.yield()
  }
  const sources = new Map(members.map(({ path, source }) => [rootOf(path), source]))
  const roots = new Set(scanned.entries.map(({ path }) => rootOf(path)))
  return something({ ...scanned, sources: [...roots].map((root) => sources.get(root) ?? '') })
}

/** By now a folder that `at` is in is a link. What is not there cannot be read, either, and is not asked about. */
function leadsOut(at: string): boolean {
  try {
    return !isInPlace(at)
  } catch (error) {
    if (codeOf(error) === undefined) throw error
    return false
  }
}

/** Errors: `not-found` if nothing but empty folders is left of what was to be offered. */
function something(scanned: Scanned): Scanned {
  const leftOut = scanned.leftOut.toSorted((a, b) => Number(maySendAgain(b)) - Number(maySendAgain(a)))
  const [first] = leftOut
  if (first != null && scanned.entries.every(({ path }) => path.endsWith('/'))) {
    throw new QuorumError('not-found', `Nothing of it can be sent: ${first.path}, for example, ${faults[first.why]}`)
  }
  return { ...scanned, leftOut }
}

const faults: Record<LeftOut['why'], string> = {
  unreadable: 'cannot be read',
  name: 'has a name that is no text',
  size: 'does not tell its size',
  link: 'is a link, which is not followed',
  special: 'is a pipe, a socket or a device',
}

interface FolderMembers {
  files: string[]
  folders: string[]
  /** What is neither. In names that are no text, wrong bytes are replaced. */
  others: { name: string; why: 'name' | 'link' | 'special' }[]
}

/** Errors: those of the disk. */
async function membersOf(folder: string): Promise<FolderMembers> {
  const members: FolderMembers = { files: [], folders: [], others: [] }
  for (const item of await readdir(folder, { withFileTypes: true, encoding: 'buffer' })) {
    const name = item.name.toString()
    const isFolder = item.isDirectory()
    if (!isFolder && !item.isFile()) {
      members.others.push({ name, why: item.isSymbolicLink() ? 'link' : 'special' })
    } else if (!isUtf8(item.name)) members.others.push({ name: isFolder ? `${name}/` : name, why: 'name' })
    else (isFolder ? members.folders : members.files).push(name)
  }
  return members
}

async function scanFolder(
  scanned: Scanned,
  { files, folders, others }: FolderMembers,
  folder: string,
  path: string,
  yielder: Yielder,
): Promise<void> {
  const before = scanned.entries.length
  for (const { name, why } of others.toSorted((a, b) => byUnits(a.name, b.name))) {
    scanned.leftOut.push({ path: `${path}/${name}`, why })
  }
  for (const name of files.toSorted(byUnits)) {
    add(scanned, entryOf(join(folder, name), `${path}/${name}`), `${path}/${name}`)
    if (yielder.due) await yielder.yield()
  }
  for (const name of folders.toSorted(byUnits)) await scanBelow(scanned, join(folder, name), `${path}/${name}`, yielder)
  if (scanned.entries.length === before) push(scanned, { path: `${path}/`, size: 0, modified: 0 })
}

/** A folder within another: one that cannot be read, or is a link by now, is left out as a whole. */
async function scanBelow(scanned: Scanned, folder: string, path: string, yielder: Yielder): Promise<void> {
  const members = await membersOf(folder).catch(unlessOfDisk)
  // It may have taken the place of the folder that was listed. A path that is too long cannot be asked about at all.
  const isLink = await lstat(folder).then((stats) => stats.isSymbolicLink(), unlessOfDisk)
  if (isLink === true) scanned.leftOut.push({ path, why: 'link' })
  else if (members === 'unreadable') scanned.leftOut.push({ path: `${path}/`, why: members })
  else await scanFolder(scanned, members, folder, path, yielder)
}

function unlessOfDisk(error: unknown): 'unreadable' {
  if (codeOf(error) === undefined) throw error
  return 'unreadable'
}

interface Refused {
  why: 'unreadable' | 'size' | 'link'
  cause?: unknown
}

/** Synchronous: a trip through the thread pool takes longer. */
function entryOf(file: string, path: string): ManifestEntry | Refused {
  try {
    const stats = lstatSync(file)
    if (!stats.isFile()) return { why: stats.isSymbolicLink() ? 'link' : 'unreadable' }
    if (!tellsItsSize(file, stats)) return { why: 'size' }
    return { path, size: stats.size, modified: Math.max(0, Math.trunc(stats.mtimeMs)) }
  } catch (cause) {
    if (codeOf(cause) === undefined) throw cause
    return { why: 'unreadable', cause }
  }
}

/**
 * Whether the size of a file is that of its content. In procfs, sysfs and some FUSE folders it is 0 or a whole page.
 * Such files have no blocks on a disk, so of those that every user may read, only files without blocks are opened.
 * Errors: those of the disk.
 */
function tellsItsSize(file: string, { size, blocks, mode }: Stats): boolean {
  if (blocks > 0 && (mode & readableByAll) > 0) return true
  const handle = openSync(file, flags)
  try {
    const read = readSync(handle, Buffer.alloc(1), 0, 1, Math.max(0, size - 1))
    return size === 0 ? read === 0 : read === 1
  } finally {
    closeSync(handle)
  }
}

/** The entry of a file that a person named. Errors: `not-found`, `bad-request`. */
function named(path: string, entry: ManifestEntry | Refused): ManifestEntry {
  if (!('why' in entry)) return entry
  if (entry.why !== 'size') throw unreadable(path, entry.cause)
  throw new QuorumError('bad-request', `${path} does not tell its size: copy it, and send the copy`)
}

function add(scanned: Scanned, entry: ManifestEntry | Refused, path: string): void {
  if ('why' in entry) scanned.leftOut.push({ path, why: entry.why })
  else push(scanned, entry)
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
