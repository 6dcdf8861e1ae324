/**
 * The loaded part of each conversation: its newest page when it is opened, older pages as the person scrolls up, and every
 * message that comes or changes meanwhile. Messages keep the order in which the library tells them.
 */
import type { Message, Transfer } from '#protocol'
import { callPeer } from './ports.ts'
import { timeOf } from './rows.ts'
import { store, withEntry } from './state.ts'
import type { Talk } from './state.ts'

const page = 60
/** On the way back to a message that was found: as many at once as the library gives, and so many times. */
const largestPage = 1000
const farthest = 200
/** Messages of one conversation kept in the window after it was left. */
const kept = 400

const nothing: Talk = {
  messages: [],
  complete: false,
  loading: false,
  failed: false,
  firstUnread: undefined,
  pages: 0,
}

export function talkWith(peer: string): Talk {
  return store.get().talks.get(peer) ?? nothing
}

function change(peer: string, patch: Partial<Talk>): void {
  store.set(({ talks }) => ({ talks: withEntry(talks, peer, { ...(talks.get(peer) ?? nothing), ...patch }) }))
}

/** Loads the newest page, unless it is there. `unread`: how many of the friend's messages are new. */
export async function loadNewest(peer: string, unread: number): Promise<void> {
  const before = talkWith(peer)
  if (before.loading) return
  if (before.messages.length > 0) {
    change(peer, { firstUnread: firstUnreadOf(before.messages, unread) })
    return
  }
  change(peer, { loading: true, failed: false })
  try {
    const messages = await callPeer('messages', { peer, limit: Math.max(page, Math.min(unread + 10, kept)) })
    const full = messages.length >= page
    const known = new Set(messages.map(({ id }) => id))
    const meanwhile = talkWith(peer).messages.filter(({ id }) => !known.has(id))
    change(peer, {
      messages: [...messages, ...meanwhile],
      complete: !full,
      loading: false,
      firstUnread: firstUnreadOf(messages, unread),
    })
    remember(messages.at(-1))
  } catch {
    // Said in the conversation itself, with a way to try again.
    change(peer, { loading: false, failed: true })
  }
}

export async function loadOlder(peer: string): Promise<void> {
  const { loading, complete, messages } = talkWith(peer)
  const [oldest] = messages
  if (loading || complete || oldest === undefined) return
  change(peer, { loading: true })
  try {
    const older = await callPeer('messages', { peer, before: oldest.id, limit: page })
    const now = talkWith(peer)
    change(peer, {
      messages: [...older, ...now.messages],
      complete: older.length < page,
      loading: false,
      pages: now.pages + 1,
    })
  } catch {
    change(peer, { loading: false, failed: true })
  }
}

/** Loads back to a message that a search found, and shows all of it at once. Returns whether it is there now. */
export async function loadTo(peer: string, message: string): Promise<boolean> {
  const { messages, complete, loading } = talkWith(peer)
  if (messages.some(({ id }) => id === message)) return true
  let [oldest] = messages
  if (oldest === undefined || complete || loading) return false
  change(peer, { loading: true })
  const pages: Message[][] = []
  try {
    for (let reached = false; !reached && oldest !== undefined && pages.length < farthest;) {
      const older: Message[] = await callPeer('messages', { peer, before: oldest.id, limit: largestPage })
      pages.unshift(older)
      reached = older.length < largestPage || older.some(({ id }) => id === message)
      oldest = older[0]
    }
  } catch {
    change(peer, { loading: false, failed: true })
    return false
  }
  const now = talkWith(peer)
  change(peer, {
    messages: [...pages.flat(), ...now.messages],
    complete: (pages[0]?.length ?? 0) < largestPage,
    loading: false,
    pages: now.pages + 1,
  })
  return talkWith(peer).messages.some(({ id }) => id === message)
}

/** A message came, or one that is known has changed. */
export function upsert(message: Message): void {
  const talk = store.get().talks.get(message.peer)
  if (update(message) || talk === undefined) return
  if (talk.messages.length > 0 || talk.complete) change(message.peer, { messages: [...talk.messages, message] })
}

/** A message has changed: one that is not loaded is not the newest. Returns whether it is. */
export function update(message: Message): boolean {
  remember(message)
  const { messages } = talkWith(message.peer)
  const at = messages.findLastIndex(({ id }) => id === message.id)
  if (at >= 0) change(message.peer, { messages: messages.with(at, message) })
  return at >= 0
}

/** We offered files: shown before the friend has heard of it, who may be away. */
export async function showOffer({ id, peer }: Transfer): Promise<void> {
  const newest = await callPeer('messages', { peer, limit: 10 })
  const offer = newest.findLast(({ transfer }) => transfer === id)
  if (offer !== undefined) upsert(offer)
}

/** The list shows the newest message of each. */
export function remember(message: Message | undefined): void {
  if (message === undefined) return
  store.set(({ last }) => {
    const known = last.get(message.peer)
    const newer = known === undefined || known.id === message.id || timeOf(message) >= timeOf(known)
    return newer ? { last: withEntry(last, message.peer, message) } : {}
  })
}

/** Forgets the older pages of a conversation that nobody looks at. */
export function trim(peer: string): void {
  const { messages } = talkWith(peer)
  if (messages.length > kept) change(peer, { messages: messages.slice(-kept), complete: false })
}

export function forgetUnread(peer: string): void {
  if (talkWith(peer).firstUnread !== undefined) change(peer, { firstUnread: undefined })
}

function firstUnreadOf(messages: readonly Message[], unread: number): string | undefined {
  if (unread === 0) return undefined
  const theirs = messages.filter(({ direction }) => direction === 'in')
  return theirs.at(-unread)?.id ?? theirs[0]?.id
}
