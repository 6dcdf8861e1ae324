/**
 * What a person has written, chosen to send and chosen to reply to, by conversation, until it is sent. What is for a
 * friend is stored in the profile, so that it survives a restart; the main process stores the files, whose paths this
 * page does not know. What is for a group is kept as long as the window is open: the peer stores drafts for friends
 * only.
 */
import { limits } from '#limits'
import type { Message } from '#protocol'
import { conversationOf, isGroup } from '../model/conversation-id.ts'
import { callMain, callPeer } from './clients.ts'
import { store, withEntry } from './state.ts'
import type { Draft } from './state.ts'
import { attempt } from './toasts.ts'

/** Milliseconds from a change of a draft until it is stored. */
const storedAfter = 500

/** Timers of drafts that have changed and are not stored yet, by PeerId. */
const changed = new Map<string, number>()

export const emptyDraft: Draft = { text: '', staged: [] }

export function draftFor(conversation: string): Draft {
  return store.get().drafts.get(conversation) ?? emptyDraft
}

export function setDraft(conversation: string, patch: Partial<Draft>): void {
  putDraft(conversation, { ...draftFor(conversation), ...patch })
}

/** Stored at once: what was sent must not come back after a crash. */
export function clearDraft(conversation: string): void {
  putDraft(conversation, emptyDraft)
  storeDrafts()
}

/** Begins a reply to `message`. */
export function replyTo(message: Message): void {
  setDraft(conversationOf(message), { replyTo: message })
}

export function cancelReply(conversation: string): void {
  const { replyTo: _replyTo, ...draft } = draftFor(conversation)
  putDraft(conversation, draft)
}

export function addStaged(conversation: string, staged: Draft['staged']): void {
  setDraft(conversation, { staged: [...draftFor(conversation).staged, ...staged] })
}

export function removeStaged(conversation: string, id: string): void {
  setDraft(conversation, { staged: draftFor(conversation).staged.filter((one) => one.id !== id) })
}

function putDraft(conversation: string, draft: Draft): void {
  const empty = draft.text === '' && draft.replyTo === undefined && draft.staged.length === 0
  store.set(({ drafts }) => ({ drafts: withEntry(drafts, conversation, empty ? undefined : draft) }))
  if (!isGroup(conversation) && !changed.has(conversation))
    changed.set(conversation, window.setTimeout(storeDrafts, storedAfter))
}

/** Stores the drafts that have changed. A text that is too long for a message is stored in part. */
export function storeDrafts(): void {
  for (const [peer, timer] of changed) {
    clearTimeout(timer)
    const { text, replyTo, staged } = draftFor(peer)
    const draft = { peer, text: text.slice(0, limits.messageText), ...(replyTo && { replyTo: replyTo.id }) }
    const files = { peer, staged: staged.map(({ id }) => id) }
    // Both at once: the window may be closing, and nothing is sent any more once it has closed.
    void attempt(() => Promise.all([callPeer('setDraft', draft), callMain('keepStaged', files)]))
  }
  changed.clear()
}

/** Loads the stored drafts. One that was begun in this window meanwhile stays. */
export async function loadDrafts(): Promise<void> {
  const kept = new Map((await callMain('keptStaged')).map(({ peer, staged }) => [peer, staged]))
  const said = new Map((await callPeer('drafts')).map((draft) => [draft.peer, draft]))
  for (const peer of new Set([...said.keys(), ...kept.keys()])) {
    const { text = '', replyTo: id } = said.get(peer) ?? {}
    // The message may have been taken back since.
    const replyTo = id === undefined ? undefined : await callPeer('message', { message: id }).catch(() => undefined)
    const stored: Draft = { text, staged: kept.get(peer) ?? [], ...(replyTo && { replyTo }) }
    if (!store.get().drafts.has(peer)) store.set(({ drafts }) => ({ drafts: withEntry(drafts, peer, stored) }))
  }
}
