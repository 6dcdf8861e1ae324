/**
 * The open conversation, with a friend or in a group: its history, what is typed into it, and the delivery marks of own
 * messages.
 * It decides what gets a line; view.ts decides how a line looks.
 */
import { saidAt } from '#message-times'
import { QuorumError } from '#protocol'
import type { Friend, Group, Message } from '#protocol'
import { say, sayError, setTyping, showPrompt } from './client.ts'
import type { Client } from './client.ts'
import { refreshFriends } from './friend-list.ts'
import { refreshGroups } from './group-list.ts'
import { standingLine } from './group-view.ts'
import { warnOfLookalike } from './lookalike-warning.ts'
import { showTransfer } from './transfer-events.ts'
import { clockOf, dayOf, messageBlock, paint } from './view.ts'

/** Messages shown when a conversation opens: about one screen. */
const historyShown = 20
/** How often a typing mark is sent while the person writes, in milliseconds. The friend's mark expires after 6 s. */
const typingInterval = 3000

/** Opens the conversation with `friend` and prints its history. From then on, typed text goes to this friend. */
export async function openConversation(client: Client, friend: Friend): Promise<void> {
  const { peer, friends, transfers } = client
  if (friend.state === 'blocked') throw new QuorumError('blocked', 'You have blocked them. /unblock first.')
  const messages = await peer.messages({ peer: friend.peer, limit: historyShown })
  for (const { transfer } of messages) await loadTransfer(client, transfer)
  friends.setUnread(friend.peer, 0)
  showConversation(client, friend.peer, friends.label(friend.peer), messages)
  const shown = new Set(messages.map((message) => message.transfer))
  for (const transfer of transfers.open(friend.peer)) if (!shown.has(transfer.id)) showTransfer(client, transfer)
  if (friend.state === 'requested') say(client, 'They have not accepted you yet.', 'dim')
  if (friend.state === 'friend' && friend.askedAt !== undefined) {
    say(client, 'You asked them again, in case they removed you. They have not answered yet.', 'dim')
  }
  if (friend.state === 'incoming') say(client, 'They are waiting for your answer: /accept or /decline.', 'dim')
  if (messages.length === 0 && friend.state === 'friend') say(client, 'No messages yet. Just type.', 'dim')
  warnOfLookalike(client, friend)
  const last = messages.findLast(({ direction }) => direction === 'in')
  if (last?.state !== 'read') await markRead(client, last)
}

/** Opens the conversation of a group, in the same way. */
export async function openGroup(client: Client, { group: id }: Group): Promise<void> {
  const { peer, groups } = client
  const messages = await peer.messages({ group: id, limit: historyShown })
  const group = await peer.group({ group: id })
  const label = groups.label(id)
  groups.put({ ...group, unread: 0 })
  showConversation(client, id, label, messages)
  const standing = standingLine(group, label, (one) => groups.person(id, one))
  if (standing !== undefined) say(client, standing, group.state === 'invited' ? 'yellow' : 'dim')
  else if (group.members.length < 2) say(client, 'Nobody else is in. /group add NAME invites a friend.', 'dim')
  else if (messages.length === 0) say(client, 'No messages yet. Just type.', 'dim')
  // What came late stands above what was read.
  if (group.unread > 0) await markRead(client, messages.at(-1))
}

function showConversation(client: Client, id: string, label: string, messages: readonly Message[]): void {
  const { screen } = client
  client.current = id
  client.lastDay = undefined
  client.announced.delete(id)
  refreshFriends(client)
  refreshGroups(client)
  showPrompt(client)
  screen.print(paint(screen.look, 'dim', `──── ${label} ────`))
  for (const message of messages) showMessage(client, message)
}

/** The id of the conversation to which a message belongs, as `Client.current`. */
export function conversationOf({ peer, group }: Message): string {
  return group ?? peer
}

/** The name of the person who wrote a message, where it is not this person. */
export function authorLabel({ friends, groups }: Client, { peer, group }: Message): string {
  return group === undefined ? friends.label(peer) : groups.person(group, peer)
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
  const to = client.groups.get(client.current) === undefined ? { peer: client.current } : { group: client.current }
  showMessage(client, await client.peer.sendMessage({ ...to, text }))
}

/** Prints a message, or updates it on the screen. An offer of files is shown as its transfer. */
function showMessage(client: Client, message: Message): void {
  const { screen, transfers } = client
  const block = messageBlock(screen.look, message, authorLabel(client, message))
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
  const conversation = conversationOf(message)
  setTyping(client, conversation, message.peer, false)
  // Offers and invitations themselves arrive as events of their own.
  const offer = message.transfer !== undefined
  if (message.group !== undefined) return cameInGroup(client, message)
  if (conversation === client.current) {
    showPrompt(client)
    if (!offer) showMessage(client, message)
    void markRead(client, message)
    return
  }
  const unread = friends.unread(message.peer) + 1
  friends.setUnread(message.peer, unread)
  if (!offer && message.invitation === undefined) sayUnread(client, message.peer, friends.label(message.peer), unread)
}

/** What comes at once is looked at together: a history can come with many messages, in no order that people read. */
function cameInGroup(client: Client, message: Message): void {
  const { arriving } = client
  if (arriving.push(message) > 1) return
  setImmediate(() => {
    const came = arriving.splice(0)
    const here = came.filter(({ group }) => group === client.current)
    for (const id of new Set(came.map(({ group }) => group))) {
      if (id !== undefined && id !== client.current) void groupHasWritten(client, id)
    }
    const [{ group = '' } = message] = here
    if (here.length > historyShown) {
      const label = client.groups.label(group)
      say(client, `${here.length} messages came at once. /open ${label} shows the last.`, 'dim', `came ${group}`)
      return
    }
    if (here.length > 0) showPrompt(client)
    for (const one of here) {
      showMessage(client, one)
      void markRead(client, one)
    }
  })
}

/** Asks how much is unread, because messages of a group can also become none when somebody is removed. */
async function groupHasWritten(client: Client, id: string): Promise<void> {
  const { counting, groups, peer } = client
  if (counting.has(id)) return
  counting.add(id)
  try {
    const group = await peer.group({ group: id })
    counting.delete(id)
    groups.put(group)
    refreshGroups(client)
    if (id !== client.current && !group.muted) sayUnread(client, id, groups.label(id), group.unread)
  } catch (error) {
    counting.delete(id)
    sayError(client, error)
  }
}

function sayUnread(client: Client, conversation: string, label: string, unread: number): void {
  const { announced, groups, screen } = client
  // On a terminal, one line with the count is updated in place. Elsewhere only the first message gets a line.
  if (!screen.terminal && announced.has(conversation)) return
  announced.add(conversation)
  const who = groups.get(conversation) === undefined ? `${label} has written` : `New in ${label}`
  say(client, `${who}: ${unread} unread. /open ${label}`, 'yellow', `unread ${conversation}`)
}

/**
 * Shows the new state of an own message: its mark changes in place. If the message has scrolled off the screen, only
 * one change gets a line: that the newest message was read.
 */
export function messageChanged(client: Client, message: Message, newest: boolean): void {
  if (conversationOf(message) !== client.current || message.direction !== 'out' || message.transfer !== undefined)
    return
  const { screen, friends } = client
  if (screen.replace(message.id, messageBlock(screen.look, message, ''))) return
  if (message.state !== 'read' || !newest) return
  say(client, `read by ${friends.label(message.peer)} ${clockOf(client.now())}`, 'dim', `read ${message.peer}`)
}

/** Sends typing marks to the open conversation: one every few seconds while the person writes, and one at the end. */
export function typingNotifier(open: Client): (line: string) => void {
  let sent: { to: string; at: number } | undefined
  return (line) => {
    const now = open.now()
    const writing = line !== '' && !line.startsWith('/') && someoneHears(open) ? open.current : undefined
    if (sent !== undefined && sent.to !== writing) {
      sendTyping(open, sent.to, false)
      sent = undefined
    }
    if (writing === undefined || (sent !== undefined && now - sent.at < typingInterval)) return
    sent = { to: writing, at: now }
    sendTyping(open, writing, true)
  }
}

/** Somebody of the open conversation is online. */
function someoneHears({ current, friends, groups, self }: Client): boolean {
  const group = groups.get(current)
  if (group?.state === 'member' || group?.state === 'frozen')
    return group.members.some(({ peer, online }) => online && peer !== self)
  const friend = current === undefined ? undefined : friends.get(current)
  return friend?.state === 'friend' && friend.online
}

function sendTyping({ peer, groups }: Client, to: string, active: boolean): void {
  const conversation = groups.get(to) === undefined ? { peer: to } : { group: to }
  // A typing mark is not worth an error: the next one follows in seconds.
  peer.typing({ ...conversation, active }).catch(() => undefined)
}

async function markRead(client: Client, message: Message | undefined): Promise<void> {
  if (message === undefined) return
  const { peer, group, seq, id } = message
  try {
    await client.peer.markRead(group === undefined ? { peer, upTo: seq } : { group, upTo: id })
  } catch (error) {
    sayError(client, error)
  }
}
