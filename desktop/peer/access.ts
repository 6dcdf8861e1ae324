/**
 * The calls and events that each client of this process is allowed. The main process is allowed all of them. The window
 * is allowed what its page does: it passes no path, does not end the peer, and receives no path of the disk.
 * What the person confirms in a dialog, the main process calls (main/confirmed-calls.ts). A new call of the library
 * does not compile until it is listed here, so the window never gets it by accident.
 */
import path from 'node:path'
import { z } from 'zod'
import { QuorumError } from '#protocol'
import type { BackupState, CallName, PeerEvent, Transfer } from '#protocol'
import { passphraseChanges } from '../ipc/contract.ts'
import type { PeerProcessEvent } from '../ipc/contract.ts'
import type { BackupSecret, Profile } from './profile.ts'

export const clientKinds = ['main', 'window'] as const
/** Which process has the other end of a port. */
export type ClientKind = (typeof clientKinds)[number]

/** Whether the window may make the call. */
const forWindow: Record<CallName, boolean> = {
  self: true,
  setProfile: true,
  setPrivacy: false,
  invite: true,
  recipient: true,
  requestFriend: true,
  acceptFriend: true,
  declineFriend: true,
  removeFriend: true,
  blockPeer: true,
  unblockPeer: true,
  friends: true,
  friend: true,
  removedFriends: true,
  safetyNumber: true,
  verifyFriend: false,
  connection: true,
  connect: true,
  sendMessage: true,
  messages: true,
  message: true,
  markRead: true,
  search: true,
  recallMessage: true,
  receiveMore: true,
  leaveMessages: false,
  setDraft: true,
  drafts: true,
  setDraftFiles: false,
  draftFiles: false,
  typing: true,
  createGroup: true,
  groups: true,
  group: true,
  inviteToGroup: true,
  joinGroup: true,
  declineGroup: true,
  leaveGroup: true,
  removeFromGroup: true,
  setGroupRole: true,
  renameGroup: true,
  muteGroup: true,
  sendFiles: false,
  acceptTransfer: false,
  declineTransfer: true,
  pauseTransfer: true,
  resumeTransfer: true,
  cancelTransfer: true,
  // What the person chose before, to the same friend.
  sendMissing: true,
  transfers: true,
  transfer: true,
  transferFiles: true,
  transferFile: false,
  addNode: false,
  removeNode: true,
  nodeKnowledge: false,
  forgetMe: false,
  exportBackup: false,
  backups: true,
  dismissBackupReminder: true,
  startWeeklyBackups: false,
  stopWeeklyBackups: true,
  stop: false,
  erase: false,
}

const passphrase = z.string().min(1).max(1024)
const unlockParams = z.strictObject({ passphrase })
const permitParams = z.strictObject({ change: z.enum(passphraseChanges) })
const fileParams = z.strictObject({ path: z.string().min(1).max(32_767) })
const backUpParams = z.strictObject({ passphrase: passphrase.optional() })
const restoreParams = z.union([
  z.strictObject({ words: z.string().max(4096) }),
  z.strictObject({ passphrase }),
]) satisfies z.ZodType<BackupSecret>
const changeParams = z.strictObject({ current: passphrase.optional(), next: passphrase.optional() })

/** Runs a call by name with unchecked parameters. Errors: `bad-request`, then those of the call. */
export async function handle(profile: Profile, client: ClientKind, name: string, params: unknown): Promise<unknown> {
  switch (name) {
    case 'status':
      return profile.status
    case 'unlock':
      return profile.unlock(parsed(unlockParams, params).passphrase)
    case 'lock':
      return profile.lock()
    case 'permitPassphrase':
      if (client !== 'main') throw refused()
      profile.permit = parsed(permitParams, params).change
      return null
    case 'permitBackup':
      if (client !== 'main') throw refused()
      profile.backupTo = parsed(fileParams, params).path
      return null
    case 'permitWeekly':
      if (client !== 'main') throw refused()
      profile.weeklyIn = parsed(fileParams, params).path
      return null
    case 'permitRestore':
      if (client !== 'main') throw refused()
      return profile.chooseRestore(parsed(fileParams, params).path)
    case 'backUp':
      return profile.backUp(parsed(backUpParams, params).passphrase)
    case 'keepWeekly':
      return profile.keepWeekly(parsed(backUpParams, params).passphrase)
    case 'restore':
      return profile.restore(parsed(restoreParams, params))
    case 'setPassphrase': {
      const { current, next } = parsed(changeParams, params)
      if (client === 'window' && !profile.takePermit(next === undefined ? 'remove' : 'set')) throw refused()
      return profile.setPassphrase(current, next)
    }
    default: {
      if (client === 'main') return profile.peer.call(name, params)
      if (!Object.hasOwn(forWindow, name) || !forWindow[name as CallName]) {
        throw refused()
      }
      return withoutPaths(await profile.peer.call(name, params))
    }
  }
}

function refused(): QuorumError {
  return new QuorumError('bad-request', 'The window has no such call')
}

/** The event without what this client must not know. */
export function eventFor(client: ClientKind, event: PeerProcessEvent): PeerProcessEvent {
  if (client === 'main') return event
  switch (event.event) {
    case 'transfer-offered':
    case 'transfer-changed':
      return { ...event, data: withoutPath(event.data) } satisfies PeerEvent
    default:
      return event
  }
}

/** Reduces paths to their last part: of received files, and of the folder of weekly backups. */
function withoutPaths(result: unknown): unknown {
  if (Array.isArray(result)) return result.map(withoutPaths)
  if (isBackupState(result)) {
    const { weekly } = result
    return weekly ? { ...result, weekly: { ...weekly, directory: path.basename(weekly.directory) } } : result
  }
  return isTransfer(result) ? withoutPath(result) : result
}

function isBackupState(value: unknown): value is BackupState {
  return typeof value === 'object' && value !== null && 'remind' in value
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
  if (!result.success) throw new QuorumError('bad-request', 'The parameters are invalid')
  return result.data
}
