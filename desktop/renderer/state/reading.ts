/**
 * What the person has read: the messages of the open conversation up to the last one that was in sight, while the
 * window had the focus.
 */
import { addressOf, isGroup } from '../model/conversation-id.ts'
import { callPeer } from './clients.ts'
import { changeConversation, conversationWith } from './conversations.ts'
import { store } from './state.ts'
import type { State } from './state.ts'
import { attempt } from './toasts.ts'

/** The last message that the list shows, and its conversation. */
let lastShown: { conversation: string; message: string } | undefined
/** The id of the message up to which the peer was told last. */
let told: string | undefined

/** The list of messages shows `message` at its lower edge; undefined: it shows none. */
export function showsUpTo(conversation: string, message: string | undefined): void {
  lastShown = message === undefined ? undefined : { conversation, message }
  void markRead()
}

/** Marks as read what is in sight, if the person looks at it. */
export async function markRead(): Promise<void> {
  if (lastShown === undefined) return
  const { conversation, message } = lastShown
  if (!isReading(store.get(), conversation)) return
  const { messages } = conversationWith(conversation)
  const shown = messages.slice(0, messages.findIndex(({ id }) => id === message) + 1)
  const newest = shown.findLast(({ direction }) => direction === 'in')
  if (newest === undefined || newest.state === 'read' || newest.id === told) return
  told = newest.id
  if (!(await attempt(() => callPeer('markRead', { ...addressOf(conversation), upTo: newest.id })))) told = undefined
  else if (isGroup(conversation)) markShown(conversation, newest.id)
}

/** Of messages in groups, no event tells that they are read. */
function markShown(conversation: string, upTo: string): void {
  const { messages } = conversationWith(conversation)
  const end = messages.findIndex(({ id }) => id === upTo)
  const read = messages.map((message, index) =>
    index <= end && message.direction === 'in' && message.state === 'delivered'
      ? { ...message, state: 'read' as const }
      : message,
  )
  changeConversation(conversation, { messages: read })
}

/** The person looks at the conversation: it is open, nothing covers it, and the window has the focus. */
function isReading({ open, view, dialog }: Pick<State, 'open' | 'view' | 'dialog'>, conversation: string): boolean {
  return open === conversation && view.kind === 'conversation' && dialog === undefined && document.hasFocus()
}
