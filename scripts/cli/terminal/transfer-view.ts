/**
 * A transfer as text: name, size, friend, progress, and the command for the next step. Pure, like view.ts. Names and
 * notes of peers are cleaned, wrapped and indented here.
 */
import type { Transfer } from '#protocol'
import { byteSize } from '#byte-size'
import { plural } from './amounts.ts'
import { missingLines } from './missing-files.ts'
import { progressLine } from './progress-bar.ts'
import { warningAbout } from './risk-warning.ts'
import { cleanLine } from './sanitize.ts'
import { canBeResumed } from './transfers.ts'
import { clockOf, paint, truncate, wrap } from './view.ts'
import type { Look, Paint } from './view.ts'

export interface ShownTransfer {
  transfer: Transfer
  /** The friend's name, cleaned. */
  label: string
  online: boolean
  /** Its number in commands; undefined if there are no commands or none applies. */
  number: number | undefined
}

const indent = '      '
const nameCells = 60
/** The most files in the details. */
const filesListed = 20
/** The most missing files in a conversation. */
const missingListed = 3
/** The most cells of a bar with its figures. A longer line is harder to read. */
const barColumns = 100

// ---- whole blocks

/** A transfer in its conversation: a few lines, which are replaced while it continues. */
export function transferBlock(look: Look, shown: ShownTransfer, missingMost = missingListed): string {
  const { transfer, label, number } = shown
  const clock = clockOf(transfer.offeredAt)
  const [who, rest] = headOf(shown)
  const head = wrap(`${clock} ${who} ${rest}`, look.columns, indent)
  // Coloured after wrapping, because `wrap` takes text without colours.
  const begin = `${clock} ${who}`
  const painted = `${paint(look, 'dim', clock)} ${paint(look, transfer.direction === 'out' ? 'cyan' : 'bold', who)}`
  const lines = [head.startsWith(begin) ? painted + head.slice(begin.length) : head]
  if (transfer.note) lines.push(wrap(`${indent}“${cleanLine(transfer.note)}”`, look.columns, `${indent} `))
  const warning = warningOf(shown)
  if (warning !== undefined) lines.push(paint(look, 'yellow', wrap(`${indent}! ${warning}`, look.columns, indent)))
  const missing = missingLines(transfer, label, number, missingMost).map((line) =>
    paint(look, 'yellow', wrap(indent + line, look.columns, `${indent}    `)),
  )
  return [...lines, ...progressLines(look, shown, indent), ...missing].join('\n')
}

/** An entry of the list: number and head, then the progress. */
export function listedTransfer(look: Look, shown: ShownTransfer): string {
  const { transfer, label, number } = shown
  const who = `${transfer.direction === 'in' ? 'from' : 'to'} ${label}`
  const head = `${String(number ?? '').padStart(3)}  ${who}: ${whatOf(transfer)}, ${byteSize(transfer.bytes)}`
  return [wrap(head, look.columns, '     '), ...progressLines(look, shown, '     ')].join('\n')
}

/** One transfer with its files. */
export function transferDetails(look: Look, shown: ShownTransfer): string {
  const { files, count, missing = [] } = shown.transfer
  const gone = new Set(missing.map(({ path }) => path))
  const lines = files.slice(0, filesListed).map(({ path, size, done }) => {
    const state = gone.has(path) ? ', missing' : size > 0 && done >= size ? ', done' : ''
    const amount = path.endsWith('/') ? 'empty folder' : `${byteSize(size)}${state}`
    return wrap(`${indent}${cleanLine(path)}  (${amount})`, look.columns, `${indent}  `)
  })
  if (count > lines.length) lines.push(`${indent}and ${count - lines.length} more`)
  return [transferBlock(look, shown, filesListed), ...lines].join('\n')
}

/** The present state in one line or a few, for output in which nothing can be replaced. */
export function transferSummary(shown: ShownTransfer): string {
  const [who, rest] = headOf(shown)
  const { transfer, label, number } = shown
  const missing = missingLines(transfer, label, number, filesListed).map((line) => indent + line)
  const lines = [`${who} ${rest}: ${statusOf(shown).text}`]
  if (transfer.state !== 'offered') return [...lines, ...missing].join('\n')
  if (transfer.note) lines.push(`${indent}“${cleanLine(transfer.note)}”`)
  const warning = warningOf(shown)
  if (warning !== undefined) lines.push(`${indent}! ${warning}`)
  return [...lines, ...missing].join('\n')
}

// ---- parts

/** `“film.mkv”`, `the folder “Holiday” with 12 files`, `“a.jpg” and 11 more files`. */
export function whatOf({ name, count, roots, files }: Transfer): string {
  const root = rootOf(files[0]?.path ?? '')
  if (root === undefined || roots > 1) {
    return count === 1 ? `“${nameOf(name)}”` : `“${nameOf(name)}” and ${plural(count - 1, 'more file')}`
  }
  const empty = files.every(({ path }) => path.endsWith('/')) && files.length === count
  const folder = `folder “${nameOf(root)}”`
  return empty ? `the empty ${folder}` : `the ${folder} with ${plural(count, 'file')}`
}

/** A name of a peer, cleaned, for one line. */
export function nameOf(name: string): string {
  return truncate(cleanLine(name), nameCells) || '(no name)'
}

/** The warning about files that could run: before they are accepted, and before they are opened. */
export function warningOf({ transfer, label }: ShownTransfer): string | undefined {
  if (transfer.direction === 'out' || (transfer.state !== 'offered' && transfer.state !== 'done')) return undefined
  return warningAbout(transfer.risks ?? {}, label)
}

/** `Bob`, `offers you “film.mkv”, 1.9 GB`. */
function headOf({ transfer, label }: ShownTransfer): [who: string, rest: string] {
  const own = transfer.direction === 'out'
  return [
    own ? 'you' : label,
    `${verbOf(transfer)} ${own ? label : 'you'} ${whatOf(transfer)}, ${byteSize(transfer.bytes)}`,
  ]
}

function verbOf({ state, direction }: Transfer): string {
  const own = direction === 'out'
  switch (state) {
    case 'offered':
      return own ? 'offer' : 'offers'
    case 'waiting':
    case 'active':
    case 'paused':
      return own ? 'send' : 'sends'
    case 'done':
      return 'sent'
    case 'declined':
    case 'cancelled':
    case 'failed':
      return 'offered'
  }
}

/** The bar, if there is progress to show, and a line with what the bar does not show. */
function progressLines(look: Look, shown: ShownTransfer, indent: string): string[] {
  const { transfer } = shown
  const { state, doneBytes, bytes, bytesPerSecond, etaSeconds } = transfer
  const { text, color } = statusOf(shown)
  const columns = Math.min(look.columns, barColumns) - indent.length
  const progress = { done: doneBytes, total: bytes, bytesPerSecond, etaSeconds }
  const lines: string[] = []
  if (state === 'active' || ((state === 'waiting' || state === 'paused') && doneBytes > 0)) {
    lines.push(indent + progressLine(look, columns, progress, state === 'active' ? 'green' : 'dim'))
  }
  const add = (line: string, how: Paint): number =>
    lines.push(paint(look, how, wrap(indent + line, look.columns, indent)))
  if (state !== 'active') add(text, color)
  if (transfer.advice !== undefined && state === 'active') add(cleanLine(transfer.advice), 'dim')
  return lines
}

/** The state in words, with the command for the next step. */
export function statusOf(shown: ShownTransfer): { text: string; color: Paint } {
  const { transfer, label, online, number } = shown
  const own = transfer.direction === 'out'
  const isWhole = transfer.missingCount === undefined
  const type = (command: string): string => (number === undefined ? '' : ` /${command} ${number}`)
  switch (transfer.state) {
    case 'offered':
      if (own) return { text: `waiting for ${label} to ${online ? 'accept' : 'come online'}`, color: 'dim' }
      return {
        text: number === undefined ? 'not answered yet' : `/accept ${number} or /decline ${number}`,
        color: 'yellow',
      }
    case 'waiting':
      if (transfer.error !== undefined)
        return { text: `waiting: ${cleanLine(transfer.error.message)}`, color: 'yellow' }
      return { text: online ? 'waiting for its turn' : `waiting for ${label} to come online`, color: 'dim' }
    case 'active':
      return { text: own ? 'on its way' : 'arriving', color: 'dim' }
    case 'paused':
      if (transfer.pausedBy === 'them') return { text: `paused by ${label}`, color: 'yellow' }
      return { text: `paused.${type('resume')}${number === undefined ? '' : ' continues'}`, color: 'yellow' }
    case 'done':
      if (own) return { text: `${label} has ${isWhole ? 'it' : 'the rest'}`, color: 'green' }
      return {
        text: `${isWhole ? '' : 'the rest is '}saved to ${cleanLine(transfer.savedTo ?? 'your folder for downloads')}`,
        color: 'green',
      }
    case 'declined':
      return { text: own ? `${label} declined` : 'declined', color: 'dim' }
    case 'cancelled':
      return { text: 'cancelled', color: 'dim' }
    case 'failed':
      return { text: failureOf(shown), color: 'red' }
  }
}

/** Why it failed, and the command for it. The reason itself says what else to do. */
function failureOf({ transfer, number }: ShownTransfer): string {
  const { error, direction } = transfer
  const why = error === undefined ? 'failed' : cleanLine(error.message).replace(/\.$/u, '')
  if (canBeResumed(transfer))
    return `${why}. ${number === undefined ? 'Then receive again.' : `/resume ${number} continues.`}`
  if (error?.code === 'source-changed' && direction === 'out') {
    return `${why}. ${number === undefined ? 'Send' : '/send'} it again.`
  }
  return error?.code === 'verification-failed' ? `${why}. No part of it was saved.` : `${why}.`
}

/** The top folder of a path; undefined for a file without a folder. */
function rootOf(path: string): string | undefined {
  const end = path.indexOf('/')
  return end < 0 ? undefined : path.slice(0, end)
}
