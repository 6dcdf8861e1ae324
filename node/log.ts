/** The node's log: JSON lines on standard error, without data that identifies peers (protocol/base/log-scrub.ts). */
import pino from 'pino'
import { createLog } from '#protocol'
import type { Log, LogLevel } from '#protocol'

/** Bytes of lines that wait until a disk that was full has space again; later ones are dropped. */
const mostWaiting = 1_000_000

/**
 * Writes lines of `level` and above. Synchronous, because the last line before a crash must not be lost. A log that
 * cannot be written, on a full disk or without a reader, does not end the node.
 */
export function nodeLog(level: LogLevel): Log {
  const destination = pino.destination({ dest: 2, sync: true, maxLength: mostWaiting })
  destination.on('error', () => undefined)
  return createLog(level, destination)
}
