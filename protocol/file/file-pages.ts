/** The files of a transfer by pages: an event or a list of transfers names only the first ones. */
import { apiLimits } from '../api/limits.ts'
import type { NumberedFile, Transfer } from '../api/model.ts'
import { FileList } from './manifest.ts'
import { riskOf } from './name-risk.ts'
import type { TransferStore } from './transfer-store.ts'

/** Numbers of files that bound a page, exclusive. */
export interface FileRange {
  before?: number | undefined
  after?: number | undefined
  limit?: number | undefined
}

/**
 * The first `limit` files after number `after`, or, with `before` only, the last ones before it. Errors: `not-found`.
 */
export function transferFiles(
  transfers: TransferStore,
  { id, direction, state, bytes, doneBytes }: Transfer,
  { before = Infinity, after = -1, limit = apiLimits.pageDefault }: FileRange,
): NumberedFile[] {
  const list = transfers.list(transfers.row(id)) ?? new FileList(transfers.offer(id).first)
  const end = Math.min(before, list.entries.length)
  const first = after === -1 && before !== Infinity ? Math.max(0, end - limit) : after + 1
  const missing = new Set(transfers.details(id).missing)
  const files = list.slice(first, Math.max(0, Math.min(limit, end - first)), state === 'done' ? bytes : doneBytes)
  return files.map(({ path, size, done }, index) => {
    const file = first + index
    const risk = direction === 'in' ? riskOf(path) : undefined
    return { file, path, size, done: missing.has(file) ? 0 : done, ...(risk == null ? {} : { risk }) }
  })
}
