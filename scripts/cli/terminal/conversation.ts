/**
 * The open conversation: its history, what is typed into it, and the marks of own messages as they travel.
 * It decides what is worth a line; how a line looks is view.ts's part.
 */
import { QuorumError } from '#protocol'
import type { Friend, Message } from '#protocol'
import { say, sayError, showPrompt } from './client.ts'
import type { Client } from './client.ts'
import { refreshFriends } from './friend-list.ts'
import { warnOfLookalike } from './lookalike-warning.ts'
import { showTransfer } from './transfer-events.ts'
import { clockOf, dayOf, messageBlock, paint } from './view.ts'

/** Messages shown when a conversation opens: about one screen. */
const historyShown = 20
/** How often a friend is told that we are still writing, in milliseconds; a mark fades after 6 s. */
const typingAgain = 3000

/** Opens the conversation with `friend`: history, then everything typed goes there. */
export async function openConversation(client: Client, friend: Friend): Promise<void> {
  const { peer, screen, friends, transfers } = client
  if (friend.state === 'blocked') throw new QuorumError('blocked', 'You have blocked them. /unblock first.')
  const messages = await peer.messages({ peer: friend.peer, limit: historyShown })
  client.current = friend.peer
  client.lastDay = undefined
  friends.setUnread(friend.peer, 0)
  refreshFriends(client)
  showPrompt(client)
  screen.print(paint(screen.look, 'dim', `──── ${friends.label(friend.peer)} ────`))
  for (const message of messages) showMessage(client, message)
  const told = new Set(messages.map((message) => message.transfer))
  for (const transfer of transfers.open(friend.peer)) if (!told.has(transfer.id)) showTransfer(client, transfer)
  if (friend.state === 'requested') say(client, 'They have not accepted you yet.', 'dim')
  if (friend.state === 'incoming') say(client, 'They wait for your answer: /accept or /decline.', 'dim')
  if (messages.length === 0 && friend.state === 'friend') say(client, 'Nothing said yet. Just type.', 'dim')
  warnOfLookalike(client, friend)
  await markRead(
    client,
    messages.findLast((message) => message.direction === 'in'),
  )
}

export async function sendText(client: Client, text: string): Promise<void> {
  if (client.current === undefined) {
    const next = client.friends.all().some(({ state }) => state === 'friend')
      ? '/open NAME chooses whom to talk to.'
      : '/invite makes a link for a friend.'
    throw new QuorumError('bad-request', `Nobody is listening yet: ${next}`)
  }
  showMessage(client, await client.peer.sendMessage({ peer: client.current, text }))
}

/** Prints a message of the open conversation, or brings the one on the screen up to date. An offer is its transfer. */
function showMessage(client: Client, message: Message): void {
  const { screen, friends, transfers } = client
  const block = messageBlock(screen.look, message, friends.label(message.peer))
  if (screen.replace(message.id, block)) return
  const day = dayOf(message.sentAt)
  if (day !== client.lastDay && (client.lastDay !== undefined || day !== dayOf(client.now()))) {
    screen.print(paint(screen.look, 'dim', `──── ${day} ────`))
  }
  client.lastDay = day
  const transfer = message.transfer === undefined ? undefined : transfers.get(message.transfer)
  if (transfer === undefined) screen.print(block, message.id)
  else showTransfer(client, transfer)
}

/** A message came in: into the open conversation, or as a count. */
export function messageReceived(client: Client, message: Message): void {
  const { friends } = client
  client.typing.delete(message.peer)
  // What it offers is told by transfer-offered.
  const offer = message.transfer !== undefined
  if (message.peer === client.current) {
    showPrompt(client)
    if (!offer) showMessage(client, message)
    void markRead(client, message)
    return
  }
  const unread = friends.unread(message.peer) + 1
  friends.setUnread(message.peer, unread)
  if (offer) return
  // One line that counts on while it is on the screen; elsewhere only the first is worth a line.
  if (client.screen.terminal || unread === 1) {
    const label = friends.label(message.peer)
    say(client, `${label} has written: ${unread} unread. /open ${label}`, 'yellow', `unread ${message.peer}`)
  }
}

/**
 * An own message got further. On the screen its mark changes in place; when it has scrolled away, only what a person
 * waits for is worth a line: that the newest one was read.
 */
export function messageChanged(client: Client, message: Message, newest: boolean): void {
  if (message.peer !== client.current || message.direction !== 'out' || message.transfer !== undefined) return
  const { screen, friends } = client
  if (screen.replace(message.id, messageBlock(screen.look, message, friends.label(message.peer)))) return
  if (message.state !== 'read' || !newest) return
  say(client, `read by ${friends.label(message.peer)} ${clockOf(client.now())}`, 'dim', `read ${message.peer}`)
}

/** Tells the friend that we are writing: at most every few seconds, and once when we stop. */
export function typingTeller(open: Client): (line: string) => void {
  let told: { peer: string; at: number } | undefined
  return (line) => {
    const now = open.now()
    const friend = open.current === undefined ? undefined : open.friends.get(open.current)
    const writing = line !== '' && !line.startsWith('/') && friend?.state === 'friend' && friend.online
    if (told !== undefined && (!writing || told.peer !== friend.peer)) {
      tell(open, told.peer, false)
      told = undefined
    }
    if (!writing || (told !== undefined && now - told.at < typingAgain)) return
    told = { peer: friend.peer, at: now }
    tell(open, friend.peer, true)
  }
}

function tell(client: Client, peer: string, active: boolean): void {
  // A typing mark that is not delivered is nothing to bother anyone with.
  client.peer.typing({ peer, active }).catch(() => undefined)
}

async function markRead(client: Client, message: Message | undefined): Promise<void> {
  if (message === undefined || message.state === 'read') return
  try {
    await client.peer.markRead({ peer: message.peer, upTo: message.seq })
  } catch (error) {
    sayError(client, error)
  }
}
