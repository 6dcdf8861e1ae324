/**
 * The summary of a transfer's files (store/transfer-summary.ts), made from their list. It is of bounded size, so that
 * neither an event nor a list of transfers grows with what a friend offers.
 */
import type { ManifestEntry, Offer } from '../wire/offer.ts'
import type { TransferSummary } from '../store/transfer-summary.ts'
import { fileLimits } from './limits.ts'
import { rootOf } from './manifest.ts'
import { riskOf } from './name-risk.ts'

/** `entries`: all of the manifest, or the first ones while only these are here. `received`: a friend offers them. */
export function summaryOf(
  { note, count, bytes, leftOut, leftOutCount }: Omit<Offer, 'first'>,
  entries: readonly ManifestEntry[],
  received: boolean,
): TransferSummary {
  const shown = entries.slice(0, firstOf(entries))
  const risks: TransferSummary['risks'] = {}
  const roots = new Set<string>()
  for (const { path } of entries) {
    if (roots.size <= fileLimits.rootsCounted) roots.add(rootOf(path))
    const risk = received ? riskOf(path) : undefined
    if (risk == null) continue
    const known = risks[risk]
    risks[risk] = { count: (known?.count ?? 0) + 1, path: known?.path ?? path }
  }
  return {
    name: nameOf(shown[0]?.path ?? '', count),
    note,
    count,
    bytes,
    roots: roots.size,
    files: shown.map(({ path, size }) => {
      const risk = received ? riskOf(path) : undefined
      return { path, size, ...(risk == null ? {} : { risk }) }
    }),
    risks,
    leftOut: leftOut.slice(0, firstOf(leftOut)),
    leftOutCount,
    changed: [],
    changedCount: 0,
    changedBytes: 0,
  }
}

/** The same, when it is known which entries do not arrive because they changed since. */
export function withChanged(
  summary: TransferSummary,
  entries: readonly ManifestEntry[],
  changed: readonly number[],
): TransferSummary {
  const gone = new Set(changed.slice(0, summary.files.length))
  const known = changed.flatMap((file) => entries[file] ?? [])
  return {
    ...summary,
    files: summary.files.map((file, index) => ({ ...file, missing: gone.has(index) })),
    changed: known.slice(0, firstOf(known)).map(({ path }) => path),
    changedCount: known.length,
    changedBytes: known.reduce((sum, { size }) => sum + size, 0),
  }
}

/** How many of them are shown: the first one always. */
function firstOf(items: readonly { path: string }[]): number {
  const { files, bytes } = fileLimits.filesShown
  let room: number = bytes
  const end = items.slice(0, files).findIndex(({ path }, index) => (room -= Buffer.byteLength(path)) < 0 && index > 0)
  return end === -1 ? files : end
}

/** What a person would call it: the only file, or the topmost folder of the first one. */
function nameOf(path: string, count: number): string {
  const end = path.indexOf('/')
  return end === -1 || count === 1 ? path.replace(/^.*\/(?=.)/, '') : path.slice(0, end)
}
