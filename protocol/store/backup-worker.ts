/**
 * The thread that makes a backup of a copy of a store: removes what a backup must not keep, and writes the rest
 * encrypted. Imported by nobody; backup-thread.ts starts it.
 */

import { open } from 'node:fs/promises'
import { rmSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { destroyFile } from '../base/destroy-file.ts'
import { errorToData } from '../base/errors.ts'
import { onDisk } from './backup-file.ts'
import { BackupSealer, blockBytes, fileLength } from './backup-format.ts'
import type { BackupNews, BackupTask } from './backup-thread.ts'
import { Database } from './database.ts'
import { newDataKey } from './key.ts'
import { leftOut } from './left-out.ts'

const task = workerData as BackupTask
// oxlint-disable-next-line require-post-message-target-origin -- a thread has no origin
const tell = (news: BackupNews): void => parentPort?.postMessage(news)

/** A database with all that a backup has, and nothing else on any page, under `key`. Destroys the copy. */
function reduce({ copy, copyKey }: BackupTask, key: Buffer): string {
  const reduced = copy.replace(/\.db$/u, '-reduced.db')
  const database = new Database(copy, copyKey)
  try {
    leftOut(database)
    // Into another file, so that no page has anything of it.
    database.run('VACUUM INTO ?', reduced)
  } finally {
    database.close()
  }
  destroy(copy)
  const own = new Database(reduced, copyKey)
  own.rekey(key)
  own.close()
  return reduced
}

/** Returns the bytes of the backup. */
async function seal(task: BackupTask, from: string, key: Buffer): Promise<number> {
  const source = await open(from, 'r')
  try {
    const { size: length } = await source.stat()
    const sealer = new BackupSealer(Buffer.from(task.key), Buffer.from(task.preamble), {
      key,
      createdAt: task.createdAt,
      length,
    })
    await onDisk(async () => {
      const target = await open(task.part, 'wx', 0o600)
      try {
        await target.appendFile(sealer.beginning)
        const block = Buffer.alloc(blockBytes)
        const total = fileLength(length)
        let percent = 0
        for (let at = 0; at < length; at += blockBytes) {
          const wanted = Math.min(blockBytes, length - at)
          const { bytesRead } = await source.read(block, 0, wanted, at)
          if (bytesRead < wanted) throw new Error('The copy of the store is shorter than it was')
          await target.appendFile(sealer.seal(block.subarray(0, wanted), at + blockBytes >= length))
          const done = fileLength(Math.min(at + blockBytes, length))
          if (Math.floor((100 * done) / total) > percent) tell({ done, total })
          percent = Math.floor((100 * done) / total)
        }
        await target.sync()
      } finally {
        await target.close()
      }
    })
    return fileLength(length)
  } finally {
    await source.close()
  }
}

function destroy(file: string): void {
  destroyFile(file)
  for (const rest of ['-journal', '-wal']) rmSync(file + rest, { force: true })
}

const key = newDataKey()
try {
  const reduced = reduce(task, key)
  const bytes = await seal(task, reduced, key)
  destroy(reduced)
  tell({ bytes })
} catch (error) {
  tell({ error: errorToData(error) })
} finally {
  for (const secret of [key, task.copyKey, task.key]) secret.fill(0)
}
