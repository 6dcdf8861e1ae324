/**
 * A report for support: versions, counts, and the last lines of the profile's logs, as text that a person can read
 * before sending it. It contains no data that identifies a person. The caller passes the counts; this file opens no
 * store.
 */
import { chmodSync, closeSync, existsSync, fstatSync, readFileSync, readSync, writeFileSync } from 'node:fs'
import { arch, release } from 'node:os'
import path from 'node:path'
import { z } from 'zod'
import { QuorumError, scrubText, version } from '#protocol'
import type { Peer } from '#protocol'
import { windowFile } from './former-privacy.ts'
import { logNames } from './log-file.ts'
import { logFiles, logFolder } from './program-log.ts'
import { openRegular } from './regular-file.ts'

/** Bytes of each log, counted from its end: small enough for an e-mail and for a person to read. */
const logBytes = 1024 * 1024
/** Friends whose connection is examined. */
const connectionsExamined = 200

const lineSchema = z.object({
  level: z.string().regex(/^\w{1,8}$/u),
  time: z.iso.datetime(),
  msg: z.string(),
  error: z.record(z.string(), z.unknown()).optional(),
})

/** The unencrypted settings of the window that may be in a report. Each is checked, because the file may be damaged. */
const windowSettings = z
  .object({
    closeToTray: z.boolean(),
    startAtLogin: z.boolean(),
    language: z.string().regex(/^[a-z]{2,8}$/u),
  })
  .partial()

/** Facts about the profile other than its logs: choices and numbers, never the identity of a friend. */
export type Counts = Readonly<Record<string, number | string | boolean>>

export interface ReportParts {
  /** The profile's folder. */
  folder: string
  /** Settings that help support and identify no person. */
  settings: Readonly<Record<string, unknown>>
  /** A text is one sentence that explains why nothing could be counted. */
  counts: Counts | string
  /** Milliseconds since the epoch. */
  now: number
}

export interface Report {
  text: string
  /** Log lines in the report. */
  lines: number
}

/** Errors: those of reading an existing log. */
export function buildReport({ folder, settings, counts, now }: ReportParts): Report {
  const logs = Object.values(logFiles).map((name) => ({ name, ...lastLines(path.join(logFolder(folder), name)) }))
  const { electron, node } = process.versions
  const versions = {
    quorum: version,
    node,
    ...(electron === undefined ? {} : { electron }),
    system: `${process.platform} ${release()}`,
    processor: arch(),
  }
  const sections = [
    `Quorum report, ${new Date(now).toISOString()}

${whatIsIn}`,
    section('Versions', versions),
    section('Settings', settings),
    typeof counts === 'string' ? `# Counts\n${counts}` : section('Counts', counts),
    ...logs.map(({ name, lines, others }) => {
      const left = others === 0 ? '' : `, ${others} other lines left out`
      return [`# ${name}: ${lines.length} lines${left}`, ...lines].join('\n')
    }),
  ]
  return { text: `${sections.join('\n\n')}\n`, lines: logs.reduce((sum, { lines }) => sum + lines.length, 0) }
}

/** Tells the person what the report contains. It is shown on screen and is part of the report. */
export const whatIsIn =
  'In it: versions, settings, counts and the last log lines. Not in it: names, PeerIds, addresses, messages, files. ' +
  'Look at it before you send it.'

/** `quorum-report-2026-01-02.txt` */
export function reportName(now: number): string {
  return `quorum-report-${new Date(now).toISOString().slice(0, 10)}.txt`
}

/**
 * Writes a file that only its owner can read. Errors: `bad-request` if the file exists and `replace` is not set,
 * `disk-full`, `not-writable`.
 */
export function writeReport(file: string, text: string, { replace = false }: { replace?: boolean } = {}): void {
  try {
    writeFileSync(file, text, { mode: 0o600, flag: replace ? 'w' : 'wx' })
    chmodSync(file, 0o600)
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    if (code === 'EEXIST')
      throw new QuorumError('bad-request', `${file} exists already: choose another name`, { cause })
    if (code === 'ENOSPC') throw new QuorumError('disk-full', 'The disk is full: the report was not saved', { cause })
    throw new QuorumError('not-writable', `${file} cannot be written`, { cause })
  }
}

/** Settings that identify no person, read without opening the profile. `chosen`: the window's current settings. */
export function settingsOf(folder: string, chosen: unknown = windowFileOf(folder)): Record<string, unknown> {
  const node = { 'embedded node': existsSync(path.join(folder, 'node.json')) }
  const known = windowSettings.safeParse(chosen)
  return { ...node, ...(known.success ? known.data : { 'window.json': 'damaged' }) }
}

/** The content of the window's file. Undefined if it is damaged; the schema refuses undefined. */
function windowFileOf(folder: string): unknown {
  const file = path.join(folder, windowFile)
  if (!existsSync(file)) return {}
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}

/** The counts of a running peer. Errors: those of its calls. */
export async function countsOf(peer: Pick<Peer, 'friends' | 'self' | 'connection'>): Promise<Counts> {
  const friends = await peer.friends()
  const { nodes, privacy } = await peer.self()
  const accepted = friends.filter(({ state }) => state === 'friend')
  const examined = accepted.slice(0, connectionsExamined)
  const connections = await Promise.all(examined.map((friend) => peer.connection({ peer: friend.peer })))
  return {
    ...privacy,
    ...tally('friends', friends, ({ state }) => state),
    ...tally('paths', accepted, (friend) => friend.path),
    ...tally('nodes', nodes, ({ state, problem }) => problem ?? state),
    ...tally('what stops a better path', connections, ({ adviceCode }) => adviceCode ?? 'nothing'),
  }
}

/** `{ 'friends: friend': 3 }` */
function tally<T>(of: string, all: readonly T[], kind: (one: T) => string): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const one of all) counts[`${of}: ${kind(one)}`] = (counts[`${of}: ${kind(one)}`] ?? 0) + 1
  return counts
}

function section(title: string, values: Readonly<Record<string, unknown>>): string {
  const lines = Object.entries(values).map(([name, value]) => `${name}: ${String(value)}`)
  return [`# ${title}`, ...(lines.length > 0 ? lines : ['none'])].join('\n')
}

/** The last lines of a log from all of its files, oldest first. `others` counts lines that are not log lines. */
function lastLines(file: string): { lines: string[]; others: number } {
  let left = logBytes
  let text = ''
  for (const name of logNames(file)) {
    if (left === 0 || !existsSync(name)) continue
    const end = endOrReason(name, left)
    left -= Buffer.byteLength(end)
    text = end + text
  }
  const all = text.split('\n').filter((line) => line !== '')
  const lines = all.flatMap((line) => readable(line) ?? [])
  return { lines, others: all.length - lines.length }
}

/** As `endOf`; of a file that cannot be read, one line that says why: a report with a gap is better than none. */
function endOrReason(file: string, most: number): string {
  try {
    return endOf(file, most)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    const time = new Date(0).toISOString()
    return `${JSON.stringify({ level: 'error', time, msg: `this part of the log cannot be read (${code})` })}\n`
  }
}

/** The last `most` bytes of a file, starting at the beginning of a line. */
function endOf(file: string, most: number): string {
  const descriptor = openRegular(file, 'read')
  try {
    const { size } = fstatSync(descriptor)
    const bytes = Buffer.alloc(Math.min(size, most))
    const length = readSync(descriptor, bytes, 0, bytes.length, size - bytes.length)
    const text = bytes.subarray(0, length).toString('utf8')
    return size > most ? text.slice(text.indexOf('\n') + 1) : text
  } finally {
    closeSync(descriptor)
  }
}

/** A log line in readable form; undefined for other text. Scrubbed again: an older version may have removed less. */
function readable(line: string): string | undefined {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    // The program was killed or the disk was full while the line was written.
    return undefined
  }
  const parsed = lineSchema.safeParse(value)
  if (!parsed.success) return undefined
  const { level, time, msg, error } = parsed.data
  const cause = error === undefined ? '' : ` ${JSON.stringify(scrubbed(error))}`
  return `${time} ${level.padEnd(5)} ${scrubText(msg)}${cause}`
}

/** Every text in the value, scrubbed. */
function scrubbed(value: unknown): unknown {
  if (typeof value === 'string') return scrubText(value)
  if (Array.isArray(value)) return value.map(scrubbed)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([name, part]) => [name, name === 'at' ? part : scrubbed(part)] as const)
  return Object.fromEntries(entries)
}
