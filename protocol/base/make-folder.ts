/**
 * Creates a folder and those above it. Node's own `recursive` runs for ever, at full load and deaf to signals, where a
 * file system answers ENOENT although the parent is there (procfs does).
 */
import { mkdirSync, statSync } from 'node:fs'
import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { codeOf } from './disk-errors.ts'
import { toError } from './errors.ts'

/** `mode`: of each folder that is created. A folder that exists is left as it is. Errors: those of the disk. */
export async function makeFolder(folder: string, mode = 0o777): Promise<void> {
  const failure = await attempt(folder, mode)
  if (failure === undefined) return
  if (!parentMissing(folder, failure)) throw failure
  await makeFolder(dirname(folder), mode)
  const again = await attempt(folder, mode)
  if (again !== undefined) throw again
}

/** The same, synchronous: for the start of a program. */
export function makeFolderSync(folder: string, mode = 0o777): void {
  const failure = attemptSync(folder, mode)
  if (failure === undefined) return
  if (!parentMissing(folder, failure)) throw failure
  makeFolderSync(dirname(folder), mode)
  const again = attemptSync(folder, mode)
  if (again !== undefined) throw again
}

/**
 * Returns why there is no such folder now. Whatever mkdir says of a folder that exists (EEXIST; EISDIR, EPERM and EROFS
 * of a root), it exists.
 */
async function attempt(folder: string, mode: number): Promise<Error | undefined> {
  try {
    await mkdir(folder, { mode })
    return undefined
  } catch (error) {
    const found = await stat(folder).catch(() => undefined)
    return found?.isDirectory() === true ? undefined : toError(error)
  }
}

function attemptSync(folder: string, mode: number): Error | undefined {
  try {
    mkdirSync(folder, { mode })
    return undefined
  } catch (error) {
    return isFolder(folder) ? undefined : toError(error)
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}

function parentMissing(folder: string, error: Error): boolean {
  return codeOf(error) === 'ENOENT' && dirname(folder) !== folder
}
