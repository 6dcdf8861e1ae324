/**
 * Where one file of a transfer lies on this machine: at the sender where it was chosen, at the receiver where it was put
 * when all was there. It opens nothing, and what lies there now may be another file.
 */
import { join } from 'node:path'
import { QuorumError } from '../base/errors.ts'
import { FileList } from './manifest.ts'
import { Yielder } from '../base/yield.ts'
import { pathNamer } from './safe-names.ts'
import type { TransferRow } from '../store/store.ts'
import type { ManifestEntry } from '../wire/offer.ts'

/** `file`: its number in `sent`, the list as its sender made it. Errors: `not-found`. */
export async function placeOf(row: TransferRow, sent: FileList | undefined, file: number): Promise<string> {
  const there = sent != null && file < sent.entries.length && (row.direction === 'out' || row.state === 'done')
  if (!there) throw new QuorumError('not-found', 'This file is not here')
  const paths = row.direction === 'out' ? sent.entries.map(({ path }) => path) : await pathsHere(sent.entries)
  const root = new FileList(sent.entries, paths).rootNumber(file)
  const [, ...rest] = (paths[file] ?? '').split('/')
  const base = row.direction === 'out' ? row.sources?.[root] : join(row.directory ?? '', row.places[root] ?? '')
  return join(base ?? '', ...rest)
}

/** What the entries of a manifest are called here, in their order. */
export async function pathsHere(entries: readonly ManifestEntry[]): Promise<string[]> {
  const yielder = new Yielder()
  const name = pathNamer()
  const paths: string[] = []
  for (const { path } of entries) {
    if (yielder.due) await yielder.yield()
    paths.push(name(path))
  }
  return paths
}
