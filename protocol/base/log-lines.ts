/**
 * A log as JSON lines, for the node and for the log files of the programs. Each line is one write that completes before
 * the call returns, so that the lines before a crash are not lost.
 */
import pino from 'pino'
import { scrubError, scrubText } from './log-scrub.ts'
import type { Log, LogLevel } from './log.ts'

/** Takes whole lines, each with its newline. */
export interface LineSink {
  write(line: string): void
}

/** Writes lines of `level` and above to `sink`, without identifying data (log-scrub.ts). */
export function createLog(level: LogLevel | 'silent', sink: LineSink): Log {
  const formatters = { level: (label: string) => ({ level: label }) }
  const logger = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters }, sink)
  return (at, message, error) => {
    logger[at](error === undefined ? {} : { error: scrubError(error) }, scrubText(message))
  }
}
