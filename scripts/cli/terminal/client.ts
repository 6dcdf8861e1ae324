/** The state that the parts of the terminal client share: peer, screen, people, and the open conversation. */
import { errorToData } from '#protocol'
import type { Message, Peer } from '#protocol'
import type { EmbeddedNode } from '#embedded-node'
import type { Friends } from './friends.ts'
import { groupPrompt, typingNote } from './group-view.ts'
import type { Groups } from './groups.ts'
import { cleanLine } from './sanitize.ts'
import type { Screen } from './screen.ts'
import type { Transfers } from './transfers.ts'
import type { PathContext } from './typed-paths.ts'
import { paint, promptFor, wrap } from './view.ts'
import type { Paint } from './view.ts'

export interface Client {
  readonly peer: Peer
  /** The own PeerId. */
  readonly self: string
  readonly screen: Screen
  readonly friends: Friends
  readonly groups: Groups
  readonly transfers: Transfers
  /** The embedded node; undefined for an ephemeral peer, which writes no files. */
  readonly node: EmbeddedNode | undefined
  /** How typed paths are resolved. */
  readonly pathContext: PathContext
  readonly now: () => number
  /** The id of the open conversation: the PeerId of a friend, or the id of a group. */
  current: string | undefined
  /** The day of the last printed message, so that a new day gets a line. */
  lastDay: string | undefined
  /** PeerIds of those who are writing, by the id of the conversation. */
  readonly typing: Map<string, Set<string>>
  /** Ids of conversations of which a line has said that they have unread messages. */
  readonly announced: Set<string>
  /** Messages of groups that have come and are not looked at yet. */
  readonly arriving: Message[]
  /** Ids of groups whose unread messages are being counted. */
  readonly counting: Set<string>
  /** Ids of transfers whose block has scrolled off the screen. The prompt shows their progress. */
  readonly hidden: Set<string>
  /** Addresses of the embedded node that the peer has, since the last start of the node. */
  readonly ownAddresses: Set<string>
  /** The person has asked to leave. */
  leaving: boolean
}

/** Prints a line of the client itself, wrapped. With a `key` it replaces the last line with that key. */
export function say(client: Client, text: string, color?: Paint, key?: string): void {
  const { screen } = client
  const wrapped = wrap(text, screen.look.columns, '  ')
  const painted = color === undefined ? wrapped : paint(screen.look, color, wrapped)
  if (key === undefined || !screen.replace(key, painted)) screen.print(painted, key)
}

/**
 * Prints an error in one line, with the code that docs/errors.md explains. A `bad-request` needs no code: its message
 * says what to type. The message is cleaned, because it may quote a peer.
 */
export function sayError(client: Client, error: unknown): void {
  const { code, message } = errorToData(error)
  say(client, `! ${cleanLine(message)}${code === 'bad-request' ? '' : ` (${code})`}`, 'red')
}

/** Draws the prompt of the open conversation. */
export function showPrompt(client: Client): void {
  const { current, friends, groups, screen } = client
  const group = groups.get(current)
  const progress = (['in', 'out'] as const).flatMap((direction) => progressNote(client, direction))
  const writing = [...((current !== undefined && client.typing.get(current)) || [])]
  if (group !== undefined) {
    const names = writing.map((peer) => groups.person(group.group, peer))
    const notes = names.length === 0 ? progress : [typingNote(names), ...progress]
    screen.prompt(groupPrompt(screen.look, group, groups.label(group.group), notes))
    return
  }
  const friend = current === undefined ? undefined : friends.get(current)
  const label = current === undefined ? '' : friends.label(current)
  screen.prompt(promptFor(screen.look, friend, label, writing.length === 0 ? progress : ['typing…', ...progress]))
}

/** Somebody is writing in a conversation, or has stopped. */
export function setTyping({ typing }: Client, conversation: string, peer: string, active: boolean): void {
  const writing = typing.get(conversation) ?? new Set()
  if (active) typing.set(conversation, writing.add(peer))
  else if (writing.delete(peer) && writing.size === 0) typing.delete(conversation)
}

/** `↓ 62 %`: the progress of the hidden transfers in one direction. */
function progressNote({ hidden, transfers }: Client, direction: 'in' | 'out'): string[] {
  const all = [...hidden]
    .map((id) => transfers.get(id))
    .filter((transfer) => transfer?.direction === direction && transfer.state === 'active')
  if (all.length === 0) return []
  const done = all.reduce((sum, transfer) => sum + (transfer?.doneBytes ?? 0), 0)
  const bytes = all.reduce((sum, transfer) => sum + (transfer?.bytes ?? 0), 0)
  return [`${direction === 'in' ? '↓' : '↑'} ${bytes === 0 ? 100 : Math.floor((done / bytes) * 100)} %`]
}
