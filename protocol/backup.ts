/**
 * Backups: a profile in one encrypted file, and back. A backup has everything but sealing keys and received files. What
 * runs again from a backup is the same identity, so only one of the two may run.
 */
import path from 'node:path'
import type { Backup } from './api/calls.ts'
import { BackupSettings } from './backup-settings.ts'
import { QuorumError } from './base/errors.ts'
import { beginMailAnew } from './chat/restored.ts'
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
  /** Milliseconds since the epoch. */
  now?: () => number
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
  { path: given, passphrase, replace = false, now = Date.now, onProgress, signal }: BackupOptions,
): Promise<Backup> {
  const file = path.resolve(given)
  const seed = store.setting('seed')
  if (seed === undefined) throw new QuorumError('bad-request', 'There is nothing in this profile yet')
  seed.fill(0)
  const { key, preamble, words } = await newBackupKey(passphrase)
  const createdAt = now()
  try {
    const content = { key, preamble, createdAt, onProgress, signal }
    const bytes = await newBackupFile(file, replace, (part) => writeBackup(store, part, content))
    remember(store, createdAt)
    return { path: file, bytes, ...(words === undefined ? {} : { words }) }
  } finally {
    key.fill(0)
  }
}

interface Content {
  key: Buffer
  preamble: Buffer
  createdAt: number
  onProgress?: BackupProgress | undefined
  signal?: AbortSignal | undefined
}

/** Writes the content of a backup to `part`. Returns its bytes. Errors: those of `exportBackup`. */
export async function writeBackup(store: Store, part: string, content: Content): Promise<number> {
  const { key, preamble, createdAt, onProgress, signal } = content
  return store.withCopy(({ file: copy, key: copyKey }) =>
    runBackupThread({ copy, copyKey, part, key, preamble, createdAt }, { onProgress, signal }),
  )
}

/** Only a reminder depends on it: on a full disk, the backup is nevertheless made. */
function remember(store: Store, createdAt: number): void {
  try {
    new BackupSettings(store).made(createdAt)
  } catch (error) {
    if (!(error instanceof QuorumError)) throw error
  }
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
export function afterRestore(store: Store, files: Pick<Files, 'pauseAll'>, now: number): void {
  if (store.setting('restored') === undefined) return
  files.pauseAll()
  // Who has just restored a backup knows of them.
  new BackupSettings(store).dismiss()
  store.transaction(() => {
    beginMailAnew(store, now)
    store.setSetting('restored', undefined)
  })
}
