/**
 * Implements the calls of a peer: maps each call of the table in api/calls.ts to the part that executes it. A call that
 * is in the table and not here is a compile error.
 */
import { isRelayed } from './address/address.ts'
import { callParams, type CallName, type Peer, type Self } from './api/calls.ts'
import type { Friend, Message } from './api/model.ts'
import { apiLimits } from './api/limits.ts'
import { issueText } from './base/check-value.ts'
import { claimHandle } from './directory/claim-handle.ts'
import { QuorumError } from './base/errors.ts'
import { safetyNumber } from './identity/safety-number.ts'
import type { PeerParts } from './peer-parts.ts'
import type { FriendRow } from './store/store.ts'

type PeerCalls = Omit<Peer, 'subscribe' | 'call'>

/** The calls in `ends` end the peer. `stop` may be called again while it runs. */
export function peerCalls(parts: PeerParts, ends: Pick<PeerCalls, 'stop' | 'erase'>): PeerCalls {
  return {
    ...profileCalls(parts),
    ...friendCalls(parts),
    ...chatCalls(parts),
    ...groupCalls(parts),
    ...fileCalls(parts),
    ...ends,
  }
}

/**
 * Runs a call by its name, with unchecked parameters. `stopped`: the peer is stopping or has stopped.
 * Errors: `bad-request` for an unknown call or parameters that do not fit; `cancelled`; then the call's own.
 */
export async function callByName(calls: PeerCalls, name: string, params: unknown, stopped: boolean): Promise<unknown> {
  if (!isCall(name)) throw new QuorumError('bad-request', `There is no call named ${JSON.stringify(name)}`)
  if (stopped && name !== 'stop') throw new QuorumError('cancelled', 'This peer has stopped')
  const parsed = callParams[name].safeParse(params ?? {})
  if (!parsed.success) throw new QuorumError('bad-request', issueText(name, parsed.error))
  // The table pairs each name with its own parameters; the union over all names cannot be called.
  const serve = calls[name] as (params: unknown) => Promise<unknown>
  return serve(parsed.data)
}

/** The calls as methods, each checked as `callByName` does. */
export function checkedCalls(calls: PeerCalls, stopped: () => boolean): PeerCalls {
  const checked = Object.keys(callParams).map((name) => [
    name,
    (params: unknown) => callByName(calls, name, params, stopped()),
  ])
  return Object.fromEntries(checked) as PeerCalls
}

function isCall(name: string): name is CallName {
  return Object.hasOwn(callParams, name)
}

type ProfileCall =
  | 'self'
  | 'setProfile'
  | 'setPrivacy'
  | 'invite'
  | 'addNode'
  | 'removeNode'
  | 'nodeKnowledge'
  | 'forgetMe'
  | 'exportBackup'
  | 'backups'
  | 'dismissBackupReminder'
  | 'startWeeklyBackups'
  | 'stopWeeklyBackups'

function profileCalls(parts: PeerParts): Pick<PeerCalls, ProfileCall> {
  const { identity, settings, network, privacy, nodes, events, introductions, reachability, backups } = parts
  const self = (): Self => ({
    peer: identity.peer,
    name: settings.name(),
    ...(settings.handle() === '' ? {} : { handle: settings.handle() }),
    nodes: nodes.states(),
    listen: network.services.directDial.listening().filter((address) => !isRelayed(address)),
    reachable: reachability.state,
    privacy: privacy.holds,
  })
  return {
    self: async () => self(),
    setProfile: async ({ name, handle }) => {
      if (name != null) settings.rename(name)
      if (handle != null) await claimHandle(handle, settings, nodes)
      parts.tellProfile()
      return self()
    },
    setPrivacy: async (patch) => {
      await privacy.change(patch)
      events.emit({ event: 'privacy-changed', data: privacy.holds })
      return self()
    },
    invite: async ({ once = false, expiresIn = apiLimits.inviteLifetime }) => introductions.invite(once, expiresIn),
    addNode: async ({ address }) => {
      parts.addNode(address)
      parts.tellProfile()
      return self()
    },
    removeNode: async ({ address }) => {
      settings.forgetNode(nodes.remove(address.trim()))
      parts.tellProfile()
      return self()
    },
    nodeKnowledge: async ({ node }) => introductions.knowledge(node),
    forgetMe: async ({ node }) => {
      await nodes.session(node).forget()
      return null
    },
    exportBackup: async (backup) => backups.export(backup),
    backups: async () => backups.state(),
    dismissBackupReminder: async () => backups.dismissReminder(),
    startWeeklyBackups: async (chosen) => backups.startWeekly(chosen),
    stopWeeklyBackups: async () => backups.stopWeekly(),
  }
}

type FriendCall =
  | 'recipient'
  | 'requestFriend'
  | 'acceptFriend'
  | 'declineFriend'
  | 'removeFriend'
  | 'blockPeer'
  | 'unblockPeer'
  | 'friends'
  | 'friend'
  | 'removedFriends'
  | 'safetyNumber'
  | 'verifyFriend'
  | 'connection'
  | 'connect'

function friendCalls(parts: PeerParts): Pick<PeerCalls, FriendCall> {
  const { identity, store, policy, privacy, friends, introductions, chat, paths, events } = parts
  const friend = (row: FriendRow): Promise<Friend> => Promise.resolve(events.friend(row))
  return {
    recipient: async ({ to }) => introductions.recipient(to),
    requestFriend: async ({ to, note = '' }) => friend(await introductions.request(to, note)),
    acceptFriend: async ({ peer }) => friend(friends.accept(peer)),
    declineFriend: async ({ peer }) => friend(friends.decline(peer)),
    removeFriend: async ({ peer }) => friend(friends.remove(peer)),
    blockPeer: async ({ peer }) => friend(friends.block(peer)),
    unblockPeer: async ({ peer }) => friend(friends.unblock(peer)),
    friends: async () => friends.list().map((row) => events.friend(row)),
    friend: async ({ peer }) => events.friend(friends.get(peer)),
    removedFriends: async () => friends.removed(true).map((row) => events.friend(row)),
    safetyNumber: async ({ peer }) => ({
      number: safetyNumber(identity.peer, peer),
      verified: store.friend(peer)?.verified ?? false,
    }),
    verifyFriend: async ({ peer, verified }) => {
      const row = friends.verified(peer, verified)
      if (privacy.now.direct === 'verified') {
        // The hello announces this peer's addresses to them, or withdraws them.
        chat.hello()
        paths.ruleChanged(peer)
      }
      return friend(row)
    },
    connection: async ({ peer }) => paths.info(friends.get(peer).peer),
    connect: async ({ peer }) => {
      if (!policy.isFriend(friends.get(peer).peer)) throw new QuorumError('not-friend', 'They are not a friend (yet)')
      await paths.connect(peer)
      return paths.info(peer)
    },
  }
}

type ChatCall =
  | 'sendMessage'
  | 'messages'
  | 'message'
  | 'markRead'
  | 'search'
  | 'recallMessage'
  | 'receiveMore'
  | 'leaveMessages'
  | 'setDraft'
  | 'drafts'
  | 'setDraftFiles'
  | 'draftFiles'
  | 'typing'

function chatCalls(parts: PeerParts): Pick<PeerCalls, ChatCall> {
  const { store, chat, groups, drafts, files, friends, events } = parts
  return {
    sendMessage: async ({ peer = '', group, text, replyTo }) =>
      group === undefined ? chat.send(peer, text, replyTo) : groups.send(group, text, replyTo),
    messages: async ({ peer = '', group, limit = apiLimits.pageDefault, ...range }) =>
      group === undefined ? store.messages(peer, limit, range) : groups.messages(group, limit, range),
    message: async ({ message }) => {
      const found = store.message(message) ?? groups.message(message)
      if (found === undefined) throw new QuorumError('not-found', 'There is no such message')
      return found
    },
    markRead: async ({ peer = '', group, upTo }) => {
      if (group === undefined) chat.markRead(friends.get(peer).peer, upTo)
      else groups.markRead(group, typeof upTo === 'string' ? upTo : undefined)
      return null
    },
    search: async ({ text, peer, group, limit = apiLimits.pageDefault }) => {
      const withFriends = group === undefined ? store.search(text, limit, peer) : []
      const inGroups = peer === undefined ? groups.search(text, limit, group) : []
      const newest = ({ receivedAt, sentAt }: Message): number => receivedAt ?? sentAt
      // Each list is in the order in which messages came here.
      return inGroups.length === 0
        ? withFriends
        : [...withFriends, ...inGroups].toSorted((a, b) => newest(b) - newest(a)).slice(0, limit)
    },
    recallMessage: async ({ message }) => {
      const recalled = chat.recall(message)
      if (recalled.transfer != null) files.recalled(recalled.transfer)
      return recalled
    },
    receiveMore: async ({ peer }) => {
      const friend = friends.get(peer)
      chat.receiveMore(friend.peer)
      return events.friend(friend)
    },
    leaveMessages: async () => {
      await Promise.all([chat.mail.leaveNow(), groups.mail.leaveNow()])
      return null
    },
    setDraft: async (draft) => {
      drafts.set(draft)
      return null
    },
    drafts: async () => drafts.list(),
    setDraftFiles: async (chosen) => {
      drafts.setFiles(chosen)
      return null
    },
    draftFiles: async () => drafts.files(),
    typing: async ({ peer = '', group, active }) => {
      if (group === undefined) chat.typing(peer, active)
      else groups.typing(group, active)
      return null
    },
  }
}

type GroupCall =
  | 'createGroup'
  | 'groups'
  | 'group'
  | 'inviteToGroup'
  | 'joinGroup'
  | 'declineGroup'
  | 'leaveGroup'
  | 'removeFromGroup'
  | 'setGroupRole'
  | 'renameGroup'
  | 'muteGroup'

function groupCalls({ groups }: PeerParts): Pick<PeerCalls, GroupCall> {
  return {
    createGroup: async ({ name }) => groups.create(name),
    groups: async () => groups.list(),
    group: async ({ group }) => groups.view(group),
    inviteToGroup: async ({ group, peer, history }) => groups.invite(group, peer, history),
    joinGroup: async ({ group }) => groups.join(group),
    declineGroup: async ({ group }) => groups.decline(group),
    leaveGroup: async ({ group, forget }) => groups.leave(group, forget),
    removeFromGroup: async ({ group, peer, undo }) => groups.remove(group, peer, undo),
    setGroupRole: async ({ group, peer, rank }) => groups.setRole(group, peer, rank),
    renameGroup: async ({ group, name }) => groups.rename(group, name),
    muteGroup: async ({ group, muted }) => groups.mute(group, muted),
  }
}

type FileCall =
  | 'sendFiles'
  | 'acceptTransfer'
  | 'declineTransfer'
  | 'pauseTransfer'
  | 'resumeTransfer'
  | 'cancelTransfer'
  | 'sendMissing'
  | 'transfers'
  | 'transfer'
  | 'transferFiles'
  | 'transferFile'

function fileCalls({ files }: PeerParts): Pick<PeerCalls, FileCall> {
  return {
    sendFiles: async ({ peer, paths, note }) => files.send(peer, paths, note),
    acceptTransfer: async ({ transfer, directory }) => files.accept(transfer, directory),
    declineTransfer: async ({ transfer }) => files.decline(transfer),
    pauseTransfer: async ({ transfer }) => files.pause(transfer),
    resumeTransfer: async ({ transfer }) => files.resume(transfer),
    cancelTransfer: async ({ transfer }) => files.cancel(transfer),
    sendMissing: async ({ transfer }) => files.sendMissing(transfer),
    transfers: async (range) => files.list(range),
    transfer: async ({ transfer }) => files.view(transfer),
    transferFiles: async ({ transfer, ...range }) => files.files(transfer, range),
    transferFile: async ({ transfer, file }) => files.place(transfer, file),
  }
}
