/**
 * The one table of what a disk may refuse: from the name that the system (errno(3)) or SQLite
 * (https://www.sqlite.org/rescode.html) gives it to an error code and a reason for people. Everything that touches a
 * disk uses it: the store, received files, a node's data folder. It is for errors of files and databases only: a
 * network file system fails with names that sockets use as well. What has no entry passes unchanged: mistakes of the
 * program (`EBADF`, `SQLITE_MISUSE`) must not look like a bad disk.
 */

import { QuorumError } from './errors.ts'

export type DiskErrorCode = 'disk-full' | 'not-writable' | 'store-corrupt' | 'store-locked'

export interface DiskError {
  code: DiskErrorCode
  /** As the system or SQLite calls it: `ENOSPC`, `SQLITE_IOERR_FSYNC`. */
  name: string
  /** Why, as a clause about "it", the disk or the folder: it stands behind a colon. */
  reason: string
  /** The same file may well be readable later, unchanged, without anybody having touched it. */
  transient: boolean
}

interface Kind extends Omit<DiskError, 'name'> {
  names: string[]
}

const table: Kind[] = [
  kind('disk-full', 'it is full', 'ENOSPC EDQUOT SQLITE_FULL'),
  kind('not-writable', 'permission is missing', 'EACCES EPERM SQLITE_PERM SQLITE_AUTH'),
  kind('not-writable', 'it is read-only', 'EROFS SQLITE_READONLY'),
  // ENOENT is also what Node reports of a folder that it cannot create on a read-only disk. ENXIO and ENODEV: the
  // device was unplugged, or it is a pipe. ESTALE: the file is gone from its NFS server.
  kind('not-writable', 'it is not there', 'ENOENT ENOTDIR ENXIO ENODEV ESTALE'),
  kind('not-writable', 'it cannot be opened', 'SQLITE_CANTOPEN'),
  // ENOTEMPTY: another program put something into a folder just before it was replaced.
  kind('not-writable', 'something else is in the way', 'EEXIST ENOTEMPTY EISDIR ELOOP'),
  // On Windows a virus scanner, a backup or an editor that has the file open.
  kind('not-writable', 'another program uses it', 'EBUSY ETXTBSY', 'transient'),
  // Not `internal`, although the disk is well: received data is kept, and the transfer can be resumed.
  kind('not-writable', 'too many files are open', 'EMFILE ENFILE', 'transient'),
  kind('not-writable', 'the system is too busy', 'EAGAIN EINTR ENOMEM', 'transient'),
  kind('not-writable', 'it does not take such a name', 'ENAMETOOLONG EILSEQ'),
  // FAT32 ends at 4 GiB. Not `disk-full`: no room that anybody frees helps.
  kind('not-writable', 'the file is larger than it can hold', 'EFBIG EOVERFLOW SQLITE_NOLFS'),
  // File systems of removable disks and network drives. Node checks arguments itself before EINVAL can come of them.
  kind('not-writable', 'it does not support what is needed', 'EINVAL ENOSYS ENOTSUP EOPNOTSUPP EMLINK EXDEV ENOLCK'),
  // NFS (ETIMEDOUT), SMB (EHOSTDOWN and the others) and FUSE (ENOTCONN) when the server or its program has gone.
  kind('not-writable', 'it does not answer', 'ETIMEDOUT EHOSTDOWN EHOSTUNREACH ENETDOWN ENOTCONN', 'transient'),
  // EBADMSG: a checksum of ext4 or XFS is wrong. UNKNOWN: what Windows and libuv have no name for.
  kind('not-writable', 'it fails', 'EIO EBADMSG UNKNOWN SQLITE_IOERR', 'transient'),
  kind('store-corrupt', 'it is damaged', 'SQLITE_CORRUPT SQLITE_NOTADB SQLITE_FORMAT'),
  // SQLITE_PROTOCOL: two processes raced for the lock, and SQLite gave up.
  kind('store-locked', 'another process uses it', 'SQLITE_BUSY SQLITE_LOCKED SQLITE_PROTOCOL', 'transient'),
]

function kind(code: DiskErrorCode, reason: string, names: string, transient?: 'transient'): Kind {
  return { code, reason, names: names.split(' '), transient: transient != null }
}

const byName: ReadonlyMap<string, Kind> = new Map(table.flatMap((row) => row.names.map((name) => [name, row] as const)))

/** What `error`, thrown by an operation on a file or a database, means; undefined: it is not about the disk. */
export function diskErrorOf(error: unknown): DiskError | undefined {
  const name = codeOf(error)
  if (name === undefined || error instanceof QuorumError) return undefined
  const found = byName.get(baseName(name))
  return found && { code: found.code, name, reason: found.reason, transient: found.transient }
}

/**
 * An error of SQLite or of the file system as a QuorumError in the store's words; anything else as it is.
 * `directory`: the store's, to be named in the message because a person may have chosen the wrong one.
 */
export function storeFailure(error: unknown, directory?: string): unknown {
  const failure = diskErrorOf(error)
  const options = { cause: error }
  const disk = directory === undefined ? 'The disk' : `The disk with ${directory}`
  switch (failure?.code) {
    case 'disk-full':
      return new QuorumError('disk-full', `${disk} is full: nothing was saved`, options)
    case 'not-writable':
      return new QuorumError('not-writable', `${directory ?? disk} cannot be written to: ${failure.reason}`, options)
    case 'store-corrupt':
      return corruptStore('the database cannot be read', error)
    case 'store-locked':
      return new QuorumError('store-locked', 'The profile is in use by another Quorum', options)
    case undefined:
      return error
  }
}

export function corruptStore(what: string, cause?: unknown): QuorumError {
  return new QuorumError('store-corrupt', `The profile is damaged: ${what}. It was left as it is`, { cause })
}

/** The `code` of a file system or SQLite error. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

/** Without what extends it: `SQLITE_IOERR_FSYNC` is `SQLITE_IOERR`; an errno that libuv does not know is `UNKNOWN`. */
function baseName(name: string): string {
  if (name.startsWith('Unknown system error')) return 'UNKNOWN'
  return /^SQLITE_[A-Z]+/.exec(name)?.[0] ?? name
}
