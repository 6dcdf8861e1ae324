/**
 * What a log line may say. A log is given to people who help, so it never tells who, where or what: PeerIds, addresses,
 * hosts, links, codes, ids, paths and everything in quotes are cut out, also of the messages, stacks and causes of
 * errors that other packages made. A pattern cannot recognise a name, so an error of our own, whose message may quote
 * one, is told by its code and its place in the program. Pure functions: nothing is written here.
 */
import { QuorumError, toError } from './errors.ts'

/** An error as it stands in a log line. */
export interface LoggedError {
  name: string
  code?: string
  /** Absent for an error of our own: its message is for the person, and the code and the place say the same. */
  message?: string
  /** Frames of the stack, innermost first; files relative to the program. */
  at: string[]
  cause?: LoggedError
  /** Of an AggregateError, the first few. */
  errors?: LoggedError[]
}

/** Causes of causes: deeper than any error of ours, and an end for one that is its own cause. */
const deepest = 4
/** Members of an AggregateError that are told. */
const mostErrors = 4
/** Of a stack; the outer frames are Node's own. */
const mostFrames = 16
/** UTF-16 units of a message: a line stays far below the size at which a log file is rotated. */
const longestText = 2000

const ipv4 = String.raw`\d{1,3}(?:\.\d{1,3}){3}`
const hex = String.raw`[\da-fA-F]`
const ipv6 = String.raw`(?=(?:${hex}|:)*:${hex}*:)${hex}{0,4}(?::${hex}{0,4}){2,8}(?:(?<=:\d{1,3})(?:\.\d{1,3}){3})?`

/**
 * What tells, and what is written for it. Of two that begin at the same place, the earlier one counts. A path may have
 * spaces and line breaks in it, so nothing shows where it ends: the rest of the text goes with it.
 */
const telling: readonly (readonly [pattern: string, stand: string | undefined])[] = [
  // Names of protocols look like paths and tell nothing: they stay.
  [String.raw`/(?:quorum|libp2p|ipfs)(?:/[a-z][a-z-]*)+/\d+(?:\.\d+)*(?![\w./-])`, undefined],
  // Quotes: Node, SQLite and zod put what they complain of between them. The last one ends it: a name may have its own.
  [String.raw`(?<![\p{L}\p{N}])'[^]*'(?![\p{L}\p{N}])`, '<text>'],
  ['"[^]*"', '<text>'],
  ['`[^]*`', '<text>'],
  ['[“„«‘][^]*[”“»’]', '<text>'],
  [String.raw`\b[A-Za-z][A-Za-z\d+.-]*://\S*`, '<link>'],
  [
    String.raw`/(?:(?:ip4|ip6|ip6zone|dns[46]?|dnsaddr|p2p)/[^\s/]+|p2p-circuit|(?:tcp|udp)/\d+)[^\s,;)"'\]]*`,
    '<address>',
  ],
  // The short form in which the library's own lines name a peer, and the long one.
  [String.raw`\bpeer:[0-9A-Za-z]{6}\b`, '<peer>'],
  [String.raw`\b(?:12D3KooW|16Uiu2HA|Qm|k51|k2k|bafz)[0-9A-Za-z]{40,}`, '<peer>'],
  [String.raw`\[?(?<![\dA-Za-z:])${ipv6}(?![\dA-Za-z:])(?:%\w+)?(?:\]:\d{1,5})?`, '<address>'],
  [String.raw`\b${ipv4}(?::\d{1,5})?\b`, '<address>'],
  // What could not be resolved or reached: getaddrinfo ENOTFOUND nas.
  [String.raw`(?<=\bE[A-Z_]{3,} )[^\s,:]+(?::\d{1,5})?`, '<address>'],
  [String.raw`\b[0-9A-HJKMNP-TV-Z]{5}[ -]?[0-9A-HJKMNP-TV-Z]{5}\b`, '<code>'],
  // UUIDs, keys, digests, what is left of a link.
  [String.raw`(?<![\w+/=-])(?=[A-Za-z_+/=-]*\d)[\w+/=-]{20,}`, '<id>'],
  [String.raw`(?<![\w.:-])(?:/|~[\w.-]*[/\\]|\\\\|[A-Za-z]:[\\/]|\.{1,2}[/\\])(?=\S)[^]*`, '<path>'],
  // Hosts, handles and names of files; a version ends in a number.
  [String.raw`[\p{L}\p{N}_-]+(?:\.[\p{L}\p{N}_-]+)*\.\p{L}[\p{L}\p{N}-]+(?::\d{1,5})?`, '<name>'],
  [String.raw`\b[A-Za-z][\w-]*:\d{2,5}\b`, '<address>'],
]
const everything = new RegExp(telling.map(([pattern]) => `(${pattern})`).join('|'), 'gu')

/** Where the program is: of its own files the place in it is told, of all others only what package they are of. */
const program = new URL('../..', import.meta.url).href

/** `text` without what would tell who, where or what; cut when it is longer than a line needs. */
export function scrubText(text: string): string {
  const short = text.length > longestText ? `${text.slice(0, longestText)}…` : text
  return short.replace(everything, (found: string, ...groups: unknown[]) => {
    return telling[groups.findIndex((group) => group !== undefined)]?.[1] ?? found
  })
}

/** Anything thrown, as it may stand in a log line. */
export function scrubError(thrown: unknown): LoggedError {
  return scrubbed(thrown, deepest)
}

function scrubbed(thrown: unknown, depth: number): LoggedError {
  const error = toError(thrown)
  const code = 'code' in error && error.code !== undefined ? { code: word(error.code) } : {}
  const message = error instanceof QuorumError ? {} : { message: scrubText(error.message) }
  const told: LoggedError = { name: word(error.name), ...code, ...message, at: frames(error) }
  if (depth === 0) return told
  if (error.cause !== undefined) told.cause = scrubbed(error.cause, depth - 1)
  if (error instanceof AggregateError) {
    told.errors = error.errors.slice(0, mostErrors).map((one: unknown) => scrubbed(one, depth - 1))
  }
  return told
}

/** A name or code that is one word; nothing else passes. */
function word(value: unknown): string {
  const text = String(value)
  return /^[\w-]{1,64}$/u.test(text) && scrubText(text) === text ? text : '<odd>'
}

/**
 * `scope.run protocol/net/tcp/tcp.ts:10:5` for each frame; what a message with line breaks put among them is left out.
 */
function frames(error: Error): string[] {
  const { message, stack } = error
  if (typeof stack !== 'string') return []
  const after = stack.indexOf(message) + message.length
  const lines = stack.slice(stack.includes(message) ? after : 0).split('\n')
  return lines.flatMap((line) => frame(line) ?? []).slice(0, mostFrames)
}

function frame(line: string): string | undefined {
  const [, inParentheses, place, bare] = /^ {4}at (?:(.+?) \((.*)\)|(.+))$/u.exec(line) ?? []
  const where = place ?? bare
  if (where === undefined) return undefined
  const named = /^(?:async |new )*[\w$#.<>]+(?: \[as [\w$#.<>]+\])?$/u.exec(inParentheses ?? '')?.[0]
  return named === undefined ? placeInProgram(where) : `${named} ${placeInProgram(where)}`
}

/** A file and its line: of the program relative to it, of a package from its name on, of Node as it is. */
function placeInProgram(where: string): string {
  const [, file = where.replace(/^async /u, ''), position = ''] = /^(?:async )?(.*?)((?::\d+){1,2})$/u.exec(where) ?? []
  if (/^(?:node:[\w/]+|<anonymous>)$/u.test(file)) return `${file}${position}`
  const url = file.startsWith('/') ? `file://${file}` : file
  const inPackage = /.*[/\\](node_modules[/\\][\w@./\\-]+)$/u.exec(url)?.[1]
  const own = url.startsWith(program) ? url.slice(program.length) : undefined
  const known = inPackage ?? (own !== undefined && /^[\w./-]+$/u.test(own) ? own : undefined)
  return known === undefined ? '<file>' : `${known}${position}`
}
