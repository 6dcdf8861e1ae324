/**
 * What went wrong below the store, as one of our codes. It decides nothing else: what has no code passes unchanged.
 * Sources: https://www.sqlite.org/rescode.html and errno(3).
 */

import { QuorumError } from './errors.ts'

const noSpace = /^(SQLITE_FULL|ENOSPC|EDQUOT)$/
/** ENOENT is what Node says of a directory that it cannot create on a read-only disk, EEXIST of a file in its place. */
const refused =
  /^(SQLITE_(READONLY|CANTOPEN|IOERR|PERM|AUTH).*|EACCES|EPERM|EROFS|EIO|EEXIST|ENOENT|ENOTDIR|EISDIR|ELOOP|ENAMETOOLONG)$/
const corrupt = /^SQLITE_(CORRUPT|NOTADB|FORMAT).*$/
const locked = /^SQLITE_(BUSY|LOCKED).*$/

/** An error of SQLite or of the file system as a QuorumError; anything else as it is. */
export function storeFailure(error: unknown): unknown {
  const code = codeOf(error)
  if (code === undefined || error instanceof QuorumError) return error
  const options = { cause: error }
  if (diskCode(error) === 'disk-full')
    return new QuorumError('disk-full', 'The disk is full: nothing was saved', options)
  if (diskCode(error) === 'not-writable')
    return new QuorumError('not-writable', 'The disk refuses to be written to', options)
  if (corrupt.test(code)) return corruptStore('the database cannot be read', error)
  if (locked.test(code)) return lockedStore(error)
  return error
}

/** Whether the disk was full, or refused to be written to. */
export function diskCode(error: unknown): 'disk-full' | 'not-writable' | undefined {
  const code = codeOf(error) ?? ''
  if (noSpace.test(code)) return 'disk-full'
  return refused.test(code) ? 'not-writable' : undefined
}

export function corruptStore(what: string, cause?: unknown): QuorumError {
  return new QuorumError('store-corrupt', `The profile is damaged: ${what}. It was left as it is`, { cause })
}

function lockedStore(cause?: unknown): QuorumError {
  return new QuorumError('store-locked', 'The profile is in use by another Quorum', { cause })
}

/** The `code` of a file system or SQLite error. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
