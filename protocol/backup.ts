/**
 * Backups: a profile in one encrypted file, and back. A backup has everything but sealing keys and received files. What
 * runs again from a backup is the same identity, so only one of the two may run.
 */
import { randomBytes } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import type { Backup } from './api/calls.ts'
import { syncFolder } from './base/atomic-file.ts'
import { codeOf, diskErrorOf } from './base/disk-errors.ts'
import { QuorumError } from './base/errors.ts'
import { beginMailAnew } from './chat/restored.ts'
import type { Files } from './file/transfers.ts'
import { identityFromSeed } from './identity/identity.ts'
import { BackupSealer, blockBytes, fileLength, newBackupKey } from './store/backup-format.ts'
import { restoreStore, type BackupProgress, type RestoreOptions } from './store/restore.ts'
import type { Store, StoreCopy } from './store/store.ts'

export interface BackupOptions {
  /** The file to make; a relative path is one of this process. */
  path: string
  /** Without one, the backup is opened with the words in the result, which are stored nowhere. */
  passphrase?: string | undefined
  onProgress?: BackupProgress
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
 * Writes a backup of an open store to a new file. Errors: `bad-request` (the file exists, the passphrase is empty, or
 * the profile is only in memory or was never used), `disk-full`, `not-writable`. After an error there is no file.
 */
export async function exportBackup(
  store: Store,
  { path: given, passphrase, onProgress }: BackupOptions,
): Promise<Backup> {
  const file = path.resolve(given)
  const seed = store.setting('seed')
  if (seed === undefined) throw new QuorumError('bad-request', 'There is nothing in this profile yet')
  seed.fill(0)
  const { key, preamble, words } = await newBackupKey(passphrase)
  try {
    const bytes = await store.withCopy((copy) => newFile(file, (part) => write(part, copy, key, preamble, onProgress)))
    return { path: file, bytes, ...(words === undefined ? {} : { words }) }
  } finally {
    key.fill(0)
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
export function afterRestore(store: Store, files: Files, now: number): void {
  if (store.setting('restored') === undefined) return
  files.pauseAll()
  store.transaction(() => {
    beginMailAnew(store, now)
    store.setSetting('restored', undefined)
  })
}

/** Writes the parts of a backup with `write`. Returns how many bytes they have. */
async function write(
  part: (bytes: Buffer) => Promise<void>,
  copy: StoreCopy,
  key: Buffer,
  preamble: Buffer,
  onProgress: BackupProgress | undefined,
): Promise<number> {
  const source = await open(copy.file, 'r')
  try {
    const { size: length } = await source.stat()
    const total = fileLength(length)
    const sealer = new BackupSealer(key, preamble, { key: copy.key, createdAt: Date.now(), length })
    let done = sealer.beginning.length
    await part(sealer.beginning)
    const block = Buffer.alloc(blockBytes)
    for (let at = 0; at < length; at += blockBytes) {
      const { bytesRead } = await source.read(block, 0, Math.min(blockBytes, length - at), at)
      if (bytesRead < Math.min(blockBytes, length - at)) throw new Error('The copy of the store is shorter than it was')
      const sealed = sealer.seal(block.subarray(0, bytesRead), at + blockBytes >= length)
      await part(sealed)
      done += sealed.length
      onProgress?.(done, total)
    }
    return total
  } finally {
    await source.close()
  }
}

/**
 * Creates `file` (0600): with all of its content, or not at all; never in place of another one. The content is written
 * beside it, and renamed over an empty file that keeps its name: removable disks know no hard links.
 */
async function newFile<T>(file: string, content: (write: (bytes: Buffer) => Promise<void>) => Promise<T>): Promise<T> {
  const part = `${file}.${randomBytes(4).toString('hex')}.part`
  await onDisk(async () => (await open(file, 'wx', 0o600)).close())
  try {
    return await onDisk(async () => {
      const handle = await open(part, 'wx', 0o600)
      let result: T
      try {
        result = await content((bytes) => handle.appendFile(bytes))
        await handle.sync()
      } finally {
        await handle.close()
      }
      await rename(part, file)
      await syncFolder(path.dirname(file))
      return result
    })
  } catch (error) {
    for (const made of [part, file]) await rm(made, { force: true })
    throw error
  }
}

async function onDisk<T>(work: () => Promise<T>): Promise<T> {
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
