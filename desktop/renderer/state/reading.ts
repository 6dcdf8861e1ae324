/**
 * What the person has read: the messages of the open conversation up to the last one that was in sight, while the
 * window had the focus.
 */
import { callPeer } from './clients.ts'
import { conversationWith } from './conversations.ts'
import { store } from './state.ts'
import type { State } from './state.ts'
import { attempt } from './toasts.ts'

/** The last message that the list shows, and its peer. */
let lastShown: { peer: string; message: string } | undefined
/** The id of the message up to which the peer was told last. */
let told: string | undefined

/** The list of messages shows `message` at its lower edge; undefined: it shows none. */
export function showsUpTo(peer: string, message: string | undefined): void {
  lastShown = message === undefined ? undefined : { peer, message }
  void markRead()
}

/** Marks as read what is in sight, if the person looks at it. */
export async function markRead(): Promise<void> {
  if (lastShown === undefined) return
  const { peer, message } = lastShown
  if (!isReading(store.get(), peer)) return
  const { messages } = conversationWith(peer)
  const shown = messages.slice(0, messages.findIndex(({ id }) => id === message) + 1)
  const newest = shown.findLast(({ direction }) => direction === 'in')
  if (newest === undefined || newest.state === 'read' || newest.id === told) return
  told = newest.id
  if (!(await attempt(() => callPeer('markRead', { peer, upTo: newest.id })))) told = undefined
}

/** The person looks at the conversation with `peer`: it is open, nothing covers it, and the window has the focus. */
function isReading({ open, view, dialog }: Pick<State, 'open' | 'view' | 'dialog'>, peer: string): boolean {
  return open === peer && view.kind === 'conversation' && dialog === undefined && document.hasFocus()
}
