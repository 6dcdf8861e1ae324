/**
 * Groups, their members and what changes in them, as text. Pure, as view.ts is; all text of others is cleaned here. A
 * group is shown with `#` before its name, and a person never is, so that neither is taken for the other.
 */
import { appearance, looksLike } from '#lookalike'
import stringWidth from 'string-width'
import type { Group, GroupMember } from '#protocol'
import { plural } from './amounts.ts'
import { cleanLine } from './sanitize.ts'
import { nameCells, pad, paint, shortId, truncate, wrap } from './view.ts'
import type { Look } from './view.ts'

/** The most names in one line; of more it says how many. */
const namesInLine = 3

/** Names people of a group by PeerId, cleaned. */
export type NameOf = (peer: string) => string

export function groupLabel(group: Group, all: Iterable<Group>): string {
  const name = truncate(cleanLine(group.name), nameCells)
  if (name === '') return `#${shortId(group.group)}`
  const looks = appearance(name)
  for (const other of all) {
    if (other.group === group.group || !looksLike(looks, appearance(truncate(cleanLine(other.name), nameCells))))
      continue
    return `#${name} (group ${shortId(group.group)})`
  }
  return `#${name}`
}

/** `#Trip 5 members, 3 online`, or what this person is in it. `notes`: as in `promptFor`. */
export function groupPrompt(look: Look, group: Group, label: string, notes: readonly string[]): string {
  const shown = notes.map((note) => `${paint(look, 'dim', note)} `).join('')
  return `${paint(look, 'bold', label)} ${stateOf(look, group)} ${shown}› `
}

function stateOf(look: Look, { state, joining, members }: Group): string {
  const online = members.filter((member) => member.online).length
  switch (state) {
    case 'invited':
      return paint(look, 'yellow', joining === true ? '… joining' : '? invited')
    case 'member':
      return paint(look, 'green', `${plural(members.length, 'member')}, ${online} online`)
    case 'frozen':
      return paint(look, 'yellow', `${plural(members.length, 'member')}, no admin`)
    case 'left':
      return paint(look, 'dim', 'you left')
    case 'removed':
      return paint(look, 'red', 'you were removed')
  }
}

export interface ListedGroup {
  number: number
  group: Group
  label: string
  /** Width of the column of labels. */
  cells: number
  unread: number
  name: NameOf
}

export function groupLine(look: Look, { number, group, label, cells, unread, name }: ListedGroup): string {
  const notes = [stateOf(look, group)]
  if (group.state === 'invited') notes.push(paint(look, 'dim', invitationNote(group, name)))
  if (unread > 0) notes.push(paint(look, 'bold', `${unread} unread`))
  if (group.muted) notes.push(paint(look, 'dim', 'muted'))
  return `${`#${number}`.padStart(3)}  ${pad(label, cells)}  ${notes.join('  ')}`
}

/** `by Ada; in it are Ada, Ben and 3 more`: what an invitation says of who is in. */
function invitationNote({ invitedBy, invitation }: Group, name: NameOf): string {
  const by = invitedBy === undefined ? '' : `by ${name(invitedBy)}`
  return invitation === undefined ? by : `${by}; in it: ${whoIsIn(invitation)}`
}

/** The names that an invitation has, which are its author’s word only. */
function whoIsIn({ members, count }: { members: readonly string[]; count: number }): string {
  const names = members.map((one) => truncate(cleanLine(one), nameCells)).filter((one) => one !== '')
  return names.length === 0 ? plural(count, 'member') : listOf(names, Math.max(count, names.length))
}

/** The question to a person who is invited. */
export function invitedLine(group: Group, label: string, name: NameOf): string {
  const by = group.invitedBy === undefined ? 'Somebody' : name(group.invitedBy)
  const who = group.invitation === undefined ? '' : ` (in it: ${whoIsIn(group.invitation)})`
  return `${by} invites you to the group ${label}${who}. /join ${label} or /decline ${label}`
}

/** What follows from having agreed. */
export function joiningLine({ invitedBy }: Group, label: string, name: NameOf): string {
  const by = invitedBy === undefined ? 'who has invited you' : name(invitedBy)
  return `You have agreed to join ${label}. You are in once ${by} and you were online together.`
}

/** Who is in, a line each: name, office, presence, and the end of the PeerId. */
export function memberLines(look: Look, group: Group, self: string, name: NameOf): string {
  const whose = (member: GroupMember): string =>
    member.peer === self ? `${truncate(cleanLine(member.name), nameCells)} (you)` : name(member.peer)
  const cells = Math.max(...group.members.map((member) => stringWidth(whose(member))))
  return group.members
    .map((member) => {
      const notes = [...officeOf(group, member), ...presenceOf(look, member, member.peer === self)]
      const id = paint(look, 'dim', shortId(member.peer))
      return `  ${pad(whose(member), cells)}  ${id}  ${notes.join(', ')}`.trimEnd()
    })
    .join('\n')
}

function officeOf({ founder }: Group, { peer, rank }: GroupMember): string[] {
  if (peer === founder) return ['founder']
  return rank === 0 ? [] : [`admin, rank ${rank}`]
}

function presenceOf(look: Look, { online, friend }: GroupMember, self: boolean): string[] {
  if (self) return []
  return [
    ...(online ? [paint(look, 'green', 'online')] : []),
    ...(friend ? [] : [paint(look, 'dim', 'no friend of yours')]),
  ]
}

/** What is to be said of a group in which this person is no ordinary member; undefined if nothing is. */
export function standingLine(group: Group, label: string, name: NameOf): string | undefined {
  switch (group.state) {
    case 'member':
      return undefined
    case 'invited':
      return group.joining === true ? joiningLine(group, label, name) : invitedLine(group, label, name)
    case 'frozen':
      return `Nobody is left in ${label} who could add or remove anybody. You can go on talking, or found a new group.`
    case 'left':
      return `You have left ${label}. What was said stays here: /group leave -- forget deletes it.`
    case 'removed': {
      const by = group.removedBy === undefined ? 'You were removed' : `${name(group.removedBy)} has removed you`
      return `${by} from ${label}. What was said stays here: /group leave -- forget deletes it.`
    }
  }
}

export interface Changed {
  before: Group
  group: Group
  /** PeerIds of those who are to be announced as new. */
  came: readonly string[]
  /** The own PeerId. */
  self: string
  label: string
  name: NameOf
}

/** What has changed since `before`, for who has the group open: a line each. */
export function changeLines({ before, group, came, self, label, name }: Changed): string[] {
  if (group.state !== 'member' && group.state !== 'frozen') return []
  const lines: string[] = []
  if (before.name !== group.name && before.founder !== '')
    lines.push(`The group is called ${label} now, no longer “${truncate(cleanLine(before.name), nameCells)}”.`)
  const was = new Map(before.members.map((member) => [member.peer, member]))
  const is = new Map(group.members.map((member) => [member.peer, member]))
  const went = before.members.filter(({ peer }) => !is.has(peer)).map(({ peer }) => name(peer))
  if (came.length > 0) lines.push(`${listOf(came.map(name))} ${came.length === 1 ? 'is' : 'are'} in now.`)
  if (went.length > 0) lines.push(`${listOf(went)} ${went.length === 1 ? 'is' : 'are'} no longer in.`)
  for (const [peer, { rank }] of is) {
    const old = was.get(peer)
    if (old === undefined || old.rank === rank) continue
    const who = peer === self ? 'You are' : `${name(peer)} is`
    lines.push(rank === 0 ? `${who} no admin any more.` : `${who} now admin of rank ${rank}.`)
  }
  return lines
}

/** `Ada, Ben, Cem and 3 more`. `count`: of how many these are the first. */
function listOf(names: readonly string[], count = names.length): string {
  const shown = names.slice(0, namesInLine)
  if (count > shown.length) return `${shown.join(', ')} and ${count - shown.length} more`
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`
}

/** Who is writing, for the prompt. */
export function typingNote(names: readonly string[]): string {
  return `${listOf(names)} ${names.length === 1 ? 'is' : 'are'} typing…`
}

/** What `/group` alone says. */
export function groupHelp(look: Look): string {
  const lines: [string, string][] = [
    ['/group new NAME', 'found a group; you decide who is in'],
    ['/group add NAME', 'invite a friend; add “-- all”: they get what was said'],
    ['/group members', 'who is in, who decides, who is online'],
    ['/group remove NAME', '“-- undo” at the end: what they decided is void, too'],
    ['/group admin NAME [N]', 'let them decide; rank 1 is the most senior, 0 ends it'],
    ['/group rename NAME', 'another name for the group'],
    ['/group mute', 'no line for what is written; /group unmute undoes it'],
    ['/group leave', '“-- forget” at the end: what was said is deleted here'],
  ]
  const intro =
    'A group is a conversation of several. These commands, but “new”, are about the one that is open: ' +
    '/groups lists yours, /open #NAME opens one.'
  const ask = 'Invited? /join NAME or /decline NAME. Who is removed keeps what they have, and gets nothing more.'
  const rows = lines.map(([typed, text]) =>
    look.columns < 64
      ? wrap(`  ${typed}\n${text}`, look.columns, '      ')
      : wrap(pad(`  ${typed}`, 25) + text, look.columns, ' '.repeat(25)),
  )
  return [wrap(intro, look.columns, ''), ...rows, wrap(ask, look.columns, '')].join('\n')
}
