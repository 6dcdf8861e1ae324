/** What a person has written, chosen to send and chosen to reply to, by friend, until it is sent. */
import type { Message } from '#protocol'
import { store, withEntry } from './state.ts'
import type { Draft } from './state.ts'

export const emptyDraft: Draft = { text: '', staged: [] }

export function draftFor(peer: string): Draft {
  return store.get().drafts.get(peer) ?? emptyDraft
}

export function setDraft(peer: string, patch: Partial<Draft>): void {
  putDraft(peer, { ...draftFor(peer), ...patch })
}

export function clearDraft(peer: string): void {
  putDraft(peer, emptyDraft)
}

/** Begins a reply to `message`. */
export function replyTo(message: Message): void {
  setDraft(message.peer, { replyTo: message })
}

export function cancelReply(peer: string): void {
  const { replyTo: _replyTo, ...draft } = draftFor(peer)
  putDraft(peer, draft)
}

export function addStaged(peer: string, staged: Draft['staged']): void {
  setDraft(peer, { staged: [...draftFor(peer).staged, ...staged] })
}

export function removeStaged(peer: string, id: string): void {
  setDraft(peer, { staged: draftFor(peer).staged.filter((one) => one.id !== id) })
}

function putDraft(peer: string, draft: Draft): void {
  const empty = draft.text === '' && draft.replyTo === undefined && draft.staged.length === 0
  store.set(({ drafts }) => ({ drafts: withEntry(drafts, peer, empty ? undefined : draft) }))
}
