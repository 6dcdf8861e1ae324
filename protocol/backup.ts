/**
 * Backups: a profile in one encrypted file, and back. A backup has everything but sealing keys and received files. What
 * runs again from a backup is the same identity, so only one of the two may run.
 */
import path from 'node:path'
import type { Backup } from './api/calls.ts'
import { QuorumError } from './base/errors.ts'
import type { Files } from './file/transfers.ts'
import { identityFromSeed } from './identity/identity.ts'
import { newBackupFile } from './store/backup-file.ts'
import { newBackupKey } from './store/backup-format.ts'
import { runBackupThread } from './store/backup-thread.ts'
import { restoreStore, type BackupProgress, type RestoreOptions } from './store/restore.ts'
import type { Store } from './store/store.ts'

export interface BackupOptions {
  /** The file to make; a relative path is one of this process. */
  path: string
  /** Without one, the backup is opened with the words in the result, which are stored nowhere. */
  passphrase?: string | undefined
  /** Replaces a file of that name, once the backup is complete. */
  replace?: boolean | undefined
  /** Bytes of the file that are written, and how many it will have. */
  onProgress?: BackupProgress
  signal?: AbortSignal
}

export interface ImportOptions extends Omit<RestoreOptions, 'secret'> {
  /** The 24 words, or the passphrase: one of the two. */
  words?: string
  passphrase?: string
}

export interface Imported {
  /** PeerId: the same as before. */
  peer: string
  /** When the backup was made, milliseconds since the epoch. */
  createdAt: number
}

/**
 * Writes a backup of an open store to a new file, in a thread of its own. Errors: `bad-request` (the file exists, the
 * passphrase is empty, or the profile is only in memory or was never used), `disk-full`, `not-writable`, `cancelled`
 * (by `signal`, or because the store was closed). After an error there is no file, or the one of before.
 */
export async function exportBackup(
  store: Store,
  { path: given, passphrase, replace = false, onProgress, signal }: BackupOptions,
): Promise<Backup> {
  const file = path.resolve(given)
  const seed = store.setting('seed')
  if (seed === undefined) throw new QuorumError('bad-request', 'There is nothing in this profile yet')
  seed.fill(0)
  const { key, preamble, words } = await newBackupKey(passphrase)
  try {
    const bytes = await writeBackup(store, { file, replace, key, preamble, onProgress, signal })
    return { path: file, bytes, ...(words === undefined ? {} : { words }) }
  } finally {
    key.fill(0)
  }
}

interface WriteOptions {
  file: string
  replace: boolean
  key: Buffer
  preamble: Buffer
  onProgress?: BackupProgress | undefined
  signal?: AbortSignal | undefined
}

/** Returns its bytes. Errors: those of `exportBackup`. */
async function writeBackup(store: Store, options: WriteOptions): Promise<number> {
  const { file, replace, key, preamble, onProgress, signal } = options
  const createdAt = Date.now()
  return newBackupFile(file, replace, (part) =>
    store.withCopy(({ file: copy, key: copyKey }) =>
      runBackupThread({ copy, copyKey, part, key, preamble, createdAt }, { onProgress, signal }),
    ),
  )
}

/**
 * Restores a backup in a folder without a running peer. The profile goes on where the backup was made, with new sealing
 * keys; transfers are paused when its peer starts. Errors: `bad-request` (not one secret), and those of `restoreStore`.
 */
export async function importBackup({ words, passphrase, ...options }: ImportOptions): Promise<Imported> {
  if ((words === undefined) === (passphrase === undefined)) {
    throw new QuorumError('bad-request', 'A backup is opened with its words or with its passphrase')
  }
  const secret = words === undefined ? { passphrase: passphrase ?? '' } : { words }
  const { seed, createdAt } = await restoreStore({ ...options, secret })
  const { peer, secretKey } = await identityFromSeed(seed)
  secretKey.fill(0)
  seed.fill(0)
  return { peer, createdAt }
}

/** At the start of a peer whose profile was just restored: what ran when the backup was made waits for its person. */
export function afterRestore(store: Store, files: Files): void {
  if (store.setting('restored') === undefined) return
  files.pauseAll()
  store.setSetting('restored', undefined)
}
