/**
 * Gives a file or folder that is whole its final name, and never replaces anything: a name that is taken gets a number.
 * A file gets its name as a hard link, which fails if the name exists. For a folder an empty one is created, which
 * fails likewise, and then replaced.
 */
import type { Stats } from 'node:fs'
import { link, lstat, mkdir, open, readdir, rename, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { numbered } from '../safe-names.ts'
import { codeOf } from '../../base/disk-errors.ts'

/** Errors of file systems without hard links. */
const noLinks = /^(EPERM|ENOTSUP|EOPNOTSUPP|ENOSYS|EMLINK|EINVAL)$/

/**
 * Moves `staged` into `directory` as `name`, or `name (2)`, … . `onName` is called with each name before it is tried.
 * `earlier`: the name that was tried last before a crash; it is tried first. Returns the name. Errors: those of the
 * disk.
 */
export async function publish(
  staged: string,
  directory: string,
  name: string,
  onName: (name: string) => void,
  earlier?: string,
): Promise<string> {
  const isFolder = (await lstat(staged)).isDirectory()
  const move = isFolder ? moveFolder : moveFile
  if (earlier != null && (await move(staged, join(directory, earlier), true))) return earlier
  for (let n = 1; ; n += 1) {
    const candidate = n === 1 ? name : numbered(name, n)
    onName(candidate)
    if (await move(staged, join(directory, candidate), false)) return candidate
  }
}

/**
 * Whether `staged` was moved to `path` before a crash: it exists only there, or both are links to one file, of which
 * `staged` is then removed. `begun`: it existed as `staged` once, so if it does not any more it was published, wherever
 * a person moved it since.
 */
export async function isPublished(staged: string, path: string, begun: boolean): Promise<boolean> {
  const [source, target] = await Promise.all([statsOf(staged), statsOf(path)])
  if (source == null) return begun || target != null
  if (target == null || source.isDirectory() || source.ino !== target.ino || source.dev !== target.dev) return false
  await unlink(staged)
  return true
}

async function moveFile(staged: string, path: string, ours: boolean): Promise<boolean> {
  try {
    await link(staged, path)
  } catch (error) {
    const code = codeOf(error) ?? ''
    if (code === 'EEXIST') return false
    if (!noLinks.test(code)) throw error
    return replaceEmpty(staged, path, ours)
  }
  await unlink(staged)
  return true
}

/** Without hard links: an empty file takes the name first. `ours`: one that exists may be that, from before a crash. */
async function replaceEmpty(staged: string, path: string, ours: boolean): Promise<boolean> {
  try {
    await (await open(path, 'wx')).close()
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
    const existing = ours ? await statsOf(path) : undefined
    if (existing?.isFile() !== true || existing.size > 0) return false
  }
  await rename(staged, path)
  return true
}

/** `ours`: an empty folder with that name was created here before a crash. */
async function moveFolder(staged: string, path: string, ours: boolean): Promise<boolean> {
  try {
    await mkdir(path)
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
    const isEmpty = ours && (await statsOf(path))?.isDirectory() === true && (await readdir(path)).length === 0
    if (!isEmpty) return false
  }
  await rename(staged, path)
  return true
}

/** Undefined: nothing has that name. A link is not followed. */
async function statsOf(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}
