/** What the peer and the main process report, as changes of the state. */
import type { ErrorData, Friend, Group, NodeState } from '#protocol'
import { cleanLine, isolate } from '../../text/foreign.ts'
import type { PeerProcessEvent, MainEvent } from '../../ipc/contract.ts'
import { openConversation, refresh, showLink } from './actions.ts'
import { loadBackups } from './backups.ts'
import { coalesced } from './coalesced.ts'
import { changeFriend, putConnection, putFriend, putGroup, putSelf, putTransfer, putTyping } from './entities.ts'
import { callPeer, peerEnded } from './clients.ts'
import { emptyProfile, errorText, store, text } from './state.ts'
import { putMessage } from './conversations.ts'
import { addMessage, renewAll, renewEnd } from './history.ts'
import { toast } from './toasts.ts'
import { unreadRenewal } from './unread.ts'
import { nameOf } from '../model/friend-display.ts'

/** Milliseconds after which a typing mark ends, if no other follows. */
const typingLifetime = 6500

/** Milliseconds between two warnings with the same code. */
const warningInterval = 60_000

// If the peer has ended, all is loaded again when it is back. Somebody who was removed meanwhile has no number.
const renewUnread = unreadRenewal(async (peer) =>
  callPeer('friend', { peer }).then(
    ({ unread }) => unread,
    () => undefined,
  ),
)

/** The number of unread messages of a group. */
const renewGroup = coalesced(async (group) => callPeer('group', { group }).then(putGroup, () => undefined))

const warnedAt = new Map<string, number>()
const typingTimers = new Map<string, number>()

export function onPeerEvent(event: PeerProcessEvent): void {
  switch (event.event) {
    case 'status':
      store.set({ status: event.data })
      if (event.data.state === 'open') void refresh()
      if (event.data.state === 'locked' || event.data.state === 'ending') store.set(emptyProfile)
      return
    case 'friend-request':
      return putFriend(event.data)
    case 'friend-changed':
      return onFriendChanged(event.data)
    case 'path-changed':
      putConnection(event.data.peer, event.data)
      return changeFriend(event.data.peer, { path: event.data.path })
    case 'message-received': {
      const { peer, group } = event.data
      onTyping(group ?? peer, peer, false)
      if (group !== undefined) return onSaidInGroup(group)
      void renewUnread(peer)
      addMessage(event.data)
      return
    }
    case 'message-changed': {
      const { peer, direction, state } = event.data
      if (direction === 'in' && state === 'read') void renewUnread(peer)
      return putMessage(event.data)
    }
    case 'transfer-offered':
    case 'transfer-changed':
      return putTransfer(event.data)
    case 'typing':
      return onTyping(event.data.group ?? event.data.peer, event.data.peer, event.data.active)
    case 'group-invited':
      return putGroup(event.data)
    case 'group-changed':
      return onGroupChanged(event.data)
    case 'node-state':
      return onNodeState(event.data)
    case 'backup-progress':
      store.set({ backup: event.data })
      return
    case 'warning':
      return warn(event.data)
    case 'privacy-changed': {
      const { self } = store.get()
      return self === undefined ? undefined : putSelf({ ...self, privacy: event.data })
    }
    case 'ready':
  }
}

export function onMainEvent(event: MainEvent): void {
  switch (event.event) {
    case 'embedded-node':
      store.set({ node: event.data })
      return
    case 'peer-process':
      store.set({ process: event.data.state })
      if (event.data.state === 'ended') peerEnded()
      else toast(text().banner.peerBack)
      return
    case 'link':
      return showLink(event.data.link)
    case 'preferences':
      store.set({ preferences: event.data })
      return
    case 'show':
      return void openConversation(event.data.conversation)
  }
}

/** Who has nothing else before them is brought to the friend who accepted: that is what they wait for. */
function onFriendChanged(friend: Friend): void {
  const { friends, open, view, dialog } = store.get()
  const accepted = friends.get(friend.peer)?.state === 'requested' && friend.state === 'friend'
  putFriend(friend)
  if (accepted && open === undefined && view.kind === 'conversation' && dialog === undefined) {
    void openConversation(friend.peer)
  }
}

function onGroupChanged(group: Group): void {
  const before = store.get().groups.get(group.group)
  // One that is out of the list goes on telling its members that this person has left.
  if (before === undefined && (group.state === 'left' || group.state === 'removed')) return
  putGroup(group)
  if (before !== undefined && before.history !== group.history) void renewAll(group.group)
}

function onSaidInGroup(group: string): void {
  if (!store.get().groups.has(group)) return
  void renewGroup(group)
  void renewEnd(group)
}

function onTyping(conversation: string, peer: string, active: boolean): void {
  const key = `${conversation} ${peer}`
  clearTimeout(typingTimers.get(key))
  typingTimers.delete(key)
  if (active) {
    typingTimers.set(
      key,
      window.setTimeout(() => putTyping(conversation, peer, false), typingLifetime),
    )
  }
  putTyping(conversation, peer, active)
}

function onNodeState(node: NodeState): void {
  const { self } = store.get()
  if (self === undefined) return
  if (self.nodes.some(({ peer }) => peer === node.peer)) {
    putSelf({ ...self, nodes: self.nodes.map((one) => (one.peer === node.peer ? node : one)) })
    return
  }
  // A node that was just added. Its position is in the whole list only.
  void callPeer('self').then(putSelf, () => undefined)
}

/** Shows a warning, unless one with the same code was shown shortly before: the peer may repeat it often. */
function warn(error: ErrorData & { peer?: string }): void {
  const friend = error.peer === undefined ? undefined : store.get().friends.get(error.peer)
  if (friend?.held !== undefined && (error.code === 'rate-limited' || error.code === 'disk-full')) {
    // Above the composer of an open conversation it is said already.
    if (store.get().open !== friend.peer) toast(text().conversation.held[friend.held](isolate(nameOf(friend))), 'bad')
    return
  }
  if (error.part === 'offers' && friend !== undefined)
    return toast(text().files.refused(isolate(nameOf(friend))), 'bad')
  if (error.part === 'weekly-backup') {
    void loadBackups()
    return toast(`${text().backup.weeklyFailed} ${errorText(error)}`, 'bad')
  }
  const now = performance.now()
  if (now - (warnedAt.get(error.code) ?? -warningInterval) < warningInterval) return
  warnedAt.set(error.code, now)
  // The library's message is more exact than the catalogue's text, but English only.
  toast(text().tag === 'en' ? cleanLine(error.message, 240) : warningText(error), 'bad')
}

function warningText(error: ErrorData & { peer?: string }): string {
  // About a conversation it does not mean that the profile on the disk is damaged.
  return error.code === 'store-corrupt' && error.peer !== undefined ? text().heldMore : errorText(error)
}
