/**
 * The node's log: JSON lines on standard error. It never says who talks to whom: PeerIds and addresses are cut out of
 * everything that passes, also out of the messages and stacks of errors that other packages wrote.
 */
import pino from 'pino'
import type { DestinationStream } from 'pino'
import { toError } from '#protocol'
import type { Log, LogLevel } from '#protocol'

/** What names a peer or a place: multiaddrs, PeerIds in every spelling, IP addresses with their ports. */
const telling: readonly [RegExp, string][] = [
  [/\/(ip4|ip6|ip6zone|p2p|tcp\/\d|(dns[46]?|dnsaddr)\/[^\s/]+\/(tcp|p2p))\b[^\s,;)"'\]]*/g, '<address>'],
  [/\b(12D3KooW|16Uiu2HA|Qm|k51|k2k|bafz)[0-9A-Za-z]{40,}/g, '<peer>'],
  [/\b\d{1,3}(\.\d{1,3}){3}(:\d{1,5})?\b/g, '<address>'],
  [/(?<![0-9a-z:])(?=[0-9a-f:]*:[0-9a-f:]*:)[0-9a-f]{0,4}(:[0-9a-f]{0,4}){2,7}(?![0-9a-z:])/gi, '<address>'],
]
/** Causes of causes: deeper than any error of ours, and an end for one that is its own cause. */
const deepest = 4

/** Writes lines of `level` and above to `destination`. */
export function createLog(level: LogLevel, destination: DestinationStream): Log {
  const formatters = { level: (label: string) => ({ level: label }) }
  const logger = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters }, destination)
  return (at, message, error) => {
    logger[at](error === undefined ? {} : { error: scrubError(error, deepest) }, scrubText(message))
  }
}

/** `text` without what would tell who or where. */
export function scrubText(text: string): string {
  return telling.reduce((scrubbed, [pattern, stand]) => scrubbed.replace(pattern, stand), text)
}

function scrubError(error: Error, depth: number): object {
  const stack = scrubText(error.stack ?? error.message)
  const code = 'code' in error ? { code: scrubText(String(error.code)) } : {}
  if (error.cause === undefined || depth === 0) return { ...code, stack }
  return { ...code, stack, cause: scrubError(toError(error.cause), depth - 1) }
}
