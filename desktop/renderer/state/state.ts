/** Everything the window shows, in one value. Views read it, actions and news change it; nothing of it is on the disk. */
import type { ConnectionInfo, ErrorData, Friend, Message, Self, Transfer } from '#protocol'
import { catalogueFor } from '../../text/catalogue.ts'
import type { Catalogue } from '../../text/catalogue.ts'
import type { EmbeddedNodeStatus, PeerStatus, Preferences, StagedFile, StartInfo } from '../../ipc/contract.ts'
import { createStore, useStore } from './store.ts'

/** What of a conversation is loaded: one stretch without gaps. */
export interface Talk {
  /** Oldest first. */
  messages: Message[]
  /** What they answer and is not among them, by id, as far as it is known. */
  quoted: ReadonlyMap<string, Message>
  /** Everything older is loaded. */
  complete: boolean
  /** Everything newer is loaded, and what comes is added: not so around an old message that a search found. */
  latest: boolean
  /** Another one at each stretch that takes the place of another. */
  stretch: number
  loading: boolean
  failed: boolean
  /** Id of the first message that was unread when the conversation was opened. */
  firstUnread: string | undefined
  /** Incremented at each page of older messages, so that the list keeps its place. */
  pages: number
}

export interface Draft {
  text: string
  replyTo?: Message
  staged: StagedFile[]
}

export type Dialog =
  | { kind: 'add'; tab: 'invite' | 'join'; link?: string }
  | { kind: 'link'; url: string }
  | { kind: 'verify'; peer: string }
  | { kind: 'remove'; peer: string }
  | { kind: 'block'; peer: string }
  | { kind: 'erase' }
  | { kind: 'picture'; transfer: string; file: number; name: string }
  | { kind: 'search'; peer?: string }

export const settingsTabs = ['profile', 'nodes', 'privacy', 'notifications', 'appearance', 'storage', 'about'] as const
export type SettingsTab = (typeof settingsTabs)[number]

/** What fills the place beside the list. */
export type View =
  | { kind: 'conversation' }
  | { kind: 'requests' }
  | { kind: 'transfers' }
  | { kind: 'settings'; tab: SettingsTab }

export interface Toast {
  id: number
  text: string
  tone: 'calm' | 'bad'
  /** What can be done about it, while it is shown. */
  action?: { label: string; run: () => void }
}

export interface State {
  start: StartInfo | undefined
  preferences: Preferences | undefined
  status: PeerStatus
  /** The process of the peer: `ended` while a new one is on its way. */
  process: 'running' | 'ended'
  self: Self | undefined
  node: EmbeddedNodeStatus
  /** By PeerId. */
  friends: ReadonlyMap<string, Friend>
  friendsLoaded: boolean
  /** The newest message with each, for the list. */
  last: ReadonlyMap<string, Message>
  talks: ReadonlyMap<string, Talk>
  drafts: ReadonlyMap<string, Draft>
  typing: ReadonlySet<string>
  connections: ReadonlyMap<string, ConnectionInfo>
  transfers: ReadonlyMap<string, Transfer>
  /** PeerId of the open conversation. */
  open: string | undefined
  view: View
  details: boolean
  dialog: Dialog | undefined
  toasts: Toast[]
  /** Since when no node answers, milliseconds since the epoch. */
  offlineSince: number | undefined
  /** The first run is over. */
  welcomed: boolean
  /** PeerIds of people who are written to although they come under the name of somebody verified. */
  acknowledged: ReadonlySet<string>
  /** A message to scroll to. */
  target: { peer: string; message: string } | undefined
}

export const store = createStore<State>({
  start: undefined,
  preferences: undefined,
  status: { state: 'opening' },
  process: 'running',
  self: undefined,
  node: { state: 'off', addresses: [] },
  friends: new Map(),
  friendsLoaded: false,
  last: new Map(),
  talks: new Map(),
  drafts: new Map(),
  typing: new Set(),
  connections: new Map(),
  transfers: new Map(),
  open: undefined,
  view: { kind: 'conversation' },
  details: false,
  dialog: undefined,
  toasts: [],
  offlineSince: undefined,
  welcomed: false,
  acknowledged: new Set(),
  target: undefined,
})

export const emptyDraft: Draft = { text: '', staged: [] }

export function useApp<U>(choose: (state: State) => U): U {
  return useStore(store, choose)
}

/** The catalogue of the language that is in force. */
export function text(state: State = store.get()): Catalogue {
  const language = state.preferences?.language ?? 'system'
  return catalogueFor(language === 'system' ? (state.start?.languages ?? []) : [language])
}

export function useText(): Catalogue {
  return useApp(text)
}

/** `map` with `key` set, or without it. */
export function withEntry<K, V>(map: ReadonlyMap<K, V>, key: K, value: V | undefined): ReadonlyMap<K, V> {
  const next = new Map(map)
  if (value === undefined) next.delete(key)
  else next.set(key, value)
  return next
}

/** What went wrong, in the person's language. */
export function errorText(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'internal'
  const { errors } = text()
  return Object.hasOwn(errors, code) ? errors[code as ErrorData['code']] : errors.internal
}
