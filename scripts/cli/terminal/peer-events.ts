/**
 * What happens to the peer, as a person wants to hear of it: a few quiet lines, never a flood. Many events of one kind
 * become one line; presence and paths change the prompt and nothing else.
 */
import type { Friend, NodeState, PeerEvent } from '#protocol'
import { say, sayError, showPrompt } from './client.ts'
import type { Client } from './client.ts'
import { messageChanged, messageReceived, openConversation } from './conversation.ts'
import { refreshFriends } from './friend-list.ts'
import { warnOfLookalike } from './lookalike-warning.ts'
import { cleanLine } from './sanitize.ts'
import { refreshTransfersWith, transferChanged } from './transfer-events.ts'
import { noteLine, truncate } from './view.ts'

/** A typing mark fades after this when nothing renews it, in milliseconds. */
const typingFades = 6000
/** The same warning again within this time (milliseconds) says nothing new. */
const warningAgain = 60_000
/** Strangers' requests told by name; more become one line with a count. */
const requestsByName = 3

/** A listener for `subscribe`. */
export function newsTeller(client: Client): (event: PeerEvent) => void {
  const fading = new Map<string, NodeJS.Timeout>()
  const newestOwn = new Map<string, number>()
  const nodes = new Map<string, NodeState>()
  const warnings = new Map<string, number>()
  let reached: boolean | undefined

  const typing = (peer: string, active: boolean): void => {
    clearTimeout(fading.get(peer))
    fading.delete(peer)
    if (active) {
      client.typing.add(peer)
      fading.set(peer, setTimeout(() => typing(peer, false), typingFades).unref())
    } else {
      client.typing.delete(peer)
    }
    if (peer === client.current) showPrompt(client)
  }

  const nodeState = (node: NodeState): void => {
    nodes.set(node.peer, node)
    const states = [...nodes.values()].map(({ state }) => state)
    const connected = states.includes('connected')
    // Our own node takes a second to start, and when it ends that is told.
    const starting = client.node?.running === true && client.node.peer === undefined
    if (connected === reached || (!connected && (starting || states.includes('connecting')))) return
    if (connected && reached === false) say(client, 'Connected to a node again.', 'dim', 'nodes')
    if (!connected)
      say(client, 'No node can be reached, so friends may not find you. Quorum keeps trying.', 'yellow', 'nodes')
    reached = connected
  }

  const warning = (text: string): void => {
    const now = client.now()
    if (now - (warnings.get(text) ?? -Infinity) < warningAgain) return
    for (const [old, at] of warnings) if (now - at >= warningAgain) warnings.delete(old)
    warnings.set(text, now)
    say(client, `! ${text}`, 'yellow')
  }

  return ({ event, data }) => {
    switch (event) {
      case 'ready':
      case 'privacy-changed':
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
        // Online is a conversation, not a connection: friend-changed tells.
        if (friend !== undefined) client.friends.put({ ...friend, path: data.path })
        refreshFriends(client)
        return showPrompt(client)
      }
      case 'message-received':
        messageReceived(client, data)
        return refreshFriends(client)
      case 'message-changed': {
        const newest = Math.max(newestOwn.get(data.peer) ?? 0, data.direction === 'out' ? data.seq : 0)
        newestOwn.set(data.peer, newest)
        return messageChanged(client, data, data.seq === newest)
      }
      case 'transfer-offered':
      case 'transfer-changed':
        return transferChanged(client, data)
      case 'typing':
        return typing(data.peer, data.active)
      case 'warning':
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
  // A prompt shows this; where there is none, a line has to.
  if (!client.screen.terminal && friend.state === 'friend' && friend.online !== (before?.online ?? false)) {
    say(client, `${label} is ${friend.online ? 'online' : 'offline'}.`)
  }
  if (before !== undefined && before.name !== friend.name && before.state === friend.state) {
    const old = truncate(cleanLine(before.name), 24)
    if (old !== '' && old !== label) say(client, `${old} is now called ${label}.`, 'dim')
    warnOfLookalike(client, friend)
  }
}
