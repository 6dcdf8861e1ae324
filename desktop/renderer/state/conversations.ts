/**
 * The loaded part of each conversation, and how messages change it. history.ts loads the pages. Messages keep the order
 * in which the peer returns them. A conversation is named by the friend's PeerId or by the group.
 */
import { addedAt } from '#message-times'
import type { Message } from '#protocol'
import { conversationOf } from '../model/conversation-id.ts'
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

export function conversationWith(conversation: string): LoadedConversation {
  return store.get().conversations.get(conversation) ?? emptyConversation
}

export function changeConversation(conversation: string, patch: Partial<LoadedConversation>): void {
  store.set(({ conversations }) => ({
    conversations: withEntry(conversations, conversation, {
      ...(conversations.get(conversation) ?? emptyConversation),
      ...patch,
    }),
  }))
}

/**
 * The one way for a message into the state, whether a call returned it or an event reported it. A message that is
 * loaded or quoted is replaced. Of the others, only one that `isNew` is appended, and only where the end of the
 * conversation is loaded: a message that has changed and is not loaded belongs to an older page.
 */
export function putMessage(message: Message, { isNew = false } = {}): void {
  putLast(message)
  const { id } = message
  const conversation = conversationOf(message)
  const { messages, quoted, latest, complete } = conversationWith(conversation)
  if (quoted.has(id)) changeConversation(conversation, { quoted: withEntry(quoted, id, message) })
  const index = messages.findLastIndex((one) => one.id === id)
  if (index >= 0) changeConversation(conversation, { messages: messages.with(index, message) })
  else if (isNew && latest && (messages.length > 0 || complete)) {
    changeConversation(conversation, { messages: [...messages, message] })
  }
}

/** The sidebar shows the newest message of each conversation. */
export function putLast(message: Message): void {
  const conversation = conversationOf(message)
  store.set(({ last }) => {
    const before = last.get(conversation)
    const newer = before === undefined || before.id === message.id || addedAt(message) >= addedAt(before)
    return newer ? { last: withEntry(last, conversation, message) } : {}
  })
}

/** The newest one of a group is the last by the order of its members; undefined: nothing is shown there. */
export function setLast(group: string, message: Message | undefined): void {
  store.set(({ last }) => ({ last: withEntry(last, group, message) }))
}

/** Unloads a conversation that was left, unless it is only a few of its newest pages. */
export function trimConversation(conversation: string): void {
  const { messages, latest } = conversationWith(conversation)
  if (latest && messages.length <= retainedMessages) return
  store.set(({ conversations }) => ({ conversations: withEntry(conversations, conversation, undefined) }))
}

/** Removes the line above the messages that were unread. */
export function clearFirstUnread(conversation: string): void {
  if (conversationWith(conversation).firstUnread !== undefined)
    changeConversation(conversation, { firstUnread: undefined })
}
