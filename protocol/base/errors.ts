/**
 * The only error class of Quorum, and its codes. Callers branch on `code`; the message is for people, and code must not
 * match on it. docs/errors.md explains each code.
 */

export const errorCodes = [
  'bad-request',
  'not-found',
  'not-friend',
  'blocked',
  'node-unreachable',
  'node-full',
  'not-admitted',
  'foreign-node',
  'peer-offline',
  'relay-refused',
  'too-large',
  'rate-limited',
  'invite-used',
  'invite-expired',
  'bad-invite',
  'handle-taken',
  'verification-failed',
  'disk-full',
  'not-writable',
  'source-changed',
  'store-locked',
  'store-corrupt',
  'privacy-unreadable',
  'wrong-passphrase',
  'backup-damaged',
  'profile-exists',
  'profile-twice',
  'wrong-clock',
  'unsupported-version',
  'cancelled',
  'internal',
] as const
export type ErrorCode = (typeof errorCodes)[number]

const codes: ReadonlySet<string> = new Set(errorCodes)

/**
 * An error with a stable `code`. `message`: one sentence for a person. `cause`: the underlying error. `part`: of a
 * value that has several parts, the wrong one, as a code to translate.
 */
export class QuorumError extends Error {
  readonly code: ErrorCode
  readonly part?: string

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown; part?: string }) {
    super(message, options)
    this.name = 'QuorumError'
    this.code = code
    if (options?.part !== undefined) this.part = options.part
  }
}

/** An error as data: for stdio, a MessagePort and the wire. */
export interface ErrorData {
  code: ErrorCode
  message: string
  part?: string
}

/** Any thrown value as data. An error that is not a QuorumError becomes `internal`, with its own message. */
export function errorToData(error: unknown): ErrorData {
  if (error instanceof QuorumError) {
    const { code, message, part } = error
    return { code, message, ...(part === undefined ? {} : { part }) }
  }
  return { code: 'internal', message: toError(error).message }
}

/** An error from received data. An unknown code becomes `internal`, because the other side may be newer. */
export function errorFromData({ code, message, part }: { code: string; message: string; part?: string }): QuorumError {
  return new QuorumError(isErrorCode(code) ? code : 'internal', message, part === undefined ? {} : { part })
}

export function isErrorCode(code: string): code is ErrorCode {
  return codes.has(code)
}

export function toError(value: unknown): Error {
  return value instanceof Error ? value : new Error(String(value))
}
