/** The node's log: JSON lines on standard error, without data that identifies peers (protocol/base/log-scrub.ts). */
import pino from 'pino'
import { createLog } from '#protocol'
import type { Log, LogLevel } from '#protocol'

/** Writes lines of `level` and above. Synchronous, because the last line before a crash must not be lost. */
export function nodeLog(level: LogLevel): Log {
  return createLog(level, pino.destination({ dest: 2, sync: true }))
}
