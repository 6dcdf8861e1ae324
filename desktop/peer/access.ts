/**
 * What each side may ask of the peer. The shell may everything. The window may what a person can do there, which names no
 * path, ends nothing and learns no place of the disk. A call that the library gains is withheld from the window until
 * somebody decides here.
 */
import path from 'node:path'
import { z } from 'zod'
import { QuorumError } from '#protocol'
import type { CallName, PeerEvent, Transfer } from '#protocol'
import type { PeerProcessEvent } from '../ipc/contract.ts'
import type { Profile } from './profile.ts'

export const doors = ['shell', 'window'] as const
export type Door = (typeof doors)[number]

/** Whether the window may make the call. */
const forWindow: Record<CallName, boolean> = {
  self: true,
  setProfile: true,
  setPrivacy: true,
  invite: true,
  requestFriend: true,
  acceptFriend: true,
  declineFriend: true,
  removeFriend: true,
  blockPeer: true,
  unblockPeer: true,
  friends: true,
  safetyNumber: true,
  verifyFriend: true,
  connection: true,
  connect: true,
  sendMessage: true,
  messages: true,
  message: true,
  markRead: true,
  search: true,
  recallMessage: true,
  typing: true,
  sendFiles: false,
  acceptTransfer: false,
  declineTransfer: true,
  pauseTransfer: true,
  resumeTransfer: true,
  cancelTransfer: true,
  transfers: true,
  transferFile: false,
  addNode: true,
  removeNode: true,
  nodeKnowledge: true,
  forgetMe: true,
  stop: false,
}

const passphrase = z.string().min(1).max(1024)
const unlockParams = z.strictObject({ passphrase })
const changeParams = z.strictObject({ current: passphrase.optional(), next: passphrase.optional() })

/** Does a call by name with unchecked parameters. Errors: `bad-request`, then the call's own. */
export async function handle(profile: Profile, door: Door, name: string, params: unknown): Promise<unknown> {
  switch (name) {
    case 'status':
      return profile.status
    case 'unlock':
      return profile.unlock(parsed(unlockParams, params).passphrase)
    case 'lock':
      return profile.lock()
    case 'setPassphrase': {
      const { current, next } = parsed(changeParams, params)
      return profile.setPassphrase(current, next)
    }
    default: {
      if (door === 'shell') return profile.peer.call(name, params)
      if (!Object.hasOwn(forWindow, name) || !forWindow[name as CallName]) {
        throw new QuorumError('bad-request', 'The window has no such call')
      }
      return withoutPaths(await profile.peer.call(name, params))
    }
  }
}

/** What has happened, as this door may know it. */
export function newsFor(door: Door, news: PeerProcessEvent): PeerProcessEvent {
  if (door === 'shell') return news
  switch (news.event) {
    case 'transfer-offered':
    case 'transfer-changed':
      return { ...news, data: withoutPath(news.data) } satisfies PeerEvent
    default:
      return news
  }
}

/** Of where something was saved, only the name. */
function withoutPaths(result: unknown): unknown {
  if (Array.isArray(result)) return result.map(withoutPaths)
  return isTransfer(result) ? withoutPath(result) : result
}

function withoutPath(transfer: Transfer): Transfer {
  const { savedTo } = transfer
  return savedTo === undefined ? transfer : { ...transfer, savedTo: path.basename(savedTo) }
}

function isTransfer(value: unknown): value is Transfer {
  return typeof value === 'object' && value !== null && 'savedTo' in value
}

function parsed<T>(schema: z.ZodType<T>, params: unknown): T {
  const result = schema.safeParse(params ?? {})
  if (!result.success) throw new QuorumError('bad-request', 'The parameters do not fit')
  return result.data
}
