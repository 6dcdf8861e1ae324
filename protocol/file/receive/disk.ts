/**
 * The disk that files are received to: whether they fit, private folders, flushing, and its errors in words for people.
 */
import { execFile } from 'node:child_process'
import { closeSync, constants, lstatSync, mkdirSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { platform, userInfo } from 'node:os'
import { QuorumError, toError } from '../../base/errors.ts'
import { openFile, syncFile } from '../io.ts'
import { fileLimits } from '../limits.ts'
import { codeOf, diskErrorOf } from '../../base/disk-errors.ts'

/** Errors: `disk-full` if `bytes` more do not fit into `directory`; those of the disk. */
export async function needRoom(directory: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(directory)
  if (bavail * bsize < bytes) {
    throw new QuorumError('disk-full', `There is not enough room in ${directory}: free some, then try again`)
  }
}

/**
 * Creates `folder` with the permissions `mode`, or takes an existing one that belongs to this user. Errors:
 * `not-writable` for anything else with that name, a link to a folder for example.
 */
export function ownFolder(folder: string, mode: number): void {
  try {
    mkdirSync(folder, { mode })
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
    const existing = lstatSync(folder)
    const { uid } = userInfo()
    if (!existing.isDirectory() || (uid >= 0 && existing.uid !== uid)) {
      throw new QuorumError('not-writable', `${folder} is in the way: remove it`, { cause: error })
    }
  }
}

/**
 * Flushes `files` of `folder` to the disk. If there are many, `sync -f` flushes the whole file system on Linux: one by
 * one, each file waits for the disk by itself (10,000 files: 3 s instead of 0.4 s). Errors: those of the disk.
 */
export async function syncFiles(folder: string, files: readonly string[]): Promise<void> {
  const batch = fileLimits.flushedSingly
  if (files.length > batch && platform() === 'linux' && (await syncFileSystem(folder))) return
  for (let start = 0; start < files.length; start += batch) {
    await Promise.all(files.slice(start, start + batch).map(syncPath))
  }
}

async function syncPath(path: string): Promise<void> {
  const file = await openFile(path, constants.O_RDONLY | constants.O_NOFOLLOW)
  try {
    await syncFile(file)
  } finally {
    closeSync(file)
  }
}

/** False if that tool is missing or fails. */
async function syncFileSystem(folder: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  execFile('sync', ['-f', folder], (error) => resolve(error == null))
  return promise
}

/** An error of the disk as `disk-full` or `not-writable` with a sentence about `directory`; anything else as it is. */
export function diskFailure(error: unknown, directory: string): Error {
  if (error instanceof QuorumError) return error
  const failure = diskErrorOf(error)
  const options = { cause: error }
  switch (failure?.code) {
    case 'disk-full':
      return new QuorumError('disk-full', `The disk of ${directory} is full: free some room, then resume`, options)
    case 'not-writable':
      return new QuorumError('not-writable', `${directory} cannot be written to: ${failure.reason}`, options)
    default:
      return toError(error)
  }
}
