/**
 * Creates the data folder and its files, and explains disk errors to the person that runs the node. The error names and
 * their meaning are defined in protocol/base/disk-errors.ts. This file never replaces an existing file.
 */
import path from 'node:path'
import { createFile as createWholeFile, diskErrorOf, makeFolderSync, QuorumError, toError } from '#protocol'
import type { FileContent, ErrorCode } from '#protocol'

/**
 * Converts an error of the file system or of SQLite about `file` to a `QuorumError` with a message that begins with
 * "the data folder": `disk-full`, `not-writable`, `store-corrupt` or `store-locked`. Returns other errors unchanged.
 */
export function diskError(error: unknown, file: string): Error {
  const failure = diskErrorOf(error)
  if (failure === undefined) return toError(error)
  const { code, name, reason } = failure
  const detail = code === 'not-writable' ? `${name}: ${reason}` : name
  return new QuorumError(code, refusal(code, file, detail), { cause: error })
}

/** The sentence for `code` about `file`; `detail`: the system's name of the error. */
export function refusal(code: ErrorCode, file: string, detail: string): string {
  const folder = `the data folder ${path.dirname(file)}`
  const name = path.basename(file)
  switch (code) {
    case 'disk-full':
      return `${folder} has no space left (${detail}): make room and start again`
    case 'store-corrupt':
      return (
        `${folder} holds a damaged ${name} (${detail}): nothing was changed; restore it from a backup, or ` +
        `move it away to start without it`
      )
    case 'store-locked':
      return `${folder} is in use by another quorum-node: stop that one, or give this one its own --data`
    case 'unsupported-version':
      return `${folder} holds a ${name} of a newer quorum-node (${detail}): nothing was changed; install that version`
    default:
      return `${folder} cannot be read or written (${detail}, ${name}): check its owner, its permissions and the disk`
  }
}

/** Makes the data folder (0700) if it is missing. Errors: `disk-full`, `not-writable`. */
export function makeFolder(folder: string): void {
  try {
    makeFolderSync(folder, 0o700)
  } catch (error) {
    throw diskError(error, path.join(folder, 'held.db'))
  }
}

/**
 * Creates `file` completely, flushed and with mode 0600, or not at all. An existing file is not replaced, because two
 * first starts can run at the same time.
 * Errors: `disk-full`, `not-writable`.
 */
export function createFile(file: string, content: FileContent): void {
  try {
    createWholeFile(file, content)
  } catch (error) {
    throw diskError(error, file)
  }
}
