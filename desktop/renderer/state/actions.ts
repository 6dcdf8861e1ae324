/** What a person does, as calls of the peer and the shell and as changes of what is shown. Nothing here throws: what fails is said. */
import type { Friend, Message, PrivacyPatch, Transfer } from '#protocol'
import type { Preferences } from '../../ipc/contract.ts'
import { putFriend, putSelf, putTransfer } from './entities.ts'
import { callPeer, callShell } from './clients.ts'
import { emptyDraft, errorText, store, text, withEntry } from './state.ts'
import type { Dialog, Draft, Toast, View } from './state.ts'
import { forgetUnread, loadAround, loadNewest, remember, showOffer, talkWith, trim, upsert } from './conversations.ts'

/** Milliseconds for which a short notice of ours stays. */
const toastStays = 5000
/** And one with a button, which wants to be read, reached and pressed. */
const offerStays = 20_000
/** How often a friend is told that we are still writing, in milliseconds. */
const typingAgain = 3000

let toasts = 0

/** Runs `work`; says what goes wrong. Returns whether it went well. */
export async function attempt(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work()
    return true
  } catch (error) {
    toast(errorText(error), 'bad')
    return false
  }
}

export function toast(said: string, tone: 'calm' | 'bad' = 'calm', action?: Toast['action']): void {
  const id = ++toasts
  const shown: Toast = { id, text: said, tone, ...(action === undefined ? {} : { action }) }
  store.set((state) => ({ toasts: [...state.toasts.slice(-2), shown] }))
  setTimeout(() => dismiss(id), action === undefined ? toastStays : offerStays)
}

/** A report for those who help, where the person wants it. */
export async function saveReport(): Promise<void> {
  await attempt(async () => {
    if (!(await callShell('saveReport'))) return
    const { settings, files } = text()
    const run = (): void => void attempt(() => callShell('showReport'))
    toast(settings.reportSaved, 'calm', { label: files.open, run })
  })
}

function dismiss(id: number): void {
  store.set((state) => ({ toasts: state.toasts.filter((one) => one.id !== id) }))
}

export function show(view: View): void {
  store.set({ view })
}

export function ask(dialog: Dialog | undefined): void {
  store.set({ dialog })
}

/** An invite with which Quorum was opened, or that somebody pasted: shown, never acted on by itself. */
export function showLink(link: string): void {
  if (store.get().welcomed) ask({ kind: 'add', tab: 'join', link })
  else store.set(({ start }) => (start === undefined ? {} : { start: { ...start, link } }))
}

export async function copy(what: string): Promise<void> {
  if (await attempt(() => callShell('copy', { text: what }))) toast(text().common.copied)
}

// ---- loading

/** The shell answers: what the window needs to know of it. */
export async function begin(): Promise<void> {
  await attempt(async () => {
    const start = await callShell('start')
    store.set({ start, preferences: start.preferences, node: start.node })
    if (start.link !== undefined) showLink(start.link)
  })
}

/** Everything anew: at the start, after unlocking, after the peer's process was started again. */
export async function refresh(): Promise<void> {
  await attempt(async () => {
    const [self, friends] = await Promise.all([callPeer('self'), callPeer('friends')])
    putSelf(self)
    const welcomed = self.name !== '' && (self.nodes.length > 0 || friends.length > 0)
    store.set((state) => ({
      friends: new Map(friends.map((friend) => [friend.peer, friend])),
      friendsLoaded: true,
      welcomed: state.welcomed || welcomed,
      talks: new Map(),
    }))
    const { open } = store.get()
    await Promise.all([loadLast(friends), loadTransfers(), ...(open === undefined ? [] : [loadNewest(open, 0)])])
  })
}

async function loadLast(friends: readonly Friend[]): Promise<void> {
  await Promise.all(
    friends.map(async ({ peer }) => {
      const [last] = await callPeer('messages', { peer, limit: 1 })
      remember(last)
    }),
  )
}

async function loadTransfers(): Promise<void> {
  const all = await callPeer('transfers', {}).catch((): Transfer[] => [])
  store.set({ transfers: new Map(all.map((transfer) => [transfer.id, transfer])) })
}

// ---- conversations

/** Shows the conversation with `peer`: at its end, or at a message that a search found. */
export async function openConversation(peer: string, at?: Message): Promise<void> {
  const { open } = store.get()
  if (open !== undefined && open !== peer) {
    trim(open)
    forgetUnread(open)
  }
  const target = at === undefined ? undefined : { peer, message: at.id }
  store.set({ open: peer, view: { kind: 'conversation' }, target })
  await (at === undefined ? loadLatest(peer) : loadAround(at))
  await readOpen()
  void lookAtConnection(peer)
}

/** The end of a conversation, unless it is there. */
export async function loadLatest(peer: string): Promise<void> {
  await loadNewest(peer, store.get().friends.get(peer)?.unread ?? 0)
}

/** What is on the screen counts as read. */
export async function readOpen(): Promise<void> {
  const { open, friends } = store.get()
  const friend = open === undefined ? undefined : friends.get(open)
  if (friend === undefined || !document.hasFocus()) return
  const { messages, latest } = talkWith(friend.peer)
  const newest = latest ? messages.findLast(({ direction }) => direction === 'in') : undefined
  if (newest === undefined || (newest.state === 'read' && friend.unread === 0)) return
  store.set((state) => ({ friends: withEntry(state.friends, friend.peer, { ...friend, unread: 0 }) }))
  await attempt(() => callPeer('markRead', { peer: friend.peer, upTo: newest.id }))
}

export async function lookAtConnection(peer: string): Promise<void> {
  if (store.get().friends.get(peer)?.state !== 'friend') return
  await attempt(async () => {
    const info = await callPeer('connection', { peer })
    store.set(({ connections }) => ({ connections: withEntry(connections, peer, info) }))
  })
}

/** The column with a person's details. */
export function toggleDetails(): void {
  const { open, details } = store.get()
  store.set({ details: !details })
  if (open !== undefined) void lookAtConnection(open)
}

function draftFor(peer: string): Draft {
  return store.get().drafts.get(peer) ?? emptyDraft
}

export function setDraft(peer: string, patch: Partial<Draft>): void {
  const draft: Draft = { ...draftFor(peer), ...patch }
  const empty = draft.text === '' && draft.replyTo === undefined && draft.staged.length === 0
  store.set(({ drafts }) => ({ drafts: withEntry(drafts, peer, empty ? undefined : draft) }))
}

export function replyTo(message: Message | undefined): void {
  const peer = message?.peer ?? store.get().open
  if (peer === undefined) return
  const { replyTo: _before, ...draft } = draftFor(peer)
  store.set(({ drafts }) => ({
    drafts: withEntry(drafts, peer, message === undefined ? draft : { ...draft, replyTo: message }),
  }))
}

let toldTyping = { peer: '', at: 0 }

/** The friend is told that we write, now and then. */
export function wrote(peer: string, active: boolean): void {
  const now = performance.now()
  if (active && toldTyping.peer === peer && now - toldTyping.at < typingAgain) return
  if (!active && toldTyping.peer !== peer) return
  toldTyping = active ? { peer, at: now } : { peer: '', at: 0 }
  // Nothing depends on it: a mark that is not told is not missed.
  callPeer('typing', { peer, active }).catch(() => undefined)
}

/** Sends what is in the draft; it comes back if that fails. */
export async function send(peer: string): Promise<void> {
  const draft = draftFor(peer)
  const said = draft.text.trim()
  if (said === '' && draft.staged.length === 0) return
  store.set(({ drafts }) => ({ drafts: withEntry(drafts, peer, undefined) }))
  wrote(peer, false)
  forgetUnread(peer)
  if (!talkWith(peer).latest) await loadNewest(peer, 0)
  const sent = await attempt(async () => {
    if (draft.staged.length > 0) {
      const staged = draft.staged.map(({ id }) => id)
      const transfer = await callShell('sendFiles', { peer, staged })
      putTransfer(transfer)
      await showOffer(transfer)
    }
    if (said === '') return
    const replyTo = draft.replyTo?.id
    upsert(await callPeer('sendMessage', { peer, text: said, ...(replyTo === undefined ? {} : { replyTo }) }))
  })
  if (!sent && draftFor(peer).text === '') setDraft(peer, { ...draft, staged: [] })
}

export async function recall(message: Message): Promise<void> {
  await attempt(async () => upsert(await callPeer('recallMessage', { message: message.id })))
}

// ---- people

type PeopleCall = 'acceptFriend' | 'declineFriend' | 'removeFriend' | 'blockPeer' | 'unblockPeer'

export async function decide(call: PeopleCall, peer: string): Promise<boolean> {
  return attempt(async () => {
    const friend = await callPeer(call, { peer })
    // Somebody declined with whom nothing was said leaves no trace in the list.
    putFriend(friend)
    if (call === 'acceptFriend') await openConversation(peer)
  })
}

/** They are written to although somebody verified has the same name; asked again at the next start. */
export function acknowledge(peer: string): void {
  store.set(({ acknowledged }) => ({ acknowledged: new Set(acknowledged).add(peer) }))
}

export async function verify(peer: string, verified: boolean): Promise<boolean> {
  return attempt(async () => putFriend(await callPeer('verifyFriend', { peer, verified })))
}

/** Errors: those of the call, for the field to show. */
export async function request(to: string, note: string): Promise<Friend> {
  const friend = await callPeer('requestFriend', { to: to.trim(), ...(note === '' ? {} : { note }) })
  putFriend(friend)
  putSelf(await callPeer('self'))
  return friend
}

// ---- files

type TransferCall = 'declineTransfer' | 'pauseTransfer' | 'resumeTransfer' | 'cancelTransfer'

export async function steer(call: TransferCall, transfer: string): Promise<void> {
  await attempt(async () => putTransfer(await callPeer(call, { transfer })))
}

export async function acceptTransfer(transfer: string, choose: boolean): Promise<void> {
  await attempt(async () => {
    const accepted = await callShell('acceptTransfer', { transfer, choose })
    if (accepted !== null) putTransfer(accepted)
  })
}

/** Where files go from now on. */
export async function chooseDownloads(): Promise<void> {
  await attempt(async () => {
    const downloads = await callShell('chooseDownloads')
    store.set(({ start }) => (start === undefined ? {} : { start: { ...start, downloads } }))
  })
}

export async function stageChosen(peer: string, folder: boolean): Promise<void> {
  await attempt(async () => hold(peer, await callShell('chooseFiles', { folder })))
}

/** Dropped or pasted. */
export async function stageFiles(peer: string, files: readonly File[]): Promise<void> {
  if (files.length > 0) await attempt(async () => hold(peer, await window.quorum.stage([...files])))
}

function hold(peer: string, staged: Draft['staged']): void {
  setDraft(peer, { staged: [...draftFor(peer).staged, ...staged] })
}

export function unstage(peer: string, id: string): void {
  setDraft(peer, { staged: draftFor(peer).staged.filter((one) => one.id !== id) })
  void attempt(() => callShell('unstage', { staged: [id] }))
}

// ---- the rest

/** What friends and the network learn: kept in the profile. */
export async function choosePrivacy(patch: PrivacyPatch): Promise<void> {
  await attempt(async () => putSelf(await callPeer('setPrivacy', patch)))
}

export async function prefer(patch: Partial<Preferences>): Promise<void> {
  await attempt(async () => store.set({ preferences: await callShell('setPreferences', patch) }))
}
