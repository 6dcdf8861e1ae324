/**
 * The contract of a peer: every call with the schema of its parameters and the type of its result. The same table
 * serves the library, the headless peer (JSON lines) and the desktop (MessagePort): a call added here appears in all
 * three. Everything is structured-cloneable: PeerIds and multiaddrs as strings, times in milliseconds since the epoch.
 */
import { z } from 'zod'
import type { PeerEvent } from './events.ts'
import type { ConnectionInfo, Friend, Message, NodeState, Transfer } from './model.ts'
import { limits } from '../base/limits.ts'
import { apiLimits } from './limits.ts'
import { privacyPatch, type Privacy } from './privacy.ts'

const peer = z.string().min(1).max(128)
const address = z.string().min(1).max(limits.address)
const text = z.string().min(1)
const id = z.string().min(1).max(64)
const count = z.number().int().min(1).max(apiLimits.page)
/** As the operating system takes it. */
const path = z.string().min(1).max(32_767)
const nothing = z.strictObject({})

/** Parameters of each call. Unknown fields are refused: a misspelt option must not be ignored. */
export const callParams = {
  self: nothing,
  setProfile: z.strictObject({
    name: z.string().max(limits.nameCharacters).optional(),
    /** 3-32 of a-z 0-9 - _ . ; empty gives the handle up. */
    handle: z.string().max(32).optional(),
  }),
  /** Kept in the profile, and obeyed when the call returns, also where this run was given another value. */
  setPrivacy: privacyPatch,
  /** `expiresIn` in milliseconds. */
  invite: z.strictObject({
    once: z.boolean().optional(),
    expiresIn: z.number().positive().max(apiLimits.inviteLongest).optional(),
  }),
  /** `to`: an invite link, a code, a PeerId or a handle. */
  requestFriend: z.strictObject({
    to: z.string().min(1).max(limits.inviteLink),
    note: z.string().max(limits.noteCharacters).optional(),
  }),
  acceptFriend: z.strictObject({ peer }),
  declineFriend: z.strictObject({ peer }),
  removeFriend: z.strictObject({ peer }),
  blockPeer: z.strictObject({ peer }),
  unblockPeer: z.strictObject({ peer }),
  friends: nothing,
  safetyNumber: z.strictObject({ peer }),
  verifyFriend: z.strictObject({ peer, verified: z.boolean() }),
  connection: z.strictObject({ peer }),
  connect: z.strictObject({ peer }),
  sendMessage: z.strictObject({ peer, text, replyTo: id.optional() }),
  /**
   * `before`, `after`: message ids. Without `after` the last ones, with it the first ones of those that are asked for.
   */
  messages: z.strictObject({ peer, before: id.optional(), after: id.optional(), limit: count.optional() }),
  message: z.strictObject({ message: id }),
  /** `upTo`: a message id, or a sequence of the friend's messages. */
  markRead: z.strictObject({ peer, upTo: z.union([id, z.number().int().min(0)]) }),
  search: z.strictObject({ text, peer: peer.optional(), limit: count.optional() }),
  recallMessage: z.strictObject({ message: id }),
  /** Tells the friend, if online, that we are writing (or stopped). */
  typing: z.strictObject({ peer, active: z.boolean() }),
  /** `paths`: files and folders of this machine. */
  sendFiles: z.strictObject({
    peer,
    paths: z.array(path).min(1).max(limits.transferRoots),
    note: z.string().max(limits.noteCharacters).optional(),
  }),
  /** `directory`: where to put it; without, the folder for downloads. */
  acceptTransfer: z.strictObject({ transfer: id, directory: path.optional() }),
  declineTransfer: z.strictObject({ transfer: id }),
  pauseTransfer: z.strictObject({ transfer: id }),
  resumeTransfer: z.strictObject({ transfer: id }),
  cancelTransfer: z.strictObject({ transfer: id }),
  transfers: z.strictObject({ peer: peer.optional() }),
  /** Where a file lies on this machine. `file`: its number in the transfer's `files`. */
  transferFile: z.strictObject({ transfer: id, file: z.number().int().min(0).max(limits.transferFiles) }),
  addNode: z.strictObject({ address }),
  removeNode: z.strictObject({ address }),
  nodeKnowledge: z.strictObject({ node: address }),
  forgetMe: z.strictObject({ node: address }),
  stop: nothing,
} as const

export type CallName = keyof typeof callParams
export type CallParams<C extends CallName> = z.infer<(typeof callParams)[C]>

export interface Self {
  peer: string
  name: string
  handle?: string
  nodes: NodeState[]
  listen: string[]
  /** From the internet: a node dialled us back, or could not, or none has tried from there. */
  reachable: 'public' | 'private' | 'unknown'
  /** What holds now; while a change is being carried out, the less private of the two. */
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
  invites: number
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
  requestFriend: Friend
  acceptFriend: Friend
  declineFriend: Friend
  removeFriend: Friend
  blockPeer: Friend
  unblockPeer: Friend
  friends: Friend[]
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
  typing: null
  sendFiles: Transfer
  acceptTransfer: Transfer
  declineTransfer: Transfer
  pauseTransfer: Transfer
  resumeTransfer: Transfer
  cancelTransfer: Transfer
  transfers: Transfer[]
  transferFile: { path: string }
  addNode: Self
  removeNode: Self
  nodeKnowledge: NodeKnowledge
  forgetMe: null
  stop: null
}

export type Calls = {
  [C in CallName]: CallParams<C> extends Record<string, never>
    ? () => Promise<CallResults[C]>
    : (params: CallParams<C>) => Promise<CallResults[C]>
}

/** A running peer: the calls, and what happens. */
export interface Peer extends Calls {
  /** Calls `listener` for every event until the returned function is called. */
  subscribe(listener: (event: PeerEvent) => void): () => void
  /**
   * A call by name with unchecked parameters, as it arrives over stdio or a MessagePort.
   * Errors: `bad-request` for an unknown call or parameters that do not fit; then the call's own.
   */
  call(name: string, params: unknown): Promise<unknown>
}
