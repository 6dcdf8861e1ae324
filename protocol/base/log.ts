/**
 * The log of a peer or node. It never contains texts of messages, keys, names or paths; peers appear as `peerInLog`.
 */
export const logLevels = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof logLevels)[number]

export type Log = (level: LogLevel, message: string, error?: Error) => void

export const silent: Log = () => undefined

/** How a line names a peer: what writes lines for others to read knows it by its form, and cuts it out. */
export function peerInLog(peer: string): string {
  return `peer:${peer.slice(-6)}`
}
