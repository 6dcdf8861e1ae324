/** The disk that files are received to: whether they fit, and what it means when it refuses, in words for people. */
import { lstat, mkdir, statfs } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { QuorumError, toError } from './errors.ts'
import { diskCode } from './store/failure.ts'

/** Errors: `disk-full` when `bytes` more do not fit into `directory`; those of the disk. */
export async function needRoom(directory: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(directory)
  if (bavail * bsize < bytes) {
    throw new QuorumError('disk-full', `There is not enough room in ${directory}: free some, then go on`)
  }
}

/** Makes `folder` for us alone, or takes the one that is there. Errors: `not-writable` for anything else there. */
export async function privateFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { mode: 0o700 })
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || error.code !== 'EEXIST') throw error
    const there = await lstat(folder)
    const { uid } = userInfo()
    if (!there.isDirectory() || (uid >= 0 && there.uid !== uid)) {
      throw new QuorumError('not-writable', `${folder} is in the way: remove it`, { cause: error })
    }
  }
}

/** An error of the disk as `disk-full` or `not-writable`; anything else as it is. */
export function diskFailure(error: unknown, directory: string): Error {
  if (error instanceof QuorumError) return error
  switch (diskCode(error)) {
    case 'disk-full':
      return new QuorumError('disk-full', `The disk of ${directory} is full: free some room, then go on`, {
        cause: error,
      })
    case 'not-writable':
      return new QuorumError('not-writable', `${directory} cannot be written to, or is gone`, { cause: error })
    case undefined:
      return toError(error)
  }
}
