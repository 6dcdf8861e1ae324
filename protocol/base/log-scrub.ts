/**
 * Removes identifying data from log lines, because people send logs to support. PeerIds, addresses, hosts, links,
 * codes, ids, paths and all quoted text are replaced, also in the messages, stacks and causes of errors of other
 * packages. A pattern cannot recognise a name, and the message of a QuorumError may contain one, so a QuorumError is
 * logged by its code and its location in the program. Pure functions: nothing is written here.
 */
import { QuorumError, toError } from './errors.ts'

/** An error in the form of a log line. */
export interface LoggedError {
  name: string
  code?: string
  /** Absent for a QuorumError: its message may contain a name; code and location identify it. */
  message?: string
  /** Frames of the stack, innermost first; files relative to the program. */
  at: string[]
  cause?: LoggedError
  /** The first errors of an AggregateError. */
  errors?: LoggedError[]
}

/** Depth of nested causes: more than any QuorumError has, and a bound for an error that is its own cause. */
const deepest = 4
/** Maximum number of logged errors of an AggregateError. */
const mostErrors = 4
/** Maximum number of logged stack frames; the outer frames belong to Node. */
const mostFrames = 16
/** UTF-16 units of a message: keeps a line far below the size at which a log file is rotated. */
const longestText = 2000

const ipv4 = String.raw`\d{1,3}(?:\.\d{1,3}){3}`
const hex = String.raw`[\da-fA-F]`
const ipv6 = String.raw`(?=(?:${hex}|:)*:${hex}*:)${hex}{0,4}(?::${hex}{0,4}){2,8}(?:(?<=:\d{1,3})(?:\.\d{1,3}){3})?`

/**
 * Patterns of identifying data, and their replacements. If two patterns match at the same position, the first in this
 * list applies. A path may contain spaces and line breaks, so its end is unknown: the rest of the text is removed too.
 */
const identifying: readonly (readonly [pattern: string, replacement: string | undefined])[] = [
  // Protocol names look like paths but identify nothing: they are not replaced.
  [String.raw`/(?:quorum|libp2p|ipfs)(?:/[a-z][a-z-]*)+/\d+(?:\.\d+)*(?![\w./-])`, undefined],
  // Node, SQLite and zod quote the refused value. The match ends at the last quote: a name may contain quotes.
  [String.raw`(?<![\p{L}\p{N}])'[^]*'(?![\p{L}\p{N}])`, '<text>'],
  ['"[^]*"', '<text>'],
  ['`[^]*`', '<text>'],
  ['[“„«‘][^]*[”“»’]', '<text>'],
  [String.raw`\b[A-Za-z][A-Za-z\d+.-]*://\S*`, '<link>'],
  [
    String.raw`/(?:(?:ip4|ip6|ip6zone|dns[46]?|dnsaddr|p2p)/[^\s/]+|p2p-circuit|(?:tcp|udp)/\d+)[^\s,;)"'\]]*`,
    '<address>',
  ],
  // The short form of a PeerId (peerInLog), and the long one.
  [String.raw`\bpeer:[0-9A-Za-z]{6}\b`, '<peer>'],
  [String.raw`\b(?:12D3KooW|16Uiu2HA|Qm|k51|k2k|bafz)[0-9A-Za-z]{40,}`, '<peer>'],
  [String.raw`\[?(?<![\dA-Za-z:])${ipv6}(?![\dA-Za-z:])(?:%\w+)?(?:\]:\d{1,5})?`, '<address>'],
  [String.raw`\b${ipv4}(?::\d{1,5})?\b`, '<address>'],
  // The host after a system error code: getaddrinfo ENOTFOUND nas.
  [String.raw`(?<=\bE[A-Z_]{3,} )[^\s,:]+(?::\d{1,5})?`, '<address>'],
  [String.raw`\b[0-9A-HJKMNP-TV-Z]{5}[ -]?[0-9A-HJKMNP-TV-Z]{5}\b`, '<code>'],
  // UUIDs, keys, digests, parts of a link.
  [String.raw`(?<![\w+/=-])(?=[A-Za-z_+/=-]*\d)[\w+/=-]{20,}`, '<id>'],
  [String.raw`(?<![\w.:-])(?:/|~[\w.-]*[/\\]|\\\\|[A-Za-z]:[\\/]|\.{1,2}[/\\])(?=\S)[^]*`, '<path>'],
  // Hosts, handles and file names. A version is not matched, because it ends in a number.
  [String.raw`[\p{L}\p{N}_-]+(?:\.[\p{L}\p{N}_-]+)*\.\p{L}[\p{L}\p{N}-]+(?::\d{1,5})?`, '<name>'],
  [String.raw`\b[A-Za-z][\w-]*:\d{2,5}\b`, '<address>'],
]
const everything = new RegExp(identifying.map(([pattern]) => `(${pattern})`).join('|'), 'gu')

/** Root of the program. Its own files are logged relative to it, other files from the name of their package on. */
const program = new URL('../..', import.meta.url).href

/** `text` without identifying data, truncated to `longestText`. */
export function scrubText(text: string): string {
  const short = text.length > longestText ? `${text.slice(0, longestText)}…` : text
  return short.replace(everything, (found: string, ...groups: unknown[]) => {
    return identifying[groups.findIndex((group) => group !== undefined)]?.[1] ?? found
  })
}

/** Any thrown value in the form of a log line, without identifying data. */
export function scrubError(thrown: unknown): LoggedError {
  return scrubbed(thrown, deepest)
}

function scrubbed(thrown: unknown, depth: number): LoggedError {
  const error = toError(thrown)
  const code = 'code' in error && error.code !== undefined ? { code: word(error.code) } : {}
  const message = error instanceof QuorumError ? {} : { message: scrubText(error.message) }
  const logged: LoggedError = { name: word(error.name), ...code, ...message, at: frames(error) }
  if (depth === 0) return logged
  if (error.cause !== undefined) logged.cause = scrubbed(error.cause, depth - 1)
  if (error instanceof AggregateError) {
    logged.errors = error.errors.slice(0, mostErrors).map((one: unknown) => scrubbed(one, depth - 1))
  }
  return logged
}

/** A name or code if it is one word; any other text becomes `<odd>`. */
function word(value: unknown): string {
  const text = String(value)
  return /^[\w-]{1,64}$/u.test(text) && scrubText(text) === text ? text : '<odd>'
}

/**
 * `scope.run protocol/net/tcp/tcp.ts:10:5` for each frame. The lines of a message with line breaks are left out.
 */
function frames(error: Error): string[] {
  const { message, stack } = error
  if (typeof stack !== 'string') return []
  const after = stack.indexOf(message) + message.length
  const lines = stack.slice(stack.includes(message) ? after : 0).split('\n')
  return lines.flatMap((line) => frame(line) ?? []).slice(0, mostFrames)
}

function frame(line: string): string | undefined {
  const [, name, location, bare] = /^ {4}at (?:(.+?) \((.*)\)|(.+))$/u.exec(line) ?? []
  const where = location ?? bare
  if (where === undefined) return undefined
  const named = /^(?:async |new )*[\w$#.<>]+(?: \[as [\w$#.<>]+\])?$/u.exec(name ?? '')?.[0]
  return named === undefined ? placeInProgram(where) : `${named} ${placeInProgram(where)}`
}

/** A file and its line: relative to the program, from the package name on, or unchanged for files of Node. */
function placeInProgram(where: string): string {
  const [, file = where.replace(/^async /u, ''), position = ''] = /^(?:async )?(.*?)((?::\d+){1,2})$/u.exec(where) ?? []
  if (/^(?:node:[\w/]+|<anonymous>)$/u.test(file)) return `${file}${position}`
  const url = file.startsWith('/') ? `file://${file}` : file
  const inPackage = /.*[/\\](node_modules[/\\][\w@./\\-]+)$/u.exec(url)?.[1]
  const own = url.startsWith(program) ? url.slice(program.length) : undefined
  const known = inPackage ?? (own !== undefined && /^[\w./-]+$/u.test(own) ? own : undefined)
  return known === undefined ? '<file>' : `${known}${position}`
}
