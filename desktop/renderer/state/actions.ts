/**
 * What a person can do. An action calls the peer or the main process; entities.ts, conversations.ts and drafts.ts put
 * the result into the state, by the same functions that events use. An action that fails shows a toast and does not
 * throw, unless its comment names errors.
 */
import { isBlank } from '#foreign-text'
import type { CallParams, Friend, FriendState, Message, PrivacyPatch, Transfer } from '#protocol'
import type { Preferences } from '../../ipc/contract.ts'
import { loadBackups } from './backups.ts'
import { callMain, callPeer } from './clients.ts'
import { addressOf, conversationOf } from '../model/conversation-id.ts'
import { clearFirstUnread, conversationWith, putLast, putMessage, trimConversation } from './conversations.ts'
import { addStaged, clearDraft, draftFor, loadDrafts, removeStaged, setDraft } from './drafts.ts'
import { putConnection, putFriend, putSelf, putTransfer } from './entities.ts'
import { loadGroups } from './groups.ts'
import { addMessage, addSent, loadAround, loadNewest } from './history.ts'
import { markRead } from './reading.ts'
import { codeOf, errorText, store, text } from './state.ts'
import type { Dialog, View } from './state.ts'
import { attempt, toast } from './toasts.ts'

/** Milliseconds between two typing marks in the same conversation. */
const typingInterval = 3000
/** Conversations whose newest message is asked for at once. */
const callsAtOnce = 50

// ---- the window

export function openView(view: View): void {
  store.set({ view })
}

export function openDialog(dialog: Dialog): void {
  store.set({ dialog })
}

export function closeDialog(): void {
  const link = waitingLink
  waitingLink = undefined
  store.set({ dialog: link === undefined ? undefined : { kind: 'add', tab: 'join', link } })
  void markRead()
}

/** A link that came while the words of a backup were shown, which are nowhere else. */
let waitingLink: string | undefined

/** An invite link with which Quorum was opened: shown, and used only when the person confirms. */
export function showLink(link: string): void {
  if (store.get().dialog?.kind === 'backup') waitingLink = link
  else if (store.get().welcomed) openDialog({ kind: 'add', tab: 'join', link })
  else store.set(({ start }) => (start === undefined ? {} : { start: { ...start, link } }))
}

export async function copy(value: string): Promise<void> {
  if (await attempt(() => callMain('copy', { text: value }))) toast(text().common.copied)
}

/** Saves a report for those who help, where the person chooses. */
export async function saveReport(): Promise<void> {
  await attempt(async () => {
    if (!(await callMain('saveReport'))) return
    const { settings, files } = text()
    const run = (): void => void attempt(() => callMain('showReport'))
    toast(settings.reportSaved, 'calm', { label: files.open, run })
  })
}

/** The person has seen the last step of the first run. */
export function endFirstRun(): void {
  store.set({ welcomed: true })
}

// ---- loading

/** Loads what the window needs from the main process. */
export async function loadStart(): Promise<void> {
  await attempt(async () => {
    const start = await callMain('start')
    store.set({ start, preferences: start.preferences, node: start.node })
    if (start.link !== undefined) showLink(start.link)
  })
}

/** Loads everything: at the start, after unlocking, and after the peer process was started again. */
export async function refresh(): Promise<void> {
  await attempt(async () => {
    const [self, friends, removed, groups] = await Promise.all([
      callPeer('self'),
      callPeer('friends'),
      callPeer('removedFriends'),
      loadGroups(),
    ])
    putSelf(self)
    const welcomed = self.name !== '' && (self.nodes.length > 0 || friends.length > 0)
    store.set((state) => ({
      friends: new Map([...friends, ...removed].map((friend) => [friend.peer, friend])),
      friendsLoaded: true,
      welcomed: state.welcomed || welcomed,
      conversations: new Map(),
    }))
    const { open } = store.get()
    await Promise.all([
      loadLast([...friends, ...removed].map(({ peer }) => peer).concat(groups.map(({ group }) => group))),
      loadTransfers(),
      loadDrafts(),
      loadBackups(),
      ...(open === undefined ? [] : [loadNewest(open, 0)]),
    ])
  })
}

/** A few at a time: the peer answers a bounded number of calls at once. */
async function loadLast(conversations: readonly string[]): Promise<void> {
  for (let from = 0; from < conversations.length; from += callsAtOnce) {
    await Promise.all(
      conversations.slice(from, from + callsAtOnce).map(async (conversation) => {
        const [last] = await callPeer('messages', { ...addressOf(conversation), limit: 1 })
        if (last !== undefined) putLast(last)
      }),
    )
  }
}

async function loadTransfers(): Promise<void> {
  const all = await callPeer('transfers', {}).catch((): Transfer[] => [])
  store.set({ transfers: new Map(all.map((transfer) => [transfer.id, transfer])) })
}

/** One that the list did not have: an old one. False if there is none, or none any more. */
export async function loadTransfer(transfer: string): Promise<boolean> {
  try {
    putTransfer(await callPeer('transfer', { transfer }))
    return true
  } catch (error) {
    // If the peer has ended, all is loaded again when it is back.
    return codeOf(error) !== 'not-found'
  }
}

// ---- conversations

/** Shows a conversation: at its end, or at a message that a search found. */
export async function openConversation(conversation: string, at?: Message): Promise<void> {
  const { open } = store.get()
  if (open !== undefined && open !== conversation) {
    trimConversation(open)
    clearFirstUnread(open)
  }
  const target = at === undefined ? undefined : { conversation, message: at.id }
  store.set({ open: conversation, view: { kind: 'conversation' }, target })
  await (at === undefined ? loadLatest(conversation) : loadAround(at))
  void loadConnection(conversation)
}

/** Shows a message where it was said. */
export async function openMessage(message: Message): Promise<void> {
  await openConversation(conversationOf(message), message)
}

/** Loads the end of a conversation, unless it is loaded. */
export async function loadLatest(conversation: string): Promise<void> {
  const { friends, groups } = store.get()
  const { unread = 0 } = friends.get(conversation) ?? groups.get(conversation) ?? {}
  await loadNewest(conversation, unread)
}

export async function loadConnection(peer: string): Promise<void> {
  if (store.get().friends.get(peer)?.state !== 'friend') return
  await attempt(async () => putConnection(peer, await callPeer('connection', { peer })))
}

/** Tries to reach a friend at once, instead of at the next attempt of the peer. */
export async function connect(peer: string): Promise<void> {
  await attempt(() => callPeer('connect', { peer }))
}

/** Shows or hides the column with the details. */
export function toggleDetails(): void {
  const { open, details } = store.get()
  store.set({ details: !details })
  if (open !== undefined) void loadConnection(open)
}

export function openDetails(conversation: string): void {
  store.set({ details: true })
  void openConversation(conversation)
}

export function closeDetails(): void {
  store.set({ details: false })
}

/** The list has shown the message that a search found. */
export function clearTarget(): void {
  store.set({ target: undefined })
}

let announcedTyping = { conversation: '', at: 0 }

/** Tells the friend or the group that the person is typing, or no longer is. */
export function announceTyping(conversation: string, active: boolean): void {
  const now = performance.now()
  if (active && announcedTyping.conversation === conversation && now - announcedTyping.at < typingInterval) return
  if (!active && announcedTyping.conversation !== conversation) return
  announcedTyping = active ? { conversation, at: now } : { conversation: '', at: 0 }
  // A lost typing mark has no consequence, so its error is not shown.
  callPeer('typing', { ...addressOf(conversation), active }).catch(() => undefined)
}

/** Sends the draft. If that fails, its text becomes the draft again. */
export async function send(conversation: string): Promise<void> {
  const draft = draftFor(conversation)
  const body = isBlank(draft.text) ? '' : draft.text.trim()
  if (body === '' && draft.staged.length === 0) return
  clearDraft(conversation)
  announceTyping(conversation, false)
  clearFirstUnread(conversation)
  // What is sent is appended to the end, so the end must be loaded.
  if (!conversationWith(conversation).latest) await loadNewest(conversation, 0)
  const sent = await attempt(async () => {
    if (draft.staged.length > 0) {
      await showOffered(await callMain('sendFiles', { peer: conversation, staged: draft.staged.map(({ id }) => id) }))
    }
    if (body === '') return
    const replyTo = draft.replyTo?.id
    addMessage(await callPeer('sendMessage', { ...addressOf(conversation), text: body, ...(replyTo && { replyTo }) }))
  })
  if (!sent && draftFor(conversation).text === '') setDraft(conversation, { ...draft, staged: [] })
}

/** An own offer: its card is the newest of the conversation. */
async function showOffered(transfer: Transfer): Promise<void> {
  putTransfer(transfer)
  await addSent(transfer.peer, (message) => message.transfer === transfer.id)
}

export async function recall(message: Message): Promise<void> {
  await attempt(async () => putMessage(await callPeer('recallMessage', { message: message.id })))
}

// ---- friends

type FriendCall = 'acceptFriend' | 'declineFriend' | 'removeFriend' | 'blockPeer' | 'unblockPeer' | 'receiveMore'

export async function changeFriendship(call: FriendCall, peer: string): Promise<boolean> {
  return attempt(async () => {
    putFriend(await callPeer(call, { peer }))
    if (call === 'acceptFriend') await openConversation(peer)
  })
}

/** The person writes to a lookalike of a verified friend nevertheless. Asked again at the next start. */
export function acknowledge(peer: string): void {
  store.set(({ acknowledged }) => ({ acknowledged: new Set(acknowledged).add(peer) }))
}

export async function verify(peer: string, verified: boolean): Promise<boolean> {
  return attempt(async () => putFriend(await callMain('verifyFriend', { peer, verified })))
}

/** `was`: their state before. Errors: those of the call, shown at the field. */
export async function requestFriend(
  to: string,
  note: string,
): Promise<{ friend: Friend; was: FriendState | undefined }> {
  const before = store.get().friends
  const friend = await callPeer('requestFriend', { to: to.trim(), ...(note === '' ? {} : { note }) })
  putFriend(friend)
  putSelf(await callPeer('self'))
  return { friend, was: before.get(friend.peer)?.state }
}

/** Asks somebody whom the person removed, or who may have removed the person. */
export async function askAgain(peer: string): Promise<void> {
  await attempt(() => requestFriend(peer, ''))
}

// ---- files

type TransferCall = 'declineTransfer' | 'pauseTransfer' | 'resumeTransfer' | 'cancelTransfer'

export async function changeTransfer(call: TransferCall, transfer: string): Promise<void> {
  await attempt(async () => putTransfer(await callPeer(call, { transfer })))
}

/** Offers again what did not arrive of an own transfer with `peer`. */
export async function sendMissing(transfer: string, peer: string): Promise<void> {
  await attempt(async () => {
    if (!conversationWith(peer).latest) await loadNewest(peer, 0)
    await showOffered(await callPeer('sendMissing', { transfer }))
  })
}

/** `choose`: the person picks the folder first. */
export async function acceptTransfer(transfer: string, choose: boolean): Promise<void> {
  await attempt(async () => {
    const accepted = await callMain('acceptTransfer', { transfer, choose })
    if (accepted !== null) putTransfer(accepted)
  })
}

/** Lets the person choose the folder for received files. */
export async function chooseDownloads(): Promise<void> {
  await attempt(async () => {
    const downloads = await callMain('chooseDownloads')
    store.set(({ start }) => (start === undefined ? {} : { start: { ...start, downloads } }))
  })
}

/** Lets the person choose files, or a folder, to send. */
export async function stageChosen(peer: string, folder: boolean): Promise<void> {
  await attempt(async () => addStaged(peer, await callMain('chooseFiles', { folder })))
}

/** Stages files that were dropped or pasted, and says so if that is not possible. */
export async function stageFiles(peer: string, files: readonly File[]): Promise<void> {
  await attempt(async () => {
    const { staged, error } = await window.quorum.stage([...files])
    addStaged(peer, staged)
    if (error !== undefined) toast(errorText(error), 'bad')
    else if (staged.length === 0 || staged.length < files.length) toast(text().composer.notAFile, 'bad')
  })
}

export function unstage(peer: string, id: string): void {
  removeStaged(peer, id)
  void attempt(() => callMain('unstage', { staged: [id] }))
}

// ---- the profile and its settings

/** Errors: those of the call, shown at the field. */
export async function saveProfile(patch: CallParams<'setProfile'>): Promise<void> {
  putSelf(await callPeer('setProfile', patch))
}

/** Errors: those of the call, shown at the field. */
export async function addNode(address: string): Promise<void> {
  putSelf(await callMain('addNode', { address }))
}

export async function removeNode(address: string): Promise<void> {
  await attempt(async () => putSelf(await callPeer('removeNode', { address })))
}

/** Starts or stops the node of this profile. */
export async function runNode(on: boolean): Promise<void> {
  await attempt(async () => {
    store.set({ node: await callMain(on ? 'runNode' : 'endNode') })
    putSelf(await callPeer('self'))
  })
}

export async function setPrivacy(patch: PrivacyPatch): Promise<void> {
  await attempt(async () => putSelf(await callMain('setPrivacy', patch)))
}

export async function setPreferences(patch: Partial<Preferences>): Promise<void> {
  await attempt(async () => store.set({ preferences: await callMain('setPreferences', patch) }))
}
