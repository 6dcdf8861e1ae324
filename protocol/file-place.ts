/**
 * Where one file of a transfer lies on this machine: at the sender where it was chosen, at the receiver where it was put
 * when all was there. It opens nothing, and what lies there now may be another file.
 */
import { join } from 'node:path'
import { QuorumError } from './errors.ts'
import { FileList } from './file-list.ts'
import { safePaths } from './file-names.ts'
import type { TransferRow } from './store/store.ts'

/** `file`: its number in `sent`, the list as its sender made it. Errors: `not-found`. */
export function placeOf(row: TransferRow, sent: FileList | undefined, file: number): string {
  const there = sent != null && file < sent.entries.length && (row.direction === 'out' || row.state === 'done')
  if (!there) throw new QuorumError('not-found', 'This file is not here')
  const sentPaths = sent.entries.map(({ path }) => path)
  const paths = row.direction === 'out' ? sentPaths : safePaths(sentPaths)
  const root = new FileList(sent.entries, paths).rootNumber(file)
  const [, ...rest] = (paths[file] ?? '').split('/')
  const base = row.direction === 'out' ? row.sources?.[root] : join(row.directory ?? '', row.places[root] ?? '')
  return join(base ?? '', ...rest)
}
