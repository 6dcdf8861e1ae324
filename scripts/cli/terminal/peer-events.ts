/**
 * Shows the peer's events: a few lines, never a flood. Many events of one kind become one line. Presence and paths
 * change only the prompt and the list of friends.
 */
import type { Friend, NodeState, PeerEvent } from '#protocol'
import { say, sayError, setTyping, showPrompt } from './client.ts'
import type { Client } from './client.ts'
import { conversationOf, messageChanged, messageReceived, openConversation } from './conversation.ts'
import { refreshFriends } from './friend-list.ts'
import { groupChanged, invitedToGroup } from './group-events.ts'
import { warnOfLookalike } from './lookalike-warning.ts'
import { cleanLine } from './sanitize.ts'
import { refreshTransfersWith, transferChanged } from './transfer-events.ts'
import { fullNote, heldLine, noteLine, truncate } from './view.ts'

/** A typing mark expires after this time unless it is renewed, in milliseconds. */
const typingTimeout = 6000
/** The same warning is not printed again within this time, in milliseconds. */
const warningInterval = 60_000
/** Friend requests shown by name. More of them become one line with a count. */
const requestsByName = 3

/** A listener for `subscribe`. */
export function peerEventListener(client: Client): (event: PeerEvent) => void {
  const typingTimers = new Map<string, NodeJS.Timeout>()
  const newestOwn = new Map<string, number>()
  const nodes = new Map<string, NodeState>()
  const warnings = new Map<string, number>()
  let reached: 'connected' | 'refused' | 'full' | 'unreachable' | undefined

  const typing = (conversation: string, peer: string, active: boolean): void => {
    const key = `${conversation} ${peer}`
    clearTimeout(typingTimers.get(key))
    typingTimers.delete(key)
    setTyping(client, conversation, peer, active)
    if (active) typingTimers.set(key, setTimeout(() => typing(conversation, peer, false), typingTimeout).unref())
    if (conversation === client.current) showPrompt(client)
  }

  const nodeState = (node: NodeState): void => {
    nodes.set(node.peer, node)
    const states = [...nodes.values()].map(({ state }) => state)
    const full = [...nodes.values()].flatMap(({ fullUntil }) => fullUntil ?? [])
    const refuses = [...nodes.values()].some(({ problem }) => problem === 'not-admitted')
    const without = refuses ? 'refused' : full.length > 0 ? 'full' : 'unreachable'
    const now = states.includes('connected') ? 'connected' : without
    // The embedded node takes a second to start, and its end is reported on its own.
    const starting = client.node?.running === true && client.node.peer === undefined
    if (now === reached || (now === 'unreachable' && (starting || states.includes('connecting')))) return
    if (now === 'connected') {
      if (reached !== undefined) say(client, 'Connected to a node again.', 'dim', 'nodes')
    } else {
      const why = {
        refused: 'Your node does not accept you: ask its operator, or add another node',
        full: `No node has room: ${fullNote(Math.min(...full), client.now())}`,
        unreachable: 'No node can be reached',
      }[now]
      say(client, `${why}, so friends may not find you. Quorum keeps trying.`, 'yellow', 'nodes')
    }
    reached = now
  }

  const warning = (text: string): void => {
    const now = client.now()
    if (now - (warnings.get(text) ?? -Infinity) < warningInterval) return
    for (const [old, at] of warnings) if (now - at >= warningInterval) warnings.delete(old)
    warnings.set(text, now)
    say(client, `! ${text}`, 'yellow')
  }

  return ({ event, data }) => {
    switch (event) {
      case 'ready':
      case 'privacy-changed':
      case 'backup-progress':
        return
      case 'node-state':
        return nodeState(data)
      case 'friend-request':
        client.friends.put(data)
        refreshFriends(client)
        return requested(client, data)
      case 'friend-changed':
        changed(client, client.friends.put(data), data)
        refreshFriends(client)
        refreshTransfersWith(client, data.peer)
        return showPrompt(client)
      case 'path-changed': {
        const friend = client.friends.get(data.peer)
        // A connection alone does not mean online. The event friend-changed reports that.
        if (friend !== undefined) client.friends.put({ ...friend, path: data.path })
        refreshFriends(client)
        return showPrompt(client)
      }
      case 'message-received':
        messageReceived(client, data)
        return refreshFriends(client)
      case 'message-changed': {
        const conversation = conversationOf(data)
        const newest = Math.max(newestOwn.get(conversation) ?? 0, data.direction === 'out' ? data.seq : 0)
        newestOwn.set(conversation, newest)
        return messageChanged(client, data, data.seq === newest)
      }
      case 'transfer-offered':
      case 'transfer-changed':
        return transferChanged(client, data)
      case 'typing':
        return typing(data.group ?? data.peer, data.peer, data.active)
      case 'group-invited':
        return invitedToGroup(client, data)
      case 'group-changed':
        return groupChanged(client, data)
      case 'warning':
        // The change of the friend says it with a name, and with what to type.
        if (data.peer !== undefined && client.friends.get(data.peer)?.held !== undefined) return
        return warning(cleanLine(data.message))
    }
  }
}

function requested(client: Client, friend: Friend): void {
  const waiting = client.friends.incoming()
  if (waiting.length > requestsByName) {
    say(client, `${waiting.length} people want to be your friends. /friends lists them.`, 'yellow', 'requests')
    warnOfLookalike(client, friend, 'lookalike')
    return
  }
  const label = client.friends.label(friend.peer)
  say(client, `${label} wants to be your friend. /accept ${label}, /decline ${label} or /block ${label}`, 'yellow')
  if (friend.note) client.screen.print(noteLine(client.screen.look, friend.note))
  warnOfLookalike(client, friend)
}

function changed(client: Client, before: Friend | undefined, friend: Friend): void {
  const label = client.friends.label(friend.peer)
  if (before?.state === 'requested' && friend.state === 'friend') {
    say(client, `${label} has accepted.${client.current === undefined ? '' : ` /open ${label} to talk.`}`, 'green')
    if (client.current === undefined) {
      openConversation(client, friend).catch((error: unknown) => sayError(client, error))
    }
  }
  if (
    before?.state === 'friend' &&
    before.askedAt !== undefined &&
    friend.state === 'friend' &&
    friend.askedAt === undefined
  )
    say(client, `${label} has answered: you are friends.`, 'green')
  if (friend.held !== undefined && friend.held !== before?.held)
    say(client, `! ${heldLine(friend.held, label)}`, 'yellow')
  // On a terminal the prompt shows this. Elsewhere it needs a line.
  if (!client.screen.terminal && friend.state === 'friend' && friend.online !== (before?.online ?? false)) {
    say(client, `${label} is ${friend.online ? 'online' : 'offline'}.`)
  }
  if (before !== undefined && before.name !== friend.name && before.state === friend.state) {
    const oldName = truncate(cleanLine(before.name), 24)
    if (oldName !== '' && oldName !== label) say(client, `${oldName} is now called ${label}.`, 'dim')
    warnOfLookalike(client, friend)
  }
}
