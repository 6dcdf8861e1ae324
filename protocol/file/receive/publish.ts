/**
 * Puts something that is whole under its final name, and never replaces what is there: a name that is taken gets a
 * number. Files by a hard link, which fails where the name exists; folders by making an empty one, which fails
 * likewise, and moving over it.
 */
import type { Stats } from 'node:fs'
import { link, lstat, mkdir, open, readdir, rename, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { numbered } from '../safe-names.ts'
import { codeOf } from '../../base/disk-errors.ts'

/** Disks that know no hard links say one of these. */
const noLinks = /^(EPERM|ENOTSUP|EOPNOTSUPP|ENOSYS|EMLINK|EINVAL)$/

/**
 * Moves `staged` into `directory` as `name`, or `name (2)`, … . `decided` is called with each name before it is tried;
 * `earlier`: one that was decided before a crash, which is tried first. Returns the name. Errors: those of the disk.
 */
export async function publish(
  staged: string,
  directory: string,
  name: string,
  decided: (name: string) => void,
  earlier?: string,
): Promise<string> {
  const isFolder = (await lstat(staged)).isDirectory()
  const move = isFolder ? moveFolder : moveFile
  if (earlier != null && (await move(staged, join(directory, earlier), true))) return earlier
  for (let n = 1; ; n += 1) {
    const candidate = n === 1 ? name : numbered(name, n)
    decided(candidate)
    if (await move(staged, join(directory, candidate), false)) return candidate
  }
}

/**
 * `staged` was put at `path` before: it is there and not here, or both are one file; then only `path` is left. `whole`:
 * it was here once, so what is no longer here was put there, wherever a person moved it since.
 */
export async function isPublished(staged: string, path: string, whole: boolean): Promise<boolean> {
  const [here, there] = await Promise.all([look(staged), look(path)])
  if (here == null) return whole || there != null
  if (there == null || here.isDirectory() || here.ino !== there.ino || here.dev !== there.dev) return false
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

/** Without hard links: the name is taken first, by an empty file of ours. `ours`: that may have been before a crash. */
async function replaceEmpty(staged: string, path: string, ours: boolean): Promise<boolean> {
  try {
    await (await open(path, 'wx')).close()
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
    const there = ours ? await look(path) : undefined
    if (there?.isFile() !== true || there.size > 0) return false
  }
  await rename(staged, path)
  return true
}

/** `ours`: an empty folder under that name is one that we made before a crash. */
async function moveFolder(staged: string, path: string, ours: boolean): Promise<boolean> {
  try {
    await mkdir(path)
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
    const left = ours && (await look(path))?.isDirectory() === true ? await readdir(path) : ['something']
    if (left.length > 0) return false
  }
  await rename(staged, path)
  return true
}

async function look(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}
