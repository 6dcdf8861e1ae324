/** The log of a peer or node. It never contains texts of messages, keys, names or paths; peers appear by short id. */
export const logLevels = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof logLevels)[number]

export type Log = (level: LogLevel, message: string, error?: Error) => void

export const silent: Log = () => undefined
