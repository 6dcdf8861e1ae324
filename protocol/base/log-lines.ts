/**
 * A log as JSON lines, which tools and people read: the node's, and the files of the programs that people use. Each
 * line is one write, made before the call returns: what was said before a crash is there.
 */
import pino from 'pino'
import { scrubError, scrubText } from './log-scrub.ts'
import type { Log, LogLevel } from './log.ts'

/** Takes whole lines, each with its newline. */
export interface LineSink {
  write(line: string): void
}

/** Writes lines of `level` and above to `sink`, without what would tell who, where or what (log-scrub.ts). */
export function createLog(level: LogLevel | 'silent', sink: LineSink): Log {
  const formatters = { level: (label: string) => ({ level: label }) }
  const logger = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters }, sink)
  return (at, message, error) => {
    logger[at](error === undefined ? {} : { error: scrubError(error) }, scrubText(message))
  }
}
