/**
 * The loaded part of each conversation: its newest page when it is opened, or the surroundings of a message that was
 * found; more pages as the person scrolls, and every message that comes or changes meanwhile. Messages keep the order in
 * which the library tells them.
 */
import type { Message, Transfer } from '#protocol'
import { callPeer } from './clients.ts'
import { timeOf } from '../model/message-rows.ts'
import { store, withEntry } from './state.ts'
import type { Talk } from './state.ts'

const page = 60
/** Messages of one conversation kept in the window after it was left. */
const kept = 400

export const emptyTalk: Talk = {
  messages: [],
  quoted: new Map(),
  complete: false,
  latest: true,
  stretch: 0,
  loading: false,
  failed: false,
  firstUnread: undefined,
  pages: 0,
}

export function talkWith(peer: string): Talk {
  return store.get().talks.get(peer) ?? emptyTalk
}

function change(peer: string, patch: Partial<Talk>): void {
  store.set(({ talks }) => ({ talks: withEntry(talks, peer, { ...(talks.get(peer) ?? emptyTalk), ...patch }) }))
}

/** Loads the newest page, unless it is there. `unread`: how many of the friend's messages are new. */
export async function loadNewest(peer: string, unread: number): Promise<void> {
  const before = talkWith(peer)
  if (before.latest && before.loading) return
  if (before.latest && before.messages.length > 0) {
    change(peer, { firstUnread: firstUnreadOf(before.messages, unread) })
    return
  }
  await load(peer, async () => {
    const messages = await callPeer('messages', { peer, limit: Math.max(page, Math.min(unread + 10, kept)) })
    const full = messages.length >= page
    const quoted = await quotedBy(peer, messages)
    const known = new Set(messages.map(({ id }) => id))
    const now = talkWith(peer)
    const meanwhile = now.latest ? now.messages.filter(({ id }) => !known.has(id)) : []
    remember(messages.at(-1))
    return {
      messages: [...messages, ...meanwhile],
      quoted,
      complete: !full,
      latest: true,
      stretch: now.latest ? now.stretch : now.stretch + 1,
      firstUnread: firstUnreadOf(messages, unread),
    }
  })
}

/** Loads a message that a search found, and what was said before and after it, unless it is there. */
export async function loadAround(message: Message): Promise<void> {
  const { peer, id } = message
  if (talkWith(peer).messages.some((one) => one.id === id)) return
  await load(peer, async () => {
    const [older, newer] = await Promise.all([
      callPeer('messages', { peer, before: id, limit: page }),
      callPeer('messages', { peer, after: id, limit: page }),
    ])
    const messages = [...older, message, ...newer]
    return {
      messages,
      quoted: await quotedBy(peer, messages),
      complete: older.length < page,
      latest: newer.length < page,
      stretch: talkWith(peer).stretch + 1,
      firstUnread: undefined,
    }
  })
}

export async function loadOlder(peer: string): Promise<void> {
  const { loading, complete, messages } = talkWith(peer)
  const [oldest] = messages
  if (loading || complete || oldest === undefined) return
  await load(peer, async () => {
    const older = await callPeer('messages', { peer, before: oldest.id, limit: page })
    const quoted = await quotedBy(peer, older)
    const now = talkWith(peer)
    if (now.messages[0]?.id !== oldest.id) return {}
    return { messages: [...older, ...now.messages], quoted, complete: older.length < page, pages: now.pages + 1 }
  })
}

export async function loadNewer(peer: string): Promise<void> {
  const { loading, latest, messages } = talkWith(peer)
  const newest = messages.at(-1)
  if (loading || latest || newest === undefined) return
  await load(peer, async () => {
    const newer = await callPeer('messages', { peer, after: newest.id, limit: page })
    const quoted = await quotedBy(peer, newer)
    const now = talkWith(peer)
    if (now.messages.at(-1)?.id !== newest.id) return {}
    return { messages: [...now.messages, ...newer], quoted, latest: newer.length < page }
  })
}

/** One page. That it failed is said in the conversation itself, with a way to try again. */
async function load(peer: string, work: () => Promise<Partial<Talk>>): Promise<void> {
  change(peer, { loading: true, failed: false })
  try {
    change(peer, { ...(await work()), loading: false })
  } catch {
    change(peer, { loading: false, failed: true })
  }
}

/** What is quoted there so far, and what `messages` answer. */
async function quotedBy(peer: string, messages: readonly Message[]): Promise<ReadonlyMap<string, Message>> {
  const here = new Set(messages.map(({ id }) => id))
  const wanted = new Set(
    messages.flatMap(({ replyTo }) => (replyTo === undefined || here.has(replyTo) ? [] : [replyTo])),
  )
  // One that cannot be had is shown as such; friends may name what there never was.
  const found = await Promise.all([...wanted].map((message) => callPeer('message', { message }).catch(() => undefined)))
  const quoted = new Map(talkWith(peer).quoted)
  for (const one of found) if (one?.peer === peer) quoted.set(one.id, one)
  return quoted
}

/** A message came, or one that is known has changed. */
export function upsert(message: Message): void {
  const talk = store.get().talks.get(message.peer)
  if (update(message) || talk === undefined) return
  if (!talk.latest || (talk.messages.length === 0 && !talk.complete)) return
  change(message.peer, { messages: [...talk.messages, message] })
  if (message.replyTo !== undefined)
    void quotedBy(message.peer, [message]).then((quoted) => change(message.peer, { quoted }))
}

/** A message has changed: one that is not loaded is not the newest. Returns whether it is. */
export function update(message: Message): boolean {
  remember(message)
  const { messages, quoted } = talkWith(message.peer)
  if (quoted.has(message.id)) change(message.peer, { quoted: withEntry(quoted, message.id, message) })
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

/** Of a conversation that nobody looks at, nothing is kept but a few of its newest pages. */
export function trim(peer: string): void {
  const { messages, latest } = talkWith(peer)
  if (!latest || messages.length > kept) store.set(({ talks }) => ({ talks: withEntry(talks, peer, undefined) }))
}

export function forgetUnread(peer: string): void {
  if (talkWith(peer).firstUnread !== undefined) change(peer, { firstUnread: undefined })
}

function firstUnreadOf(messages: readonly Message[], unread: number): string | undefined {
  if (unread === 0) return undefined
  const theirs = messages.filter(({ direction }) => direction === 'in')
  return theirs.at(-unread)?.id ?? theirs[0]?.id
}
