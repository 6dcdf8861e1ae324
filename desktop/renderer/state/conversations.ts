/**
 * The loaded part of each conversation, and how messages change it. history.ts loads the pages. Messages keep the order
 * in which the peer returns them.
 */
import { addedAt } from '#message-times'
import type { Message } from '#protocol'
import { store, withEntry } from './state.ts'
import type { LoadedConversation } from './state.ts'

/** Messages of one conversation that stay loaded after it was left. */
export const retainedMessages = 400

export const emptyConversation: LoadedConversation = {
  messages: [],
  quoted: new Map(),
  complete: false,
  latest: true,
  rangeId: 0,
  loading: false,
  failed: false,
  firstUnread: undefined,
  pages: 0,
}

export function conversationWith(peer: string): LoadedConversation {
  return store.get().conversations.get(peer) ?? emptyConversation
}

export function changeConversation(peer: string, patch: Partial<LoadedConversation>): void {
  store.set(({ conversations }) => ({
    conversations: withEntry(conversations, peer, { ...(conversations.get(peer) ?? emptyConversation), ...patch }),
  }))
}

/**
 * The one way for a message into the state, whether a call returned it or an event reported it. A message that is
 * loaded or quoted is replaced. Of the others, only one that `isNew` is appended, and only where the end of the
 * conversation is loaded: a message that has changed and is not loaded belongs to an older page.
 */
export function putMessage(message: Message, { isNew = false } = {}): void {
  putLast(message)
  const { peer, id } = message
  const { messages, quoted, latest, complete } = conversationWith(peer)
  if (quoted.has(id)) changeConversation(peer, { quoted: withEntry(quoted, id, message) })
  const index = messages.findLastIndex((one) => one.id === id)
  if (index >= 0) changeConversation(peer, { messages: messages.with(index, message) })
  else if (isNew && latest && (messages.length > 0 || complete)) {
    changeConversation(peer, { messages: [...messages, message] })
  }
}

/** The sidebar shows the newest message of each conversation. */
export function putLast(message: Message): void {
  store.set(({ last }) => {
    const before = last.get(message.peer)
    const newer = before === undefined || before.id === message.id || addedAt(message) >= addedAt(before)
    return newer ? { last: withEntry(last, message.peer, message) } : {}
  })
}

/** Unloads a conversation that was left, unless it is only a few of its newest pages. */
export function trimConversation(peer: string): void {
  const { messages, latest } = conversationWith(peer)
  if (latest && messages.length <= retainedMessages) return
  store.set(({ conversations }) => ({ conversations: withEntry(conversations, peer, undefined) }))
}

/** Removes the line above the messages that were unread. */
export function clearFirstUnread(peer: string): void {
  if (conversationWith(peer).firstUnread !== undefined) changeConversation(peer, { firstUnread: undefined })
}
