/**
 * `quorum report`: saves a report of a profile (report.ts). A store that is in use, or whose passphrase is missing, is
 * not opened; the report then states that the counts are missing.
 */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { openSqliteStore, QuorumError, storedPrivacy } from '#protocol'
import type { Store } from '#protocol'
import { takeOverPrivacy } from './former-privacy.ts'
import { buildReport, reportName, settingsOf, whatIsIn, writeReport } from './report.ts'
import type { Counts } from './report.ts'

interface ReportFlags {
  output?: string
  json?: boolean
}

interface SaveOptions extends ReportFlags {
  /** The profile's folder. */
  folder: string
  /** The profile as the person typed it. */
  profile: string
  passphrase: string | undefined
  cwd: string
  /** Milliseconds since the epoch. */
  now: number
}

/** Maximum number of reports of one day in one folder with a default name. */
const maxNames = 100

/** Returns the text for standard output. Errors: `not-found`, `bad-request`, `disk-full`, `not-writable`. */
export async function saveReport(options: SaveOptions): Promise<string> {
  const { folder, profile, output, json = false, cwd, now } = options
  if (!existsSync(folder)) throw new QuorumError('not-found', `There is no profile ${profile}`)
  const counted = await counts(folder, options.passphrase)
  const { text, lines } = buildReport({ folder, settings: settingsOf(folder), counts: counted.counts, now })
  const file = output === undefined ? writeNew(cwd, now, text) : path.resolve(cwd, output)
  if (output !== undefined) writeReport(file, text)
  if (json) return `${JSON.stringify({ report: file, logLines: lines, store: counted.store })}\n`
  const part = typeof counted.counts === 'string' ? `${counted.counts}\n` : ''
  return `The report is in ${file}\n${whatIsIn}\n${part}`
}

async function counts(
  folder: string,
  passphrase: string | undefined,
): Promise<{ counts: Counts | string; store: 'read' | QuorumError['code'] }> {
  const missing = (code: QuorumError['code'], why: string) => ({ counts: `Nothing is counted: ${why}.`, store: code })
  if (!existsSync(path.join(folder, 'store.db'))) return missing('not-found', 'the profile has no store')
  let store: Store
  try {
    store = await openSqliteStore({ directory: folder, ...(passphrase === undefined ? {} : { passphrase }) })
  } catch (error) {
    if (!(error instanceof QuorumError)) throw error
    const why: Partial<Record<QuorumError['code'], string>> = {
      'store-locked': 'the profile is in use by another program',
      'wrong-passphrase': 'the passphrase is missing or wrong',
    }
    return missing(error.code, why[error.code] ?? `the store does not open (${error.code})`)
  }
  try {
    takeOverPrivacy(store, folder)
    return { counts: countsOfStore(store), store: 'read' }
  } finally {
    store.close()
  }
}

function countsOfStore(store: Store): Counts {
  const all: Record<string, number> = {}
  for (const { state } of store.friends()) all[`friends: ${state}`] = (all[`friends: ${state}`] ?? 0) + 1
  const addresses = Buffer.from(store.setting('nodes') ?? [])
    .toString('utf8')
    .split('\n')
  const nodes = new Set(addresses.filter((one) => one !== '').map((one) => one.slice(one.lastIndexOf('/'))))
  return { ...storedPrivacy(store), ...all, nodes: nodes.size }
}

/** Saves under the default name, with a number appended if that name is taken. */
function writeNew(folder: string, now: number, text: string): string {
  const { name, ext } = path.parse(reportName(now))
  for (let number = 1; ; number += 1) {
    const file = path.join(folder, `${name}${number === 1 ? '' : `-${number}`}${ext}`)
    if (existsSync(file) && number < maxNames) continue
    writeReport(file, text)
    return file
  }
}
