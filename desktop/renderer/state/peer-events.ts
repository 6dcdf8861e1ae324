/** What the peer and the shell tell, as changes of what is shown. */
import type { ErrorData, NodeState } from '#protocol'
import { cleanLine } from '../../text/foreign.ts'
import type { PeerProcessEvent, MainEvent } from '../../ipc/contract.ts'
import { openConversation, readOpen, refresh, showLink, toast } from './actions.ts'
import { changeFriend, putFriend, putSelf, putTransfer } from './entities.ts'
import { callPeer, peerEnded } from './clients.ts'
import { errorText, store, text, withEntry } from './state.ts'
import { talkWith, update, upsert } from './conversations.ts'

/** Milliseconds after which nobody is believed to be typing still. */
const typingFades = 6500

/** Milliseconds before the same kind of trouble is said again. */
const warnAgain = 60_000

const warned = new Map<string, number>()
const typingTimers = new Map<string, number>()

export function heardFromPeer(news: PeerProcessEvent): void {
  switch (news.event) {
    case 'status':
      store.set({ status: news.data })
      if (news.data.state === 'open') void refresh()
      if (news.data.state === 'locked') forgetEverything()
      return
    case 'friend-request':
    case 'friend-changed':
      return putFriend(news.data)
    case 'path-changed': {
      const { peer } = news.data
      store.set(({ connections }) => ({ connections: withEntry(connections, peer, news.data) }))
      return changeFriend(peer, { path: news.data.path })
    }
    case 'message-received': {
      const { peer } = news.data
      typing(peer, false)
      upsert(news.data)
      const { friends, open, view } = store.get()
      const looked = open === peer && view.kind === 'conversation' && talkWith(peer).latest && document.hasFocus()
      if (looked) void readOpen()
      else changeFriend(peer, { unread: (friends.get(peer)?.unread ?? 0) + 1 })
      return
    }
    case 'message-changed':
      return void update(news.data)
    case 'transfer-offered':
    case 'transfer-changed':
      return putTransfer(news.data)
    case 'typing':
      return typing(news.data.peer, news.data.active)
    case 'node-state':
      return nodeChanged(news.data)
    case 'warning':
      return warn(news.data)
    case 'privacy-changed': {
      const { self } = store.get()
      return self === undefined ? undefined : putSelf({ ...self, privacy: news.data })
    }
    case 'ready':
  }
}

export function heardFromShell(news: MainEvent): void {
  switch (news.event) {
    case 'embedded-node':
      store.set({ node: news.data })
      return
    case 'peer-process':
      store.set({ process: news.data.state })
      if (news.data.state === 'ended') peerEnded()
      else toast(text().banner.peerBack)
      return
    case 'link':
      return showLink(news.data.link)
    case 'show':
      return void openConversation(news.data.peer)
  }
}

function typing(peer: string, active: boolean): void {
  clearTimeout(typingTimers.get(peer))
  if (active)
    typingTimers.set(
      peer,
      window.setTimeout(() => typing(peer, false), typingFades),
    )
  if (store.get().typing.has(peer) === active) return
  store.set((state) => {
    const next = new Set(state.typing)
    if (active) next.add(peer)
    else next.delete(peer)
    return { typing: next }
  })
}

function nodeChanged(node: NodeState): void {
  const { self } = store.get()
  if (self === undefined) return
  const known = self.nodes.some(({ peer }) => peer === node.peer)
  if (!known) {
    // Added meanwhile: the whole list tells its place.
    void callPeer('self').then(putSelf, () => undefined)
    return
  }
  putSelf({ ...self, nodes: self.nodes.map((one) => (one.peer === node.peer ? node : one)) })
}

/** Said once in a while: the same trouble may be told many times. */
function warn(error: ErrorData): void {
  const now = performance.now()
  if (now - (warned.get(error.code) ?? -warnAgain) < warnAgain) return
  warned.set(error.code, now)
  // The library's own sentence is more exact, and English.
  toast(text().tag === 'en' ? cleanLine(error.message, 240) : errorText(error), 'bad')
}

/** Locked: nothing of what was said stays in the window. */
function forgetEverything(): void {
  store.set({
    self: undefined,
    friends: new Map(),
    friendsLoaded: false,
    last: new Map(),
    talks: new Map(),
    drafts: new Map(),
    typing: new Set(),
    connections: new Map(),
    transfers: new Map(),
    open: undefined,
    dialog: undefined,
    view: { kind: 'conversation' },
    toasts: [],
    offlineSince: undefined,
    acknowledged: new Set(),
    target: undefined,
  })
}
