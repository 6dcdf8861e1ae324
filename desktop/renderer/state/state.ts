/**
 * Everything the window shows, as one value. Views read it; actions and events change it through the functions of
 * entities.ts, conversations.ts, drafts.ts and toasts.ts. Of it, only drafts of what is
 * written to friends are stored, by the peer.
 */
import type { BackupState, ConnectionInfo, ErrorData, Friend, Group, Message, Self, Transfer } from '#protocol'
import { catalogueFor } from '../../text/catalogue.ts'
import type { Catalogue } from '../../text/catalogue.ts'
import type { EmbeddedNodeStatus, PeerStatus, Preferences, StagedFile, StartInfo } from '../../ipc/contract.ts'
import { createStore, useStore } from './store.ts'

/** The loaded part of a conversation: one contiguous range of its messages. */
export interface LoadedConversation {
  /** Oldest first. */
  messages: Message[]
  /** Messages that these reply to and that are not among them, by id, as far as the peer has them. */
  quoted: ReadonlyMap<string, Message>
  /** Everything older is loaded. */
  complete: boolean
  /** Everything newer is loaded, so a new message is appended. False around an old message that a search found. */
  latest: boolean
  /** Increases when another range replaces this one. */
  rangeId: number
  loading: boolean
  failed: boolean
  /** Id of the first message that was unread when the conversation was opened. */
  firstUnread: string | undefined
  /** Increases with each page of older messages, so that the list keeps its position. */
  pages: number
}

export interface Draft {
  text: string
  replyTo?: Message
  staged: StagedFile[]
}

export type Dialog =
  | { kind: 'add'; tab: 'invite' | 'join'; link?: string }
  | { kind: 'verify'; peer: string }
  | { kind: 'remove'; peer: string }
  | { kind: 'block'; peer: string }
  | { kind: 'erase' }
  | { kind: 'backup'; weekly: boolean }
  | { kind: 'picture'; transfer: string; file: number; name: string }
  | { kind: 'search'; conversation?: string }
  | { kind: 'new-group' }
  | { kind: 'group-invite'; group: string }
  | { kind: 'group-rename'; group: string }
  | { kind: 'group-leave'; group: string }
  | { kind: 'group-remove'; group: string; peer: string }

export const settingsTabs = ['profile', 'nodes', 'privacy', 'notifications', 'appearance', 'storage', 'about'] as const
export type SettingsTab = (typeof settingsTabs)[number]

/** What is shown beside the sidebar. */
export type View =
  | { kind: 'conversation' }
  | { kind: 'requests' }
  | { kind: 'transfers' }
  | { kind: 'settings'; tab: SettingsTab }

export interface Toast {
  id: number
  text: string
  tone: 'calm' | 'bad'
  /** A button of the toast. */
  action?: { label: string; run: () => void }
}

/** What belongs to the open profile: removed from the window when the profile is locked. */
interface ProfileState {
  self: Self | undefined
  /** By PeerId. */
  friends: ReadonlyMap<string, Friend>
  friendsLoaded: boolean
  /** By id. */
  groups: ReadonlyMap<string, Group>
  /** The newest message of each conversation, for the sidebar. By PeerId or group, as the next three are. */
  last: ReadonlyMap<string, Message>
  conversations: ReadonlyMap<string, LoadedConversation>
  drafts: ReadonlyMap<string, Draft>
  /** PeerIds of those who are writing there. */
  typing: ReadonlyMap<string, readonly string[]>
  /** By PeerId. */
  connections: ReadonlyMap<string, ConnectionInfo>
  /** By id. */
  transfers: ReadonlyMap<string, Transfer>
  /** Bytes of the backup that is written or restored. */
  backup: { done: number; total: number } | undefined
  /** What is known of backups of this profile. */
  backups: BackupState | undefined
  /** The open conversation: PeerId or group. */
  open: string | undefined
  view: View
  dialog: Dialog | undefined
  toasts: Toast[]
  /** Since when no node is connected, in milliseconds since the epoch. */
  offlineSince: number | undefined
  /** PeerIds of lookalikes of a verified friend to whom the person writes nevertheless. */
  acknowledged: ReadonlySet<string>
  /** A message to scroll to. */
  target: { conversation: string; message: string } | undefined
}

export interface State extends ProfileState {
  start: StartInfo | undefined
  preferences: Preferences | undefined
  status: PeerStatus
  /** The peer process: `ended` until its successor has started. */
  process: 'running' | 'ended'
  node: EmbeddedNodeStatus
  /** The column with the details of the conversation is shown. */
  details: boolean
  /** The first run is over. */
  welcomed: boolean
}

export const emptyProfile: ProfileState = {
  self: undefined,
  friends: new Map(),
  friendsLoaded: false,
  groups: new Map(),
  last: new Map(),
  conversations: new Map(),
  drafts: new Map(),
  typing: new Map(),
  connections: new Map(),
  transfers: new Map(),
  backup: undefined,
  backups: undefined,
  open: undefined,
  view: { kind: 'conversation' },
  dialog: undefined,
  toasts: [],
  offlineSince: undefined,
  acknowledged: new Set(),
  target: undefined,
}

export const store = createStore<State>({
  ...emptyProfile,
  start: undefined,
  preferences: undefined,
  status: { state: 'opening' },
  process: 'running',
  node: { state: 'off', addresses: [] },
  details: false,
  welcomed: false,
})

export function useApp<U>(select: (state: State) => U): U {
  return useStore(store, select)
}

/** The text catalogue of the chosen language. */
export function text(state: State = store.get()): Catalogue {
  const language = state.preferences?.language ?? 'system'
  return catalogueFor(language === 'system' ? (state.start?.languages ?? []) : [language])
}

export function useText(): Catalogue {
  return useApp(text)
}

/** A copy of `map` with `key` set, or without it if `value` is undefined. */
export function withEntry<K, V>(map: ReadonlyMap<K, V>, key: K, value: V | undefined): ReadonlyMap<K, V> {
  const next = new Map(map)
  if (value === undefined) next.delete(key)
  else next.set(key, value)
  return next
}

export function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'internal'
}

/** The text for an error, in the chosen language. */
export function errorText(error: unknown): string {
  const code = codeOf(error)
  const { errors } = text()
  return Object.hasOwn(errors, code) ? errors[code as ErrorData['code']] : errors.internal
}

/** The text for an error of a backup: of its words, which one is wrong. */
export function backupErrorText(error: unknown): string {
  const { backup } = text()
  const part = typeof error === 'object' && error !== null && 'part' in error ? String(error.part) : ''
  const word = /^word-(\d+)$/u.exec(part)?.[1]
  if (word !== undefined) return backup.wordUnknown(Number(word))
  if (part === 'words-count') return backup.wordsCount
  if (part === 'words-order') return backup.wordsOrder
  return codeOf(error) === 'wrong-passphrase' ? backup.wrong : errorText(error)
}

/** The text among `texts` for the part of a value that an error says is wrong. */
export function errorPart(error: unknown, texts: Readonly<Record<string, string>>): string | undefined {
  const part = typeof error === 'object' && error !== null && 'part' in error ? String(error.part) : ''
  return Object.hasOwn(texts, part) ? texts[part] : undefined
}
