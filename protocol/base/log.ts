/**
 * The log of a peer or node. It never contains message texts, keys, names or paths; a peer is written as `peerInLog`.
 */
export const logLevels = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof logLevels)[number]

export type Log = (level: LogLevel, message: string, error?: Error) => void

export const silent: Log = () => undefined

/** The form of a peer in a log line. log-scrub.ts recognises this form and removes it. */
export function peerInLog(peer: string): string {
  return `peer:${peer.slice(-6)}`
}
