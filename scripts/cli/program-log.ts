/**
 * The log that every program for people keeps in its profile: the one place that says where it is, how much is told,
 * and by whom. `QUORUM_LOG` raises or lowers the level. Without a profile's folder nothing is written.
 */
import { arch, release } from 'node:os'
import path from 'node:path'
import { createLog, logLevels, toError, version } from '#protocol'
import type { Log, LogLevel } from '#protocol'
import { LogFile } from './log-file.ts'

/** Files of a profile's log folder: of the peer, wherever it runs, and of the window around it. */
export const logFiles = { peer: 'quorum.log', window: 'window.log' } as const

const levels = [...logLevels, 'off'] as const
const usual: LogLevel = 'info'

export interface ProgramLogOptions {
  /** The profile's folder; undefined for a peer in memory, which leaves nothing behind. */
  folder: string | undefined
  file: keyof typeof logFiles
  /** What runs: `quorum send`, for example. */
  program: string
  env: Readonly<Record<string, string | undefined>>
  /** One line for whoever started the program: the log cannot be kept, or QUORUM_LOG makes no sense. */
  complain: (sentence: string) => void
}

export interface ProgramLog {
  log: Log
  /** Writes nothing any more: the profile may be moved or erased. */
  close(): void
}

/** Where a profile's logs are. */
export function logFolder(folder: string): string {
  return path.join(folder, 'logs')
}

/** Nothing is created before the first line. Never throws, and neither does the log. */
export function openLog({ folder, file, program, env, complain }: ProgramLogOptions): ProgramLog {
  if (folder === undefined) return { log: () => undefined, close: () => undefined }
  const level = levelOf(env['QUORUM_LOG'], complain)
  const sink = new LogFile({
    folder: logFolder(folder),
    name: logFiles[file],
    trouble: (code) => complain(`the log cannot be written (${code}); everything else goes on`),
  })
  const write = createLog(level === 'off' ? 'silent' : level, sink)
  let begun = false
  const log: Log = (at, message, error) => {
    if (!begun) write('info', header(program))
    begun = true
    write(at, message, error)
  }
  return { log, close: () => sink.close() }
}

/** Both are told. */
export function bothLogs(one: Log, other: Log): Log {
  return (level, message, error) => {
    one(level, message, error)
    other(level, message, error)
  }
}

/** What would end the program is in the log before it ends; it ends as it would have. */
export function logCrashes(of: NodeJS.Process, log: Log): void {
  of.on('uncaughtExceptionMonitor', (error, origin) => log('error', `the program fails: ${origin}`, toError(error)))
}

function levelOf(value: string | undefined, complain: (sentence: string) => void): (typeof levels)[number] {
  if (value === undefined || value === '') return usual
  const level = levels.find((one) => one === value.toLowerCase())
  if (level === undefined) complain(`QUORUM_LOG can be ${levels.join(', ')}; the log tells ${usual}`)
  return level ?? usual
}

function header(program: string): string {
  const { electron, node } = process.versions
  const runtime = electron === undefined ? `Node ${node}` : `Electron ${electron}, Node ${node}`
  return `${program}, version ${version}, ${runtime}, ${process.platform} ${release()} ${arch()}`
}
