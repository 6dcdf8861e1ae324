/** Commands about transfers: send, list, pause, resume, cancel. */
import { existsSync } from 'node:fs'
import { QuorumError } from '#protocol'
import type { Transfer } from '#protocol'
import type { Client } from './client.ts'
import { canBeSentAgain } from './missing-files.ts'
import { opened } from './people-commands.ts'
import { listTransfers, shownHere, transferChanged } from './transfer-events.ts'
import { nameOf, transferDetails } from './transfer-view.ts'
import { canBeResumed, isOver, waitsForUs } from './transfers.ts'
import { needed } from './typed-line.ts'
import { pathsIn } from './typed-paths.ts'

const sendUsage = '/send PATH… [-- NOTE]'

/** The transfers that a command applies to, and the messages if there is none. */
interface Choice {
  command: string
  fits: (transfer: Transfer) => boolean
  /** `Nothing …`. */
  none: string
  /** `Transfer 2 …`. */
  not: string
}

const pausable: Choice = {
  command: 'pause',
  fits: ({ state, pausedBy }) =>
    state === 'waiting' || state === 'active' || (state === 'paused' && pausedBy === 'them'),
  none: 'There is no transfer to pause.',
  not: 'is not in progress.',
}
const resumable: Choice = {
  command: 'resume',
  fits: (transfer) => canBeResumed(transfer) || (transfer.state === 'paused' && transfer.pausedBy !== 'them'),
  none: 'There is no transfer to resume.',
  not: 'cannot be resumed here.',
}
const cancellable: Choice = {
  command: 'cancel',
  fits: (transfer) => canBeResumed(transfer) || (!isOver(transfer) && !waitsForUs(transfer)),
  none: 'There is no transfer to cancel.',
  not: 'is not in progress.',
}

const sendable: Choice = {
  command: 'resend',
  fits: canBeSentAgain,
  none: 'Nothing is missing of what you sent.',
  not: 'has nothing missing that you could send again.',
}

export async function send(client: Client, rest: string): Promise<void> {
  const { peer } = opened(client)
  const [, typed = '', note = ''] = /^(.*?)(?:\s+--\s+(.*))?$/su.exec(needed(rest, sendUsage)) ?? []
  const params = { peer, paths: pathsMeant(client, typed) }
  const transfer = await client.peer.sendFiles(note.trim() === '' ? params : { ...params, note: note.trim() })
  transferChanged(client, transfer, true)
}

export function transfers(client: Client, rest: string): void {
  if (rest === '') listTransfers(client)
  else client.screen.print(transferDetails(client.screen.look, shownHere(client, numbered(client, rest), true)))
}

export async function pause(client: Client, rest: string): Promise<void> {
  const { id } = chosen(client, rest, pausable)
  transferChanged(client, await client.peer.pauseTransfer({ transfer: id }), true)
}

export async function resume(client: Client, rest: string): Promise<void> {
  const { id } = chosen(client, rest, resumable)
  transferChanged(client, await client.peer.resumeTransfer({ transfer: id }), true)
}

export async function cancel(client: Client, rest: string): Promise<void> {
  const { id } = chosen(client, rest, cancellable)
  transferChanged(client, await client.peer.cancelTransfer({ transfer: id }), true)
}

export async function resend(client: Client, rest: string): Promise<void> {
  const { id } = chosen(client, rest, sendable)
  transferChanged(client, await client.peer.sendMissing({ transfer: id }), true)
}

/** The transfer with this number. Errors: `not-found`. */
export function numbered(client: Client, text: string): Transfer {
  const transfer = /^\d{1,6}$/u.test(text) ? client.transfers.byNumber(Number(text)) : undefined
  if (transfer !== undefined) return transfer
  throw new QuorumError('not-found', `There is no transfer ${text}. /transfers lists them with their numbers.`)
}

/**
 * The transfer that a command means: the one with the number; otherwise the only one that fits in the open
 * conversation; otherwise the only one that fits at all. Errors: `not-found`; `bad-request` if several fit, or if the
 * numbered one does not.
 */
export function chosen(client: Client, rest: string, { command, fits, none, not }: Choice): Transfer {
  if (rest !== '') {
    const transfer = numbered(client, rest)
    if (!fits(transfer)) throw new QuorumError('bad-request', `Transfer ${rest} ${not}`)
    return transfer
  }
  const all = client.transfers.list().filter(fits)
  const here = all.filter(({ peer }) => peer === client.current)
  const meant = here.length > 0 ? here : all
  if (meant.length > 1) {
    const ways = meant.map(({ id, name }) => `/${command} ${client.transfers.numberOf(id)} (${nameOf(name)})`)
    throw new QuorumError('bad-request', `Which one? ${ways.join(', ')}`)
  }
  if (meant[0] === undefined) throw new QuorumError('bad-request', none)
  return meant[0]
}

/** Typed paths. Words without quotes are one path with spaces if there is such a file and none of the words is one. */
function pathsMeant(client: Client, typed: string): string[] {
  const paths = pathsIn(typed, client.pathContext)
  const whole = pathsIn(`"${typed.replaceAll(/["\\]/gu, '\\$&')}"`, client.pathContext)
  return paths.length > 1 && !paths.some((path) => existsSync(path)) && existsSync(whole[0] ?? '') ? whole : paths
}
