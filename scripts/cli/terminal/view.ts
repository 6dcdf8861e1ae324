/**
 * How things look as text: messages, friends, connections, the prompt. Pure: data and a `Look` in, text out.
 * Everything that a peer wrote goes through sanitize.ts here, and nowhere later; lines that carry foreign text are
 * wrapped and indented, so that a message can never begin a line as if it were ours.
 */
import { styleText } from 'node:util'
import { appearance, Lookalikes, looksLike } from '#lookalike'
import stringWidth from 'string-width'
import type { ConnectionInfo, Friend, Message, NodeState, SafetyNumber } from '#protocol'
import { cleanLine, cleanText } from './sanitize.ts'

/** What the terminal can do. `columns` is Infinity where lines are not to be wrapped. */
export interface Look {
  color: boolean
  columns: number
  /** It shows block characters, not only ASCII. */
  unicode: boolean
}

export type Paint = 'dim' | 'bold' | 'green' | 'yellow' | 'red' | 'cyan'

/** Cells of a name in a list, a message or the prompt: half a line of 80 stays for the rest. */
const nameCells = 24
const messageIndent = '      '
const segmenter = new Intl.Segmenter()

export function paint(look: Look, color: Paint, text: string): string {
  return look.color && text !== '' ? styleText(color, text, { validateStream: false }) : text
}

// ---- people

const you = appearance('you')
const lookalikes = new Lookalikes<Friend>(shownName)

/** A name for one line, from whatever the peer says its name is. Tells names that look the same apart by their PeerId. */
export function labelOf(friend: Friend, all: Iterable<Friend>): string {
  const name = shownName(friend)
  if (name === '') return shortId(friend.peer)
  const ambiguous = looksLike(appearance(name), you) || lookalikes.isAmbiguous(friend, all)
  return ambiguous ? `${name} (${shortId(friend.peer)})` : name
}

/** The one who was known by that name or handle before, with another identity. */
export function knownBefore(friend: Friend, all: Iterable<Friend>): Friend | undefined {
  return lookalikes.knownBefore(friend, all)
}

/** Clean, and no longer than half a line. Empty if nothing of it can be seen. */
export function shownName(friend: Friend): string {
  return truncate(cleanLine(friend.name), nameCells)
}

/** What tells two people of the same name apart. */
export function shortId(peer: string): string {
  return `…${peer.slice(-6)}`
}

/** `● direct`, `○ offline`, or what is missing to talk. */
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
      if (!friend.online) return paint(look, 'dim', '○ offline')
      return paint(look, 'green', friend.path === 'none' ? '● online' : `● ${friend.path}`)
  }
}

/** `notes`: what happens right now, a word or two each. */
export function promptFor(look: Look, friend: Friend | undefined, label: string, notes: readonly string[]): string {
  const told = notes.map((note) => `${paint(look, 'dim', note)} `).join('')
  if (friend === undefined) return `quorum ${told}› `
  return `${paint(look, 'bold', label)} ${presence(look, friend)} ${told}› `
}

export interface ListedFriend {
  number: number
  friend: Friend
  label: string
  /** Width of the column of labels. */
  cells: number
  /** The one who was known by this name before, if somebody else was. */
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

/** The note of a friend request: foreign text, so indented and in quotes. */
export function noteLine(look: Look, note: string): string {
  return wrap(`     “${cleanLine(note)}”`, look.columns, '      ')
}

// ---- messages

/** One message, wrapped, with its time and, if it is ours, how far it got. */
export function messageBlock(look: Look, message: Message, label: string): string {
  const own = message.direction === 'out'
  const clock = clockOf(message.sentAt)
  const who = own ? 'you' : label
  const head = `${clock} ${who}: `
  const text = message.state === 'recalled' ? '(recalled)' : cleanText(message.text)
  const body = wrap(text, look.columns, messageIndent, stringWidth(head))
  const painted = `${paint(look, 'dim', clock)} ${paint(look, own ? 'cyan' : 'bold', `${who}:`)} ${body}`
  const mark = own ? markOf(message) : ''
  if (mark === '') return painted
  const last = body.includes('\n') ? body.slice(body.lastIndexOf('\n') + 1) : head + body
  const room = stringWidth(last) + 1 + stringWidth(mark) <= look.columns
  return painted + (room ? ' ' : `\n${messageIndent}`) + paint(look, message.state === 'read' ? 'green' : 'dim', mark)
}

/** How far an own message got. */
function markOf(message: Message): string {
  switch (message.state) {
    case 'queued':
      return '… queued'
    case 'sent':
      return '✓'
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

export function nodeLine(look: Look, number: number, node: NodeState, here: boolean): string {
  const color: Paint = node.state === 'connected' ? 'green' : node.state === 'connecting' ? 'yellow' : 'red'
  const notes = [paint(look, color, node.state)]
  if (node.rttMs !== undefined) notes.push(`${Math.round(node.rttMs)} ms`)
  if (node.reserved) notes.push('relays for you')
  if (here) notes.push('runs here')
  return `${String(number).padStart(3)}  ${notes.join(' · ')}\n     ${paint(look, 'dim', cleanLine(node.address))}`
}

/** The 60 digits, four groups a line, as people read them aloud. */
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

/** The clock today, the day before that. */
function whenOf(time: number, now: number): string {
  return dayOf(time) === dayOf(now) ? clockOf(time) : dayOf(time)
}

// ---- width

/**
 * Breaks lines between words so that none is wider than `columns` cells; every line but the first begins with
 * `indent`, also after a newline of the text. Words that are wider than a line are cut. `taken` cells of the first
 * line are in use already. Text without colours only.
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

/** At most `cells` wide, with `…` where something is missing. */
export function truncate(text: string, cells: number): string {
  if (stringWidth(text) <= cells) return text
  let kept = ''
  let width = 0
  for (const { segment } of segmenter.segment(text)) {
    width += stringWidth(segment)
    if (width > cells - 1) break
    kept += segment
  }
  return `${kept.trimEnd()}…`
}

export function pad(text: string, cells: number): string {
  return text + ' '.repeat(Math.max(0, cells - stringWidth(text)))
}
