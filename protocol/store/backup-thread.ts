/** Runs backup-worker.ts in a thread of its own: what it does takes seconds of work for a large profile. */

import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { errorFromData, QuorumError, type ErrorData } from '../base/errors.ts'
import type { BackupProgress } from './restore.ts'

export interface BackupTask {
  /** Path of the copy of the store, which is destroyed, and its key. */
  copy: string
  copyKey: Uint8Array
  /** Path of the file to write. */
  part: string
  /** Key and preamble of the backup (backup-format.ts). */
  key: Uint8Array
  preamble: Uint8Array
  /** Milliseconds since the epoch. */
  createdAt: number
}

/** What the thread tells: how far it is, and how it ended. */
export type BackupNews = { done: number; total: number } | { bytes: number } | { error: ErrorData }

/** TypeScript in a checkout, JavaScript in a package: the same extension as this file. */
const program = new URL(`./backup-worker${extname(import.meta.filename)}`, import.meta.url)

/**
 * Returns the bytes of the backup. When it settles, the thread has ended. Errors: `cancelled` with `signal`,
 * `disk-full`, `not-writable`, and what `onProgress` throws.
 */
export async function runBackupThread(
  task: BackupTask,
  { signal, onProgress }: { signal?: AbortSignal | undefined; onProgress?: BackupProgress | undefined },
): Promise<number> {
  const ended = Promise.withResolvers<number>()
  const cancel = (): void => ended.reject(new QuorumError('cancelled', 'The backup was interrupted'))
  // The thread has copies of the keys, which it overwrites.
  const worker = new Worker(program, { workerData: task, name: 'backup' })
  worker.on('message', (news: BackupNews) => {
    if ('bytes' in news) return ended.resolve(news.bytes)
    if ('error' in news) return ended.reject(errorFromData(news.error))
    try {
      onProgress?.(news.done, news.total)
    } catch (error) {
      ended.reject(error)
    }
  })
  worker.on('error', (error) => ended.reject(error))
  worker.on('exit', () => ended.reject(new Error('The thread of a backup ended before the backup was written')))
  signal?.addEventListener('abort', cancel)
  if (signal?.aborted === true) cancel()
  try {
    return await ended.promise
  } finally {
    signal?.removeEventListener('abort', cancel)
    await worker.terminate()
  }
}
