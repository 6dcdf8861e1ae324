/** Where a peer or node tells its operator what happened. Never text, keys, names or paths; peers by `peerInLog`. */
export const logLevels = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof logLevels)[number]

export type Log = (level: LogLevel, message: string, error?: Error) => void

export const silent: Log = () => undefined

/** How a line names a peer: what writes lines for others to read knows it by its form, and cuts it out. */
export function peerInLog(peer: string): string {
  return `peer:${peer.slice(-6)}`
}
