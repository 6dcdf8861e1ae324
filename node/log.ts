/** The node's log: JSON lines on standard error, without who talks to whom (protocol/base/log-scrub.ts). */
import pino from 'pino'
import { createLog } from '#protocol'
import type { Log, LogLevel } from '#protocol'

/** Lines of `level` and above. Synchronous: the last line before an exit is the one that matters. */
export function nodeLog(level: LogLevel): Log {
  return createLog(level, pino.destination({ dest: 2, sync: true }))
}
