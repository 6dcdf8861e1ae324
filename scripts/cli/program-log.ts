/**
 * The log that each program keeps in the profile's folder: where its files are, its level, and its first line.
 * `QUORUM_LOG` sets the level. Without a profile's folder nothing is written.
 */
import { arch, release } from 'node:os'
import path from 'node:path'
import { createLog, logLevels, toError, version } from '#protocol'
import type { Log, LogLevel } from '#protocol'
import { LogFile } from './log-file.ts'

/** The files in a profile's log folder: one of the peer, in whichever program it runs, and one of the window. */
export const logFiles = { peer: 'quorum.log', window: 'window.log' } as const

const levels = [...logLevels, 'off'] as const
const defaultLevel: LogLevel = 'info'

export interface ProgramLogOptions {
  /** The profile's folder; undefined for a peer in memory, which writes nothing to disk. */
  folder: string | undefined
  file: keyof typeof logFiles
  /** The program, for example `quorum send`. */
  program: string
  env: Readonly<Record<string, string | undefined>>
  /** Shows one line to the person: the log cannot be written, or QUORUM_LOG has no valid value. */
  complain: (sentence: string) => void
}

export interface ProgramLog {
  log: Log
  /** Writes nothing afterwards, so the profile may be moved or erased. */
  close(): void
}

/** The folder of a profile's logs. */
export function logFolder(folder: string): string {
  return path.join(folder, 'logs')
}

/** Creates no file before the first line. Neither this nor the log ever throws. */
export function openLog({ folder, file, program, env, complain }: ProgramLogOptions): ProgramLog {
  if (folder === undefined) return { log: () => undefined, close: () => undefined }
  const level = levelOf(env['QUORUM_LOG'], complain)
  const sink = new LogFile({
    folder: logFolder(folder),
    name: logFiles[file],
    trouble: (code) => complain(`the log cannot be written (${code}); the program continues without it`),
  })
  const write = createLog(level === 'off' ? 'silent' : level, sink)
  let headerWritten = false
  const log: Log = (at, message, error) => {
    if (!headerWritten) write('info', header(program))
    headerWritten = true
    write(at, message, error)
  }
  return { log, close: () => sink.close() }
}

/** A log that writes each line to both. */
export function bothLogs(one: Log, other: Log): Log {
  return (level, message, error) => {
    one(level, message, error)
    other(level, message, error)
  }
}

/** Logs an uncaught error before it ends the program. Node's handling of the error is unchanged. */
export function logCrashes(of: NodeJS.Process, log: Log): void {
  of.on('uncaughtExceptionMonitor', (error, origin) => log('error', `the program fails: ${origin}`, toError(error)))
}

function levelOf(value: string | undefined, complain: (sentence: string) => void): (typeof levels)[number] {
  if (value === undefined || value === '') return defaultLevel
  const level = levels.find((one) => one === value.toLowerCase())
  if (level === undefined) complain(`QUORUM_LOG can be ${levels.join(', ')}; the log uses ${defaultLevel}`)
  return level ?? defaultLevel
}

function header(program: string): string {
  const { electron, node } = process.versions
  const runtime = electron === undefined ? `Node ${node}` : `Electron ${electron}, Node ${node}`
  return `${program}, version ${version}, ${runtime}, ${process.platform} ${release()} ${arch()}`
}
