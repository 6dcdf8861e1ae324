/** What the parts of the terminal client share: the peer, the screen, the people, and which conversation is open. */
import { errorToData } from '#protocol'
import type { Peer } from '#protocol'
import type { EmbeddedNode } from '#embedded-node'
import type { Friends } from './friends.ts'
import { cleanLine } from './sanitize.ts'
import type { Screen } from './screen.ts'
import type { Transfers } from './transfers.ts'
import type { Place } from './typed-paths.ts'
import { paint, promptFor, wrap } from './view.ts'
import type { Paint } from './view.ts'

export interface Client {
  readonly peer: Peer
  readonly screen: Screen
  readonly friends: Friends
  readonly transfers: Transfers
  /** Absent where no node can run: an ephemeral peer keeps no files. */
  readonly node: EmbeddedNode | undefined
  /** Where the paths that are typed begin. */
  readonly place: Place
  readonly now: () => number
  /** PeerId of the open conversation. */
  current: string | undefined
  /** Day of the last message printed, so that a new day gets a line. */
  lastDay: string | undefined
  /** Friends who are writing right now. */
  readonly typing: Set<string>
  /** Ids of transfers that move and whose block has scrolled away: the prompt tells how far they are. */
  readonly hidden: Set<string>
  /** Addresses of the node here that the peer was told of in the node's present life. */
  readonly ownAddresses: Set<string>
  /** Set once the person wants to leave. */
  leaving: boolean
}

/** A plain line of ours, wrapped. */
export function say(client: Client, text: string, color?: Paint, key?: string): void {
  const { screen } = client
  const wrapped = wrap(text, screen.look.columns, '  ')
  const painted = color === undefined ? wrapped : paint(screen.look, color, wrapped)
  if (key === undefined || !screen.replace(key, painted)) screen.print(painted, key)
}

/**
 * What went wrong, in one line, with the code that docs/errors.md explains; what was merely typed wrong explains
 * itself. The message of an error may quote a peer.
 */
export function sayError(client: Client, error: unknown): void {
  const { code, message } = errorToData(error)
  say(client, `! ${cleanLine(message)}${code === 'bad-request' ? '' : ` (${code})`}`, 'red')
}

/** Draws the prompt for whoever we talk to now. */
export function showPrompt(client: Client): void {
  const { current, friends, screen, typing } = client
  const friend = current === undefined ? undefined : friends.get(current)
  const label = current === undefined ? '' : friends.label(current)
  const notes = [
    ...(current !== undefined && typing.has(current) ? ['typing…'] : []),
    ...(['in', 'out'] as const).flatMap((direction) => moving(client, direction)),
  ]
  screen.prompt(promptFor(screen.look, friend, label, notes))
}

/** `↓ 62 %`: how far what moves unseen is. */
function moving({ hidden, transfers }: Client, direction: 'in' | 'out'): string[] {
  const all = [...hidden]
    .map((id) => transfers.get(id))
    .filter((transfer) => transfer?.direction === direction && transfer.state === 'active')
  if (all.length === 0) return []
  const done = all.reduce((sum, transfer) => sum + (transfer?.doneBytes ?? 0), 0)
  const bytes = all.reduce((sum, transfer) => sum + (transfer?.bytes ?? 0), 0)
  return [`${direction === 'in' ? '↓' : '↑'} ${bytes === 0 ? 100 : Math.floor((done / bytes) * 100)} %`]
}
