/** Removes the staging folders of transfers that will not be finished. */
import { access, rm } from 'node:fs/promises'
import { toError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import { diskFailure } from './disk.ts'
import { stagingFolder } from './staging.ts'
import type { TransferRow } from '../../store/store.ts'

/** Removes what was staged of one transfer. Errors: `disk-full`, `not-writable`. */
export async function removeStaging({ id, directory }: TransferRow): Promise<void> {
  if (directory == null) return
  try {
    await rm(stagingFolder(directory, id), { recursive: true, force: true })
  } catch (error) {
    throw diskFailure(error, directory)
  }
}

/** The same for all of `rows`. Returns the folders that could not be removed, or whose disk is not there. */
export async function removeAllStaged(rows: Iterable<TransferRow>, log: Log): Promise<string[]> {
  const left: string[] = []
  for (const row of rows) {
    if (row.direction !== 'in' || row.directory == null) continue
    const folder = stagingFolder(row.directory, row.id)
    try {
      await rm(folder, { recursive: true, force: true, maxRetries: 3 })
      if (row.state === 'accepted') await access(row.directory)
    } catch (error) {
      log('warn', 'the parts of a transfer could not be removed', toError(error))
      left.push(folder)
    }
  }
  return left
}
