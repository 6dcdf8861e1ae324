/**
 * The contract of a peer: every call with the schema of its parameters and the type of its result. The library, the
 * headless peer (JSON lines) and the desktop (MessagePort) use the same table, so a call added here exists in all
 * three. All values are structured-cloneable: PeerIds and multiaddrs are strings, times are milliseconds since the
 * epoch.
 */
import { z } from 'zod'
import type { PeerEvent } from './events.ts'
import type {
  ConnectionInfo,
  DraftFiles,
  Friend,
  Group,
  Message,
  MessageDraft,
  NodeState,
  NumberedFile,
  RecipientInfo,
  Transfer,
} from './model.ts'
import { parsePeerId } from '../address/peer-id.ts'
import type { ErrorData } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { apiLimits } from './limits.ts'
import { privacyPatch, type Privacy } from './privacy.ts'
import type { HeldMailbox } from '../wire/directory.ts'

const peer = z
  .string()
  .max(128)
  .refine((text) => parsePeerId(text) != null, 'it is no PeerId')
const address = z.string().min(1).max(limits.address)
const text = z.string().min(1)
const id = z.string().min(1).max(64)
const count = z.number().int().min(1).max(apiLimits.page)
/** The number of a file in its transfer. */
const file = z.number().int().min(0).max(limits.transferFiles)
/** A path in the form of the operating system. */
const path = z.string().min(1).max(32_767)
const nothing = z.strictObject({})
/** A group's id. */
const group = z.string().regex(/^[0-9a-f]{64}$/, 'it is no id of a group')
/** Of a conversation with a friend, or of one in a group: exactly one of the two. */
const conversation = { peer: peer.optional(), group: group.optional() }
const oneConversation = [
  ({ peer: friend, group: of }: { peer?: string | undefined; group?: string | undefined }): boolean =>
    (friend === undefined) !== (of === undefined),
  'either a peer or a group',
] as const

/** Parameters of each call. Unknown fields are refused, so that a misspelt option is not ignored. */
export const callParams = {
  self: nothing,
  setProfile: z.strictObject({
    name: z.string().max(limits.nameCharacters).optional(),
    /** 3-32 of a-z 0-9 - _ . ; an empty string removes the handle. */
    handle: z.string().max(32).optional(),
  }),
  /** Stored in the profile; in force when the call resolves, also if an option of this run set another value. */
  setPrivacy: privacyPatch,
  /** `expiresIn` in milliseconds. */
  invite: z.strictObject({
    once: z.boolean().optional(),
    expiresIn: z.number().positive().max(apiLimits.inviteLongest).optional(),
  }),
  /** Whom `to` means, as `requestFriend` would take it. Sends nothing. */
  recipient: z.strictObject({ to: z.string().min(1).max(limits.pastedInvite) }),
  /** `to`: an invite link, a code, a PeerId or a handle, also within other text. */
  requestFriend: z.strictObject({
    to: z.string().min(1).max(limits.pastedInvite),
    note: z.string().max(limits.noteCharacters).optional(),
  }),
  acceptFriend: z.strictObject({ peer }),
  declineFriend: z.strictObject({ peer }),
  removeFriend: z.strictObject({ peer }),
  blockPeer: z.strictObject({ peer }),
  unblockPeer: z.strictObject({ peer }),
  friends: nothing,
  friend: z.strictObject({ peer }),
  /** Those who were removed and with whom messages were exchanged: they can be asked again. */
  removedFriends: nothing,
  safetyNumber: z.strictObject({ peer }),
  verifyFriend: z.strictObject({ peer, verified: z.boolean() }),
  connection: z.strictObject({ peer }),
  connect: z.strictObject({ peer }),
  sendMessage: z.strictObject({ ...conversation, text, replyTo: id.optional() }).refine(...oneConversation),
  /**
   * `before`, `after`: message ids that bound the range. Returns the last `limit` messages of the range; with `after`,
   * the first ones.
   */
  messages: z
    .strictObject({ ...conversation, before: id.optional(), after: id.optional(), limit: count.optional() })
    .refine(...oneConversation),
  message: z.strictObject({ message: id }),
  /** `upTo`: a message id, or a sequence of the friend's messages. */
  markRead: z
    .strictObject({ ...conversation, upTo: z.union([id, z.number().int().min(0)]) })
    .refine(...oneConversation),
  /** In all conversations with friends and in all groups, or in one of them. */
  search: z.strictObject({ text, peer: peer.optional(), group: group.optional(), limit: count.optional() }),
  recallMessage: z.strictObject({ message: id }),
  /** Takes what a friend writes although it was very much (`held`), as much again. */
  receiveMore: z.strictObject({ peer }),
  /** Leaves what waits for friends who are away at nodes now, in at most 3 s: before a machine goes to sleep. */
  leaveMessages: nothing,
  /** Stores an unfinished message, one for each friend; without text and reply it is removed. */
  setDraft: z.strictObject({ peer, text: z.string().max(limits.messageText), replyTo: id.optional() }),
  drafts: nothing,
  /** Stores which files were chosen for an unfinished message; without paths none. */
  setDraftFiles: z.strictObject({ peer, paths: z.array(path).max(limits.transferRoots) }),
  draftFiles: nothing,
  /** Announces to the friend, if online, that this person is writing or has stopped. */
  typing: z.strictObject({ ...conversation, active: z.boolean() }).refine(...oneConversation),
  createGroup: z.strictObject({ name: z.string().max(limits.nameCharacters) }),
  groups: nothing,
  group: z.strictObject({ group }),
  /**
   * Asks a friend into a group; they are added once they have agreed. `history`: what they are given of what was said
   * before: nothing, the last of it, or all.
   */
  inviteToGroup: z.strictObject({ group, peer, history: z.enum(['none', 'last', 'all']).optional() }),
  joinGroup: z.strictObject({ group }),
  declineGroup: z.strictObject({ group }),
  /** `forget`: nothing of it is to be seen here any more. */
  leaveGroup: z.strictObject({ group, forget: z.boolean().optional() }),
  /** `undo`: what they have decided in the group does not count either, as far as it is known here. */
  removeFromGroup: z.strictObject({ group, peer, undo: z.boolean().optional() }),
  /** `rank`: 0 for no office; 1 is the most senior one below the founder. */
  setGroupRole: z.strictObject({ group, peer, rank: z.number().int().min(0).max(1000) }),
  renameGroup: z.strictObject({ group, name: z.string().max(limits.nameCharacters) }),
  /** Nobody is to be told of what is said there. */
  muteGroup: z.strictObject({ group, muted: z.boolean() }),
  /** `paths`: files and folders of this machine. */
  sendFiles: z.strictObject({
    peer,
    paths: z.array(path).min(1).max(limits.transferRoots),
    note: z.string().max(limits.noteCharacters).optional(),
  }),
  /** `directory`: the folder for the files; by default the folder for downloads. */
  acceptTransfer: z.strictObject({ transfer: id, directory: path.optional() }),
  declineTransfer: z.strictObject({ transfer: id }),
  pauseTransfer: z.strictObject({ transfer: id }),
  resumeTransfer: z.strictObject({ transfer: id }),
  cancelTransfer: z.strictObject({ transfer: id }),
  /** Offers what did not arrive of a transfer that this peer sent (`missing`), alone, as a new transfer. */
  sendMissing: z.strictObject({ transfer: id }),
  /**
   * All transfers that are not over and the newest 500 of the others; or a page of all, as of `messages`, if `before`
   * or `after`, which are ids of transfers, or `limit` are given.
   */
  transfers: z.strictObject({
    peer: peer.optional(),
    before: id.optional(),
    after: id.optional(),
    limit: count.optional(),
  }),
  transfer: z.strictObject({ transfer: id }),
  /** A page of its files. `before`, `after`: numbers of files, from 0, that bound the range. */
  transferFiles: z.strictObject({
    transfer: id,
    before: file.optional(),
    after: file.optional(),
    limit: count.optional(),
  }),
  /** The path of a file on this machine. `file`: its number in the transfer. */
  transferFile: z.strictObject({ transfer: id, file }),
  addNode: z.strictObject({ address }),
  removeNode: z.strictObject({ address }),
  nodeKnowledge: z.strictObject({ node: address }),
  forgetMe: z.strictObject({ node: address }),
  /**
   * Writes a backup of the profile to a new file; `bytes` of the result: its size. `words`: the 24 words that open it,
   * if no passphrase was given; they are stored nowhere. `replace`: a file of that name gives way to it.
   */
  exportBackup: z.strictObject({
    path,
    passphrase: z.string().min(1).max(apiLimits.passphrase).optional(),
    replace: z.boolean().optional(),
  }),
  /** What is known of backups of this profile. */
  backups: nothing,
  /** Nobody is reminded any more that there is no backup. */
  dismissBackupReminder: nothing,
  /**
   * Writes a backup now and each week to this folder, where the newest three stay. What opens them, the 24 words in the
   * result or the passphrase, is the same for all: its key is stored in the profile. In place of those before.
   */
  startWeeklyBackups: z.strictObject({
    directory: path,
    passphrase: z.string().min(1).max(apiLimits.passphrase).optional(),
  }),
  /** Those that are there stay. */
  stopWeeklyBackups: nothing,
  stop: nothing,
  /** Ends the peer as `stop` does, and removes its profile. Nobody can undo it. */
  erase: nothing,
} as const

export type CallName = keyof typeof callParams
export type CallParams<C extends CallName> = z.infer<(typeof callParams)[C]>

export interface Self {
  peer: string
  name: string
  handle?: string
  nodes: NodeState[]
  listen: string[]
  /** From the internet: `public` if a node dialled back, `private` if it could not, `unknown` if none has tried. */
  reachable: 'public' | 'private' | 'unknown'
  /** The choices in force. During a change: for each choice, the less private of the old and the new value. */
  privacy: Privacy
}

/** Everything a node stores about the caller. Times are milliseconds since the epoch, by the node's clock. */
export interface NodeKnowledge {
  peer: string
  handle?: string
  hasRecord: boolean
  connectedSince: number
  observedAddress: string
  reserved: boolean
  held: { bytes: number; heldSince: number }[]
  /** Messages that friends have left, and how many may leave some; absent from a node that keeps none. */
  mailbox?: HeldMailbox
  invites: number
}

export interface Backup {
  /** Absolute. */
  path: string
  bytes: number
  /** Separated by spaces. Whoever has them and the file has the whole profile. */
  words?: string
}

export interface BackupState {
  /** When the last one was made, milliseconds since the epoch, as far as this profile knows. */
  lastAt?: number
  /**
   * There is none, although a friend of three days or more has exchanged messages: to be shown quietly, until it is
   * dismissed.
   */
  remind: boolean
  /** `error`: why the last attempt failed; it is tried again each hour. */
  weekly?: { directory: string; lastAt: number; error?: ErrorData }
}

/** What `erase` could not remove. */
export interface Erased {
  /** PeerIds of nodes that did not answer in time: they keep the handle and what is held there for its usual time. */
  nodes: string[]
  /** Folders of this machine with parts of files that were being received. */
  folders: string[]
}

export interface SafetyNumber {
  /** 12 groups of 5 digits, separated by spaces; equal on both sides. */
  number: string
  verified: boolean
}

export interface CallResults {
  self: Self
  setProfile: Self
  setPrivacy: Self
  invite: { link: string; code: string }
  recipient: RecipientInfo
  requestFriend: Friend
  acceptFriend: Friend
  declineFriend: Friend
  removeFriend: Friend
  blockPeer: Friend
  unblockPeer: Friend
  friends: Friend[]
  friend: Friend
  removedFriends: Friend[]
  safetyNumber: SafetyNumber
  verifyFriend: Friend
  connection: ConnectionInfo
  connect: ConnectionInfo
  sendMessage: Message
  messages: Message[]
  message: Message
  markRead: null
  search: Message[]
  recallMessage: Message
  receiveMore: Friend
  leaveMessages: null
  setDraft: null
  drafts: MessageDraft[]
  setDraftFiles: null
  draftFiles: DraftFiles[]
  typing: null
  createGroup: Group
  groups: Group[]
  group: Group
  inviteToGroup: Group
  joinGroup: Group
  declineGroup: Group
  leaveGroup: Group
  removeFromGroup: Group
  setGroupRole: Group
  renameGroup: Group
  muteGroup: Group
  sendFiles: Transfer
  acceptTransfer: Transfer
  declineTransfer: Transfer
  pauseTransfer: Transfer
  resumeTransfer: Transfer
  cancelTransfer: Transfer
  sendMissing: Transfer
  transfers: Transfer[]
  transfer: Transfer
  transferFiles: NumberedFile[]
  transferFile: { path: string }
  addNode: Self
  removeNode: Self
  nodeKnowledge: NodeKnowledge
  forgetMe: null
  exportBackup: Backup
  backups: BackupState
  dismissBackupReminder: BackupState
  startWeeklyBackups: BackupState & { words?: string }
  stopWeeklyBackups: BackupState
  stop: null
  erase: Erased
}

export type Calls = {
  [C in CallName]: CallParams<C> extends Record<string, never>
    ? () => Promise<CallResults[C]>
    : (params: CallParams<C>) => Promise<CallResults[C]>
}

/** A running peer: its calls and its events. */
export interface Peer extends Calls {
  /** Calls `listener` for every event until the returned function is called. */
  subscribe(listener: (event: PeerEvent) => void): () => void
  /**
   * A call by name with unchecked parameters, as it arrives over stdio or a MessagePort.
   * Errors: `bad-request` for an unknown call or parameters that do not fit; then the call's own.
   */
  call(name: string, params: unknown): Promise<unknown>
}
