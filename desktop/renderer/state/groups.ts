/** What a person can do with groups. An action that fails shows a toast and does not throw, unless it names errors. */
import type { CallParams, Group } from '#protocol'
import { callPeer } from './clients.ts'
import { setLast } from './conversations.ts'
import { setDraft } from './drafts.ts'
import { putGroup, putGroups } from './entities.ts'
import { addSent } from './history.ts'
import { store, text, withEntry } from './state.ts'
import { attempt, toast } from './toasts.ts'

export type History = NonNullable<CallParams<'inviteToGroup'>['history']>

/** All groups. Errors: those of the call. */
export async function loadGroups(): Promise<Group[]> {
  const groups = await callPeer('groups')
  putGroups(groups)
  return groups
}

/** Errors: those of the call, shown at the field. */
export async function createGroup(name: string): Promise<Group> {
  const group = await callPeer('createGroup', { name })
  putGroup(group)
  return group
}

/** Asks friends into a group. Whom it could not ask, a toast says. */
export async function inviteToGroup(group: string, peers: readonly string[], history: History): Promise<void> {
  for (const peer of peers) {
    const invited = await attempt(async () => {
      putGroup(await callPeer('inviteToGroup', { group, peer, history }))
      await addSent(peer, ({ direction, invitation }) => direction === 'out' && invitation?.group === group)
    })
    if (!invited) return
  }
  if (peers.length > 0) toast(text().group.asked(peers.length))
}

export async function joinGroup(group: string): Promise<boolean> {
  return attempt(async () => putGroup(await callPeer('joinGroup', { group })))
}

export async function declineGroup(group: string): Promise<void> {
  await attempt(async () => {
    await callPeer('declineGroup', { group })
    await loadGroups()
    closeIfGone(group)
  })
}

/** `forget`: nothing of it is to be seen here any more. */
export async function leaveGroup(group: string, forget: boolean): Promise<void> {
  await attempt(async () => {
    putGroup(await callPeer('leaveGroup', { group, forget }))
    if (!forget) return
    await loadGroups()
    setDraft(group, { text: '', staged: [] })
    setLast(group, undefined)
    store.set(({ conversations }) => ({ conversations: withEntry(conversations, group, undefined) }))
    closeIfGone(group)
  })
}

export async function removeFromGroup(group: string, peer: string, undo: boolean): Promise<void> {
  await attempt(async () => putGroup(await callPeer('removeFromGroup', { group, peer, undo })))
}

export async function setGroupRole(group: string, peer: string, rank: number): Promise<void> {
  await attempt(async () => putGroup(await callPeer('setGroupRole', { group, peer, rank })))
}

/** Errors: those of the call, shown at the field. */
export async function renameGroup(group: string, name: string): Promise<void> {
  putGroup(await callPeer('renameGroup', { group, name }))
}

export async function muteGroup(group: string, muted: boolean): Promise<void> {
  await attempt(async () => putGroup(await callPeer('muteGroup', { group, muted })))
}

function closeIfGone(group: string): void {
  const { groups, open } = store.get()
  if (open === group && !groups.has(group)) store.set({ open: undefined, details: false })
}
