/**
 * The node's log: JSON lines on standard error. It never says who talks to whom: PeerIds and addresses are cut out of
 * everything that passes, also out of the messages and stacks of errors that other packages wrote.
 */
import pino from 'pino'
import type { DestinationStream } from 'pino'
import type { LogLevel } from './config.ts'

export type Log = (level: LogLevel, message: string, fields?: object) => void

/** What names a peer or a place: PeerIds in both spellings, multiaddrs, IP addresses with their ports. */
const telling: readonly [RegExp, string][] = [
  [/\/(ip4|ip6|ip6zone|p2p|tcp\/\d|(dns[46]?|dnsaddr)\/[^\s/]+\/(tcp|p2p))\b[^\s,;)"'\]]*/g, '<address>'],
  [/\b(12D3KooW|16Uiu2HA|Qm|k51|k2k|bafz)[0-9A-Za-z]{40,}/g, '<peer>'],
  [/\b\d{1,3}(\.\d{1,3}){3}(:\d{1,5})?\b/g, '<address>'],
  [/(?<![0-9a-z:])(?=[0-9a-f:]*:[0-9a-f:]*:)[0-9a-f]{0,4}(:[0-9a-f]{0,4}){2,7}(?![0-9a-z:])/gi, '<address>'],
]
/** Fields nest no deeper in anything we log. */
const deepest = 4

/** Writes lines of `level` and above to `destination`. */
export function createLog(level: LogLevel, destination: DestinationStream): Log {
  const formatters = { level: (label: string) => ({ level: label }) }
  const logger = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters }, destination)
  return (at, message, fields = {}) => logger[at](scrub(fields, deepest), scrubText(message))
}

/** `text` without what would tell who or where. */
export function scrubText(text: string): string {
  return telling.reduce((scrubbed, [pattern, stand]) => scrubbed.replace(pattern, stand), text)
}

function scrub(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return scrubText(value)
  if (typeof value !== 'object' || value === null) return typeof value === 'bigint' ? String(value) : value
  if (depth === 0) return '…'
  if (value instanceof Error) {
    const code = 'code' in value ? { code: value.code } : {}
    const cause = value.cause === undefined ? {} : { cause: scrub(value.cause, depth - 1) }
    return { ...code, stack: scrubText(value.stack ?? value.message), ...cause }
  }
  if (Array.isArray(value)) return value.map((each) => scrub(each, depth - 1))
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, scrub(each, depth - 1)]))
}
