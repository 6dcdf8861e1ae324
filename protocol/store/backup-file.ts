/** The file of a backup on the disk: whole, or not at all. */

import { randomBytes } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { syncFolder } from '../base/atomic-file.ts'
import { codeOf, diskErrorOf } from '../base/disk-errors.ts'
import { QuorumError } from '../base/errors.ts'

/**
 * Makes `file` of what `content` writes to the path that it is given. The content is written beside it, and renamed
 * over an empty file that keeps its name: removable disks know no hard links. `replace`: over the file that is there.
 * Errors: `bad-request` (there is one), `disk-full`, `not-writable`, those of `content`; then all is as it was.
 */
export async function newBackupFile<T>(
  file: string,
  replace: boolean,
  content: (part: string) => Promise<T>,
): Promise<T> {
  const part = `${file}.${randomBytes(4).toString('hex')}.part`
  if (!replace) await onDisk(async () => (await open(file, 'wx', 0o600)).close())
  try {
    const result = await content(part)
    await onDisk(async () => {
      await rename(part, file)
      await syncFolder(dirname(file))
    })
    return result
  } catch (error) {
    for (const made of replace ? [part] : [part, file]) await rm(made, { force: true })
    throw error
  }
}

/** Errors: the disk's as `bad-request` (there is such a file), `disk-full` or `not-writable`. */
export async function onDisk<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (codeOf(error) === 'EEXIST') throw new QuorumError('bad-request', 'There is a file of that name already')
    const failure = diskErrorOf(error)
    if (failure === undefined) throw error
    const code = failure.code === 'disk-full' ? 'disk-full' : 'not-writable'
    throw new QuorumError(code, `The backup cannot be written: ${failure.reason}`, { cause: error })
  }
}
