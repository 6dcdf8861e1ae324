/**
 * Loads messages into conversations: the newest page when a conversation is opened, or the surroundings of a message
 * that a search found, and more pages as the person scrolls.
 */
import type { Message, Transfer } from '#protocol'
import { callPeer } from './clients.ts'
import { changeConversation, conversationWith, putLast, putMessage, retainedMessages } from './conversations.ts'
import type { LoadedConversation } from './state.ts'

const pageSize = 60
/** Messages among which an offer that was just sent is looked for. */
const offerSearch = 10

/** Loads the newest page, unless it is loaded. `unread`: how many of the friend's messages are unread. */
export async function loadNewest(peer: string, unread: number): Promise<void> {
  const before = conversationWith(peer)
  if (before.latest && before.loading) return
  if (before.latest && before.messages.length > 0) {
    changeConversation(peer, { firstUnread: unread > 0 ? firstUnreadOf(before.messages) : undefined })
    return
  }
  await load(peer, async () => {
    const limit = Math.max(pageSize, Math.min(unread + 10, retainedMessages))
    const messages = await callPeer('messages', { peer, limit })
    const quoted = await quotedBy(peer, messages)
    const loaded = new Set(messages.map(({ id }) => id))
    const now = conversationWith(peer)
    const arrived = now.latest ? now.messages.filter(({ id }) => !loaded.has(id)) : []
    const newest = messages.at(-1)
    if (newest !== undefined) putLast(newest)
    return {
      messages: [...messages, ...arrived],
      quoted,
      complete: messages.length < pageSize,
      latest: true,
      rangeId: now.latest ? now.rangeId : now.rangeId + 1,
      firstUnread: unread > 0 ? firstUnreadOf(messages) : undefined,
    }
  })
}

/** Loads a message that a search found, with a page before and a page after it, unless it is loaded. */
export async function loadAround(message: Message): Promise<void> {
  const { peer, id } = message
  if (conversationWith(peer).messages.some((one) => one.id === id)) return
  await load(peer, async () => {
    const [older, newer] = await Promise.all([
      callPeer('messages', { peer, before: id, limit: pageSize }),
      callPeer('messages', { peer, after: id, limit: pageSize }),
    ])
    const messages = [...older, message, ...newer]
    return {
      messages,
      quoted: await quotedBy(peer, messages),
      complete: older.length < pageSize,
      latest: newer.length < pageSize,
      rangeId: conversationWith(peer).rangeId + 1,
      firstUnread: undefined,
    }
  })
}

export async function loadOlder(peer: string): Promise<void> {
  const { loading, complete, messages } = conversationWith(peer)
  const [oldest] = messages
  if (loading || complete || oldest === undefined) return
  await load(peer, async () => {
    const older = await callPeer('messages', { peer, before: oldest.id, limit: pageSize })
    const quoted = await quotedBy(peer, older)
    const now = conversationWith(peer)
    if (now.messages[0]?.id !== oldest.id) return {}
    return { messages: [...older, ...now.messages], quoted, complete: older.length < pageSize, pages: now.pages + 1 }
  })
}

export async function loadNewer(peer: string): Promise<void> {
  const { loading, latest, messages } = conversationWith(peer)
  const newest = messages.at(-1)
  if (loading || latest || newest === undefined) return
  await load(peer, async () => {
    const newer = await callPeer('messages', { peer, after: newest.id, limit: pageSize })
    const quoted = await quotedBy(peer, newer)
    const now = conversationWith(peer)
    if (now.messages.at(-1)?.id !== newest.id) return {}
    return { messages: [...now.messages, ...newer], quoted, latest: newer.length < pageSize }
  })
}

/** Puts a new message, own or received, and loads the message that it replies to. */
export function addMessage(message: Message): void {
  putMessage(message, { isNew: true })
  const { peer, id, replyTo } = message
  if (replyTo === undefined || !conversationWith(peer).messages.some((one) => one.id === id)) return
  void quotedBy(peer, [message]).then((quoted) => changeConversation(peer, { quoted }))
}

/** Adds the message of an offer that was just made. The friend may be offline, so no event reports it soon. */
export async function addOffer({ id, peer }: Transfer): Promise<void> {
  const newest = await callPeer('messages', { peer, limit: offerSearch })
  const offer = newest.findLast(({ transfer }) => transfer === id)
  if (offer !== undefined) addMessage(offer)
}

/** Runs one load. The conversation itself shows that it failed, with a button to try again. */
async function load(peer: string, work: () => Promise<Partial<LoadedConversation>>): Promise<void> {
  changeConversation(peer, { loading: true, failed: false })
  try {
    changeConversation(peer, { ...(await work()), loading: false })
  } catch {
    changeConversation(peer, { loading: false, failed: true })
  }
}

/** The quoted messages of the conversation, and those that `messages` reply to. */
async function quotedBy(peer: string, messages: readonly Message[]): Promise<ReadonlyMap<string, Message>> {
  const present = new Set(messages.map(({ id }) => id))
  const wanted = new Set(
    messages.flatMap(({ replyTo }) => (replyTo === undefined || present.has(replyTo) ? [] : [replyTo])),
  )
  // A friend may name a message that never existed. The view shows a missing one as such.
  const found = await Promise.all([...wanted].map((message) => callPeer('message', { message }).catch(() => undefined)))
  const quoted = new Map(conversationWith(peer).quoted)
  for (const one of found) if (one?.peer === peer) quoted.set(one.id, one)
  return quoted
}

function firstUnreadOf(messages: readonly Message[]): string | undefined {
  return messages.find(({ direction, state }) => direction === 'in' && state === 'delivered')?.id
}
