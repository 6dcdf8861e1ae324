/**
 * Where a file of a transfer is on this machine: at the sender where it was chosen, at the receiver where it was
 * published when everything had arrived. It opens nothing, and another file may have that path by now.
 */
import { join } from 'node:path'
import { maySendAgain } from '../api/missing-files.ts'
import { QuorumError } from '../base/errors.ts'
import { FileList, rootOf } from './manifest.ts'
import { Yielder } from '../base/yield.ts'
import { pathNamer } from './safe-names.ts'
import type { TransferDetails, TransferRow } from '../store/store.ts'
import type { LeftOut, ManifestEntry } from '../wire/offer.ts'

/** The path of `file`, its number in `sent`, which is the list as its sender made it. Errors: `not-found`. */
export async function pathOf(
  row: TransferRow & TransferDetails,
  sent: FileList | undefined,
  file: number,
): Promise<string> {
  const arrived = row.direction === 'out' || (row.state === 'done' && row.missing?.includes(file) !== true)
  const exists = sent != null && file < sent.entries.length && arrived
  if (!exists) throw new QuorumError('not-found', 'This file is not here')
  const paths = row.direction === 'out' ? sent.entries.map(({ path }) => path) : await safePathsOf(sent.entries)
  const root = new FileList(sent.entries, paths).rootNumber(file)
  const [, ...rest] = (paths[file] ?? '').split('/')
  const base = row.direction === 'out' ? row.sources?.[root] : join(row.directory ?? '', row.places[root] ?? '')
  return join(base ?? '', ...rest)
}

/**
 * What of a transfer that this side sent did not arrive: paths as in the manifest, and where it is. Errors:
 * `bad-request` if there is nothing that could be offered again.
 */
export function missingMembers(
  { missing = [], sources = [] }: TransferDetails,
  sent: FileList | undefined,
  leftOut: readonly LeftOut[],
): { path: string; at: string; source: string }[] {
  const changed = missing.map((file) => sent?.entries[file]?.path ?? '')
  const unread = leftOut.filter(maySendAgain).map(({ path }) => path)
  const paths = [...changed, ...unread].filter((path) => path !== '')
  if (sent == null || sources.length === 0 || paths.length === 0) {
    throw new QuorumError('bad-request', 'Nothing is missing there that could be sent again')
  }
  return paths.toSorted().map((path) => {
    const source = sources[sent.roots.indexOf(rootOf(path))] ?? ''
    return { path, at: join(source, ...path.split('/').slice(1)), source }
  })
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
