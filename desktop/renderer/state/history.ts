/**
 * Loads messages into conversations: the newest page when a conversation is opened, or the surroundings of a message
 * that a search found, and more pages as the person scrolls. What others say in a group may belong before what is
 * shown, and may be shown no longer: then it is read anew.
 */
import type { Message } from '#protocol'
import { addressOf, conversationOf } from '../model/conversation-id.ts'
import { callPeer } from './clients.ts'
import { coalesced } from './coalesced.ts'
import {
  changeConversation,
  conversationWith,
  putLast,
  putMessage,
  retainedMessages,
  setLast,
} from './conversations.ts'
import { store, withEntry } from './state.ts'
import type { LoadedConversation } from './state.ts'

const pageSize = 60
/** Messages that the peer returns at most. */
const longestPage = 1000
/** Messages among which one that was just sent is looked for. */
const sentSearch = 10

/** Loads the newest page, unless it is loaded. `unread`: how many messages of others are unread. */
export async function loadNewest(conversation: string, unread: number): Promise<void> {
  const before = conversationWith(conversation)
  if (before.latest && before.loading) return
  if (before.latest && before.messages.length > 0) {
    changeConversation(conversation, { firstUnread: unread > 0 ? firstUnreadOf(before.messages) : undefined })
    return
  }
  await load(conversation, async () => {
    const limit = Math.max(pageSize, Math.min(unread + 10, retainedMessages))
    const messages = await callPeer('messages', { ...addressOf(conversation), limit })
    const quoted = await quotedBy(conversation, messages)
    const loaded = new Set(messages.map(({ id }) => id))
    const now = conversationWith(conversation)
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
  const { id } = message
  const conversation = conversationOf(message)
  if (conversationWith(conversation).messages.some((one) => one.id === id)) return
  await load(conversation, async () => {
    const [older, newer] = await Promise.all([
      callPeer('messages', { ...addressOf(conversation), before: id, limit: pageSize }),
      callPeer('messages', { ...addressOf(conversation), after: id, limit: pageSize }),
    ])
    const messages = [...older, message, ...newer]
    return {
      messages,
      quoted: await quotedBy(conversation, messages),
      complete: older.length < pageSize,
      latest: newer.length < pageSize,
      rangeId: conversationWith(conversation).rangeId + 1,
      firstUnread: undefined,
    }
  })
}

export async function loadOlder(conversation: string): Promise<void> {
  const { loading, complete, messages } = conversationWith(conversation)
  const [oldest] = messages
  if (loading || complete || oldest === undefined) return
  await load(conversation, async () => {
    const older = await callPeer('messages', { ...addressOf(conversation), before: oldest.id, limit: pageSize })
    const quoted = await quotedBy(conversation, older)
    const now = conversationWith(conversation)
    if (now.messages[0]?.id !== oldest.id) return {}
    return { messages: [...older, ...now.messages], quoted, complete: older.length < pageSize, pages: now.pages + 1 }
  })
}

export async function loadNewer(conversation: string): Promise<void> {
  const { loading, latest, messages } = conversationWith(conversation)
  const newest = messages.at(-1)
  if (loading || latest || newest === undefined) return
  await load(conversation, async () => {
    const newer = await callPeer('messages', { ...addressOf(conversation), after: newest.id, limit: pageSize })
    const quoted = await quotedBy(conversation, newer)
    const now = conversationWith(conversation)
    if (now.messages.at(-1)?.id !== newest.id) return {}
    return { messages: [...now.messages, ...newer], quoted, latest: newer.length < pageSize }
  })
}

/** Puts a new message, own or received, and loads the message that it replies to. */
export function addMessage(message: Message): void {
  putMessage(message, { isNew: true })
  const { id, replyTo } = message
  const conversation = conversationOf(message)
  if (replyTo === undefined || !conversationWith(conversation).messages.some((one) => one.id === id)) return
  void quotedBy(conversation, [message]).then((quoted) => changeConversation(conversation, { quoted }))
}

/** Reads the end of a group anew: something new was said there. */
export const renewEnd = coalesced(async (group: string) => {
  // If the peer has ended, all is loaded again when it is back.
  const newest = await callPeer('messages', { group, limit: pageSize }).catch(() => undefined)
  if (newest === undefined) return
  setLast(group, newest.at(-1))
  const { messages, latest, complete } = conversationWith(group)
  if (!latest || (messages.length === 0 && !complete)) return
  const [first] = newest
  const from = first === undefined ? 0 : messages.findIndex(({ id }) => id === first.id)
  // More came at once than is read: the rest is loaded as the person scrolls.
  const before = from < 0 ? [] : messages.slice(0, from)
  const quoted = await quotedBy(group, [...before, ...newest])
  const isComplete = from < 0 ? newest.length < pageSize : complete
  changeConversation(group, { messages: [...before, ...newest], quoted, complete: isComplete })
})

/** Reads all that is loaded of a group anew: what was shown there no longer is, or is again. */
export const renewAll = coalesced(async (group: string) => {
  const { messages, latest } = conversationWith(group)
  const middle = messages[Math.floor(messages.length / 2)]
  if (latest || middle === undefined) {
    const limit = Math.min(Math.max(pageSize, messages.length), longestPage)
    const newest = await callPeer('messages', { group, limit }).catch(() => undefined)
    if (newest === undefined) return
    setLast(group, newest.at(-1))
    if (!store.get().conversations.has(group)) return
    const quoted = await quotedBy(group, newest)
    changeConversation(group, { messages: newest, quoted, complete: newest.length < limit, latest: true })
    return
  }
  store.set(({ conversations }) => ({ conversations: withEntry(conversations, group, undefined) }))
  await (store.get().open === group ? loadNewest(group, 0) : undefined)
})

/** Adds an own message that a call has sent besides its result: an offer, an invitation. No event reports it soon. */
export async function addSent(peer: string, isIt: (message: Message) => boolean): Promise<void> {
  const newest = await callPeer('messages', { peer, limit: sentSearch })
  const sent = newest.findLast(isIt)
  if (sent !== undefined) addMessage(sent)
}

/** Runs one load. The conversation itself shows that it failed, with a button to try again. */
async function load(conversation: string, work: () => Promise<Partial<LoadedConversation>>): Promise<void> {
  changeConversation(conversation, { loading: true, failed: false })
  try {
    changeConversation(conversation, { ...(await work()), loading: false })
  } catch {
    changeConversation(conversation, { loading: false, failed: true })
  }
}

/** The quoted messages of the conversation, and those that `messages` reply to. */
async function quotedBy(conversation: string, messages: readonly Message[]): Promise<ReadonlyMap<string, Message>> {
  const present = new Set(messages.map(({ id }) => id))
  const wanted = new Set(
    messages.flatMap(({ replyTo }) => (replyTo === undefined || present.has(replyTo) ? [] : [replyTo])),
  )
  // A friend may name a message that never existed. The view shows a missing one as such.
  const found = await Promise.all([...wanted].map((message) => callPeer('message', { message }).catch(() => undefined)))
  const quoted = new Map(conversationWith(conversation).quoted)
  for (const one of found) if (one !== undefined && conversationOf(one) === conversation) quoted.set(one.id, one)
  return quoted
}

function firstUnreadOf(messages: readonly Message[]): string | undefined {
  return messages.find(({ direction, state }) => direction === 'in' && state === 'delivered')?.id
}
