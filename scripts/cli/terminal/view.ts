/**
 * Messages, friends, connections and the prompt as text. Pure: takes data and a `Look`, returns text.
 * All text of peers is cleaned here, with sanitize.ts, and not later. Lines with such text are wrapped and indented, so
 * that a message can never begin a line as if the client had printed it.
 */
import { styleText } from 'node:util'
import { nodeProblems } from '#advice'
import { appearance, Lookalikes, looksLike } from '#lookalike'
import stringWidth from 'string-width'
import { saidAt } from '#message-times'
import type { ConnectionInfo, Friend, HeldReason, Message, NodeState, SafetyNumber } from '#protocol'
import { cleanLine, cleanText } from './sanitize.ts'

/** What the terminal can show. `columns` is Infinity if lines are not wrapped. */
export interface Look {
  color: boolean
  columns: number
  /** It shows block characters, not only ASCII. */
  unicode: boolean
}

export type Paint = 'dim' | 'bold' | 'green' | 'yellow' | 'red' | 'cyan'

/** The most cells of a name in a list, a message or the prompt, so that more than half of a line of 80 is left. */
export const nameCells = 24
const messageIndent = '      '
const segmenter = new Intl.Segmenter()

export function paint(look: Look, color: Paint, text: string): string {
  return look.color && text !== '' ? styleText(color, text, { validateStream: false }) : text
}

// ---- people

const you = appearance('you')
const lookalikes = new Lookalikes<Friend>(shownName)

/** What groups are shown with (group-view.ts). */
const groupSign = /^[#\ufe5f\uff03\u266f]/u

/** The cleaned name of a friend for one line. Names that look the same get the end of their PeerId. */
export function labelOf(friend: Friend, all: Iterable<Friend>): string {
  const name = shownName(friend)
  if (name === '') return shortId(friend.peer)
  const ambiguous = groupSign.test(name) || looksLike(appearance(name), you) || lookalikes.isAmbiguous(friend, all)
  return ambiguous ? `${name} (${shortId(friend.peer)})` : name
}

/** The person who had that name or handle before, with another identity. */
export function knownBefore(friend: Friend, all: Iterable<Friend>): Friend | undefined {
  return lookalikes.knownBefore(friend, all)
}

/** The cleaned and shortened name. Empty if no character of it is visible. */
export function shownName(friend: Friend): string {
  return truncate(cleanLine(friend.name), nameCells)
}

/** The end of a PeerId, which distinguishes people with the same name. */
export function shortId(peer: string): string {
  return `…${peer.slice(-6)}`
}

/** `● direct`, `○ offline`, or the state of a person who is not a friend. */
function presence(look: Look, friend: Friend): string {
  switch (friend.state) {
    case 'requested':
      return paint(look, 'yellow', '… asked')
    case 'incoming':
      return paint(look, 'yellow', '? wants to be your friend')
    case 'blocked':
      return paint(look, 'red', 'blocked')
    case 'removed':
      return paint(look, 'dim', 'removed')
    case 'friend':
      if (!friend.online)
        return paint(look, 'dim', friend.askedAt === undefined ? '○ offline' : '○ offline, asked again')
      return paint(look, 'green', friend.path === 'none' ? '● online' : `● ${friend.path}`)
  }
}

/** `notes`: what happens at the moment, a word or two each. */
export function promptFor(look: Look, friend: Friend | undefined, label: string, notes: readonly string[]): string {
  const shown = notes.map((note) => `${paint(look, 'dim', note)} `).join('')
  if (friend === undefined) return `quorum ${shown}› `
  return `${paint(look, 'bold', label)} ${presence(look, friend)} ${shown}› `
}

export interface ListedFriend {
  number: number
  friend: Friend
  label: string
  /** Width of the column of labels. */
  cells: number
  /** Another person who had this name before. */
  known: Friend | undefined
  unread: number
}

export function friendLine(look: Look, listed: ListedFriend, now: number): string {
  const { number, friend, label, cells, unread, known } = listed
  const notes = [presence(look, friend)]
  if (known !== undefined)
    notes.push(paint(look, 'red', `not the ${shownName(known)} (${shortId(known.peer)}) you know`))
  if (unread > 0) notes.push(paint(look, 'bold', `${unread} unread`))
  if (friend.verified) notes.push(paint(look, 'green', 'verified'))
  if (friend.handle !== undefined) notes.push(paint(look, 'dim', `@${cleanLine(friend.handle)}`))
  if (friend.state === 'friend' && !friend.online && friend.lastSeen !== undefined) {
    notes.push(paint(look, 'dim', `last seen ${whenOf(friend.lastSeen, now)}`))
  }
  const line = `${String(number).padStart(3)}  ${pad(label, cells)}  ${notes.join('  ')}`
  return friend.state === 'incoming' && friend.note ? `${line}\n${noteLine(look, friend.note)}` : line
}

/** The note of a friend request, in quotes and indented, because it is text of a peer. */
export function noteLine(look: Look, note: string): string {
  return wrap(`     “${cleanLine(note)}”`, look.columns, '      ')
}

// ---- messages

/** One message, wrapped, with its time. An own message has its delivery mark. */
export function messageBlock(look: Look, message: Message, label: string): string {
  const own = message.direction === 'out'
  const clock = clockOf(saidAt(message))
  const who = own ? 'you' : label
  const head = `${clock} ${who}: `
  const text = spoken(message)
  const body = wrap(text, look.columns, messageIndent, stringWidth(head))
  const painted = `${paint(look, 'dim', clock)} ${paint(look, own ? 'cyan' : 'bold', `${who}:`)} ${body}`
  const mark = own ? markOf(message) : ''
  if (mark === '') return painted
  const last = body.includes('\n') ? body.slice(body.lastIndexOf('\n') + 1) : head + body
  const room = stringWidth(last) + 1 + stringWidth(mark) <= look.columns
  return painted + (room ? ' ' : `\n${messageIndent}`) + paint(look, message.state === 'read' ? 'green' : 'dim', mark)
}

function spoken({ state, unknown, text, invitation, direction }: Message): string {
  if (state === 'recalled') return '(recalled)'
  if (invitation !== undefined) {
    const group = `the group “${truncate(cleanLine(invitation.name), nameCells)}”`
    return direction === 'out' ? `(invited to ${group})` : `(invites you to ${group})`
  }
  return unknown === true ? '(needs a newer version of Quorum)' : cleanText(text)
}

/** The delivery mark of an own message. */
function markOf(message: Message): string {
  switch (message.state) {
    case 'queued':
      return '… queued'
    case 'sent':
      return message.leftAt === undefined ? '✓' : '✓ left for them'
    case 'delivered':
      return '✓✓'
    case 'read':
      return '✓✓ read'
    case 'recalled':
      return ''
  }
}

// ---- connections, nodes, safety numbers

export function connectionLines(look: Look, info: ConnectionInfo): string {
  const details: string[] = [info.path]
  if (info.transport !== undefined) details.push(info.transport)
  if (info.rttMs !== undefined) details.push(`${info.rttMs < 10 ? info.rttMs.toFixed(1) : Math.round(info.rttMs)} ms`)
  if (info.since !== undefined) details.push(`since ${clockOf(info.since)}`)
  if (info.via !== undefined) details.push(`through node …${cleanLine(info.via).slice(-6)}`)
  const lines = [wrap(cleanLine(info.reason), look.columns, '  '), paint(look, 'dim', `  ${details.join(' · ')}`)]
  if (info.address !== undefined) lines.push(paint(look, 'dim', `  ${cleanLine(info.address)}`))
  if (info.tried.length > 0) lines.push(paint(look, 'dim', `  tried: ${triedLine(info.tried)}`))
  if (info.advice !== undefined) lines.push(wrap(cleanLine(info.advice), look.columns, '  '))
  return lines.join('\n')
}

/** `2 public silent, relay connected`. */
function triedLine(tried: ConnectionInfo['tried']): string {
  const counts = new Map<string, number>()
  for (const { kind, outcome } of tried) {
    const what = `${kind} ${outcome.replace('-', ' ')}`
    counts.set(what, (counts.get(what) ?? 0) + 1)
  }
  return [...counts].map(([what, count]) => (count === 1 ? what : `${count} ${what}`)).join(', ')
}

export function nodeLine(look: Look, number: number, node: NodeState, here: boolean, now: number): string {
  const color: Paint = node.state === 'connected' ? 'green' : node.state === 'connecting' ? 'yellow' : 'red'
  const full = node.fullUntil === undefined ? undefined : fullNote(node.fullUntil, now)
  const refused = node.problem === 'not-admitted' ? 'does not accept you' : undefined
  const notes = [paint(look, color, refused ?? full ?? node.state)]
  if (node.rttMs !== undefined) notes.push(`${Math.round(node.rttMs)} ms`)
  if (node.reserved) notes.push('relays for you')
  if (here) notes.push('runs here')
  const lines = [paint(look, 'dim', cleanLine(node.address))]
  if (node.problem !== undefined) lines.push(nodeProblems[node.problem])
  return `${String(number).padStart(3)}  ${notes.join(' · ')}${lines.map((line) => `\n     ${line}`).join('')}`
}

/** Of a node that has no place: when it is tried again. */
export function fullNote(until: number, now: number): string {
  const minutes = Math.max(1, Math.ceil((until - now) / 60_000))
  return `this node is full; trying again in ${minutes} ${minutes === 1 ? 'minute' : 'minutes'}`
}

/** The 60 digits, four groups a line, for reading aloud. */
export function safetyLines(look: Look, { number, verified }: SafetyNumber): string {
  const groups = number.split(' ')
  const lines: string[] = []
  for (let start = 0; start < groups.length; start += 4) {
    lines.push('  ' + paint(look, 'bold', groups.slice(start, start + 4).join(' ')))
  }
  lines.push(verified ? paint(look, 'green', '  You have verified it.') : paint(look, 'dim', '  Not verified yet.'))
  return lines.join('\n')
}

// ---- times

export function clockOf(time: number): string {
  const date = new Date(time)
  return `${String(date.getHours()).padStart(2, '0')}:${String(date.getMinutes()).padStart(2, '0')}`
}

/** `Mon 3 Mar 2025`: the day of a message, in local time. */
export function dayOf(time: number): string {
  const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
  const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
  const date = new Date(time)
  return `${days[date.getDay()]} ${date.getDate()} ${months[date.getMonth()]} ${date.getFullYear()}`
}

/** The time for today, otherwise the day. */
function whenOf(time: number, now: number): string {
  return dayOf(time) === dayOf(now) ? clockOf(time) : dayOf(time)
}

// ---- width

/**
 * Breaks lines between words so that none is wider than `columns` cells. Every line but the first begins with `indent`,
 * after a newline of the text, too. Words wider than a line are cut. `taken` cells of the first line are already in
 * use. The text must have no colours.
 */
export function wrap(text: string, columns: number, indent: string, taken = 0): string {
  const room = Math.max(columns, indent.length + 10)
  const lines: string[] = []
  for (const paragraph of text.split('\n')) {
    let line = lines.length === 0 ? '' : indent
    let width = lines.length === 0 ? taken : indent.length
    let atStart = width <= indent.length
    for (const word of paragraph.split(/(?<= )(?=[^ ])/u)) {
      const visible = stringWidth(word.trimEnd())
      if (!atStart && width + visible > room && indent.length + visible <= room) {
        lines.push(line.trimEnd())
        line = indent
        width = indent.length
      }
      atStart = false
      if (width + visible <= room) {
        line += word
        width += stringWidth(word)
        continue
      }
      for (const { segment } of segmenter.segment(word)) {
        const cells = stringWidth(segment)
        if (width + cells > room) {
          lines.push(line)
          line = indent
          width = indent.length
        }
        line += segment
        width += cells
      }
    }
    lines.push(width > room ? line.trimEnd() : line)
  }
  return lines.join('\n')
}

/** Shortened to `cells`, with `…` at the end if something was cut off. */
export function truncate(text: string, cells: number): string {
  if (stringWidth(text) <= cells) return text
  let short = ''
  let width = 0
  for (const { segment } of segmenter.segment(text)) {
    width += stringWidth(segment)
    if (width > cells - 1) break
    short += segment
  }
  return `${short.trimEnd()}…`
}

export function pad(text: string, cells: number): string {
  return text + ' '.repeat(Math.max(0, cells - stringWidth(text)))
}

export function heldLine(held: HeldReason, label: string): string {
  return held === 'too-much'
    ? `${label} sends very much. What they write waits: /more ${label} takes it, /block ${label} ends it.`
    : `The disk is nearly full: what ${label} writes waits until there is room.`
}
