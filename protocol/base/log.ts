/** Where a peer or node tells its operator what happened. Never text, keys, names or paths; peers by short id. */
export const logLevels = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof logLevels)[number]

export type Log = (level: LogLevel, message: string, error?: Error) => void

export const silent: Log = () => undefined
