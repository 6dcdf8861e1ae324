/**
 * The open conversation: its history, what is typed into it, and the delivery marks of own messages.
 * It decides what gets a line; view.ts decides how a line looks.
 */
import { saidAt } from '#message-times'
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
/** How often a typing mark is sent while the person writes, in milliseconds. The friend's mark expires after 6 s. */
const typingInterval = 3000

/** Opens the conversation with `friend` and prints its history. From then on, typed text goes to this friend. */
export async function openConversation(client: Client, friend: Friend): Promise<void> {
  const { peer, screen, friends, transfers } = client
  if (friend.state === 'blocked') throw new QuorumError('blocked', 'You have blocked them. /unblock first.')
  const messages = await peer.messages({ peer: friend.peer, limit: historyShown })
  for (const { transfer } of messages) await loadTransfer(client, transfer)
  client.current = friend.peer
  client.lastDay = undefined
  friends.setUnread(friend.peer, 0)
  refreshFriends(client)
  showPrompt(client)
  screen.print(paint(screen.look, 'dim', `──── ${friends.label(friend.peer)} ────`))
  for (const message of messages) showMessage(client, message)
  const shown = new Set(messages.map((message) => message.transfer))
  for (const transfer of transfers.open(friend.peer)) if (!shown.has(transfer.id)) showTransfer(client, transfer)
  if (friend.state === 'requested') say(client, 'They have not accepted you yet.', 'dim')
  if (friend.state === 'friend' && friend.askedAt !== undefined) {
    say(client, 'You asked them again, in case they removed you. They have not answered yet.', 'dim')
  }
  if (friend.state === 'incoming') say(client, 'They are waiting for your answer: /accept or /decline.', 'dim')
  if (messages.length === 0 && friend.state === 'friend') say(client, 'No messages yet. Just type.', 'dim')
  warnOfLookalike(client, friend)
  await markRead(
    client,
    messages.findLast((message) => message.direction === 'in'),
  )
}

/** Old transfers are not in the list that was loaded, and those of refused offers are nowhere. */
async function loadTransfer({ peer, transfers }: Client, id: string | undefined): Promise<void> {
  if (id === undefined || transfers.get(id) !== undefined) return
  try {
    transfers.put(await peer.transfer({ transfer: id }))
  } catch (error) {
    if (!(error instanceof QuorumError) || error.code !== 'not-found') throw error
  }
}

export async function sendText(client: Client, text: string): Promise<void> {
  if (client.current === undefined) {
    const next = client.friends.all().some(({ state }) => state === 'friend')
      ? '/open NAME opens one.'
      : '/invite makes a link for a friend.'
    throw new QuorumError('bad-request', `No conversation is open: ${next}`)
  }
  showMessage(client, await client.peer.sendMessage({ peer: client.current, text }))
}

/** Prints a message, or updates it on the screen. An offer of files is shown as its transfer. */
function showMessage(client: Client, message: Message): void {
  const { screen, friends, transfers } = client
  const block = messageBlock(screen.look, message, friends.label(message.peer))
  if (screen.replace(message.id, block)) return
  const day = dayOf(saidAt(message))
  if (day !== client.lastDay && (client.lastDay !== undefined || day !== dayOf(client.now()))) {
    screen.print(paint(screen.look, 'dim', `──── ${day} ────`))
  }
  client.lastDay = day
  const transfer = message.transfer === undefined ? undefined : transfers.get(message.transfer)
  if (transfer === undefined) screen.print(block, message.id)
  else showTransfer(client, transfer)
}

/** Shows a received message in the open conversation; for another conversation only the unread count. */
export function messageReceived(client: Client, message: Message): void {
  const { friends } = client
  client.typing.delete(message.peer)
  // The offer itself arrives as the event transfer-offered.
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
  // On a terminal, one line with the count is updated in place. Elsewhere only the first message gets a line.
  if (client.screen.terminal || unread === 1) {
    const label = friends.label(message.peer)
    say(client, `${label} has written: ${unread} unread. /open ${label}`, 'yellow', `unread ${message.peer}`)
  }
}

/**
 * Shows the new state of an own message: its mark changes in place. If the message has scrolled off the screen, only
 * one change gets a line: that the newest message was read.
 */
export function messageChanged(client: Client, message: Message, newest: boolean): void {
  if (message.peer !== client.current || message.direction !== 'out' || message.transfer !== undefined) return
  const { screen, friends } = client
  if (screen.replace(message.id, messageBlock(screen.look, message, friends.label(message.peer)))) return
  if (message.state !== 'read' || !newest) return
  say(client, `read by ${friends.label(message.peer)} ${clockOf(client.now())}`, 'dim', `read ${message.peer}`)
}

/** Sends typing marks to the open conversation: one every few seconds while the person writes, and one at the end. */
export function typingNotifier(open: Client): (line: string) => void {
  let sent: { peer: string; at: number } | undefined
  return (line) => {
    const now = open.now()
    const friend = open.current === undefined ? undefined : open.friends.get(open.current)
    const writing = line !== '' && !line.startsWith('/') && friend?.state === 'friend' && friend.online
    if (sent !== undefined && (!writing || sent.peer !== friend.peer)) {
      sendTyping(open, sent.peer, false)
      sent = undefined
    }
    if (!writing || (sent !== undefined && now - sent.at < typingInterval)) return
    sent = { peer: friend.peer, at: now }
    sendTyping(open, friend.peer, true)
  }
}

function sendTyping(client: Client, peer: string, active: boolean): void {
  // A typing mark is not worth an error: the next one follows in seconds.
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
