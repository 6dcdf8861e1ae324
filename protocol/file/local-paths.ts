/**
 * Where a file of a transfer is on this machine: at the sender where it was chosen, at the receiver where it was
 * published when everything had arrived. It opens nothing, and another file may have that path by now.
 */
import { join } from 'node:path'
import { QuorumError } from '../base/errors.ts'
import { FileList } from './manifest.ts'
import { Yielder } from '../base/yield.ts'
import { pathNamer } from './safe-names.ts'
import type { TransferRow } from '../store/store.ts'
import type { ManifestEntry } from '../wire/offer.ts'

/** The path of `file`, its number in `sent`, which is the list as its sender made it. Errors: `not-found`. */
export async function pathOf(row: TransferRow, sent: FileList | undefined, file: number): Promise<string> {
  const exists = sent != null && file < sent.entries.length && (row.direction === 'out' || row.state === 'done')
  if (!exists) throw new QuorumError('not-found', 'This file is not here')
  const paths = row.direction === 'out' ? sent.entries.map(({ path }) => path) : await safePathsOf(sent.entries)
  const root = new FileList(sent.entries, paths).rootNumber(file)
  const [, ...rest] = (paths[file] ?? '').split('/')
  const base = row.direction === 'out' ? row.sources?.[root] : join(row.directory ?? '', row.places[root] ?? '')
  return join(base ?? '', ...rest)
}

/** The safe relative paths that the entries of a manifest get at a receiver, in their order. */
export async function safePathsOf(entries: readonly ManifestEntry[]): Promise<string[]> {
  const yielder = new Yielder()
  const safePath = pathNamer()
  const paths: string[] = []
  for (const { path } of entries) {
    if (yielder.due) await yielder.yield()
    paths.push(safePath(path))
  }
  return paths
}
