/**
 * A meeting of two peers in the lab: they become friends by an invite link, exchange messages, and are then observed
 * for a while to see whether they find a direct path. This file measures and records; the tests judge the result.
 */
import type { ConnectionInfo, PeerEvent } from '#protocol'
import type { HeadlessPeer } from './headless.ts'
import { until } from './until.ts'

/** One line of the table. Times are seconds since the request was accepted. */
export interface Meeting {
  pair: readonly [string, string]
  path: ConnectionInfo['path']
  /** The path as each side sees it, if they differ. */
  transport: string
  firstMessage: number
  /** Missing if they stayed on the relay for the whole observation. */
  direct?: number
  /** As reported by the peer that accepted. */
  reason: string
}

/**
 * When a peer had its first message from another, and its first direct path to it; by PeerId, on the monotonic clock.
 */
export class Witness {
  readonly firstMessages = new Map<string, number>()
  readonly direct = new Map<string, number>()

  constructor(peer: HeadlessPeer) {
    peer.onEvent = (event) => this.#take(event)
  }

  #take({ event, data }: PeerEvent): void {
    if (event === 'message-received') note(this.firstMessages, data.peer)
    if (event === 'path-changed' && data.path === 'direct') note(this.direct, data.peer)
  }
}

export interface Guest {
  network: string
  peer: HeadlessPeer
  witness: Witness
}

/**
 * `guest` asks `host`, who accepts; then each sends a message. Returns when the request was accepted and both messages
 * have arrived.
 */
export async function meet(host: Guest, guest: Guest): Promise<{ accepted: number }> {
  const { link } = await host.peer.call('invite', {})
  await guest.peer.call('requestFriend', { to: link })
  await host.peer.event('friend-request', ({ peer }) => peer === guest.peer.id)
  const accepted = performance.now()
  await host.peer.call('acceptFriend', { peer: guest.peer.id })
  await Promise.all([hears(host, guest), hears(guest, host)])
  // No event announces a path that existed before they were friends.
  const { path } = await host.peer.call('connection', { peer: guest.peer.id })
  if (path === 'direct') note(host.witness.direct, guest.peer.id)
  return { accepted }
}

/** Observes them until they are connected directly, or for `seconds` after they met. */
export async function watch(host: Guest, guest: Guest, accepted: number, seconds: number): Promise<Meeting> {
  const directly = (): number | undefined => host.witness.direct.get(guest.peer.id)
  const over = accepted + seconds * 1000
  // It waits for the clock: the elapsed time itself is the progress.
  await until(
    () => directly() != null || performance.now() > over,
    'the end of the watch',
    () => performance.now(),
  )
  const [one, other] = await Promise.all([
    host.peer.call('connection', { peer: guest.peer.id }),
    guest.peer.call('connection', { peer: host.peer.id }),
  ])
  const direct = directly()
  const since = (moment: number): number => Math.round(Math.max(0, moment - accepted) / 100) / 10
  return {
    pair: [host.network, guest.network],
    path: one.path,
    transport: [...new Set([one.transport, other.transport])].join(' / '),
    firstMessage: since(
      Math.min(
        guest.witness.firstMessages.get(host.peer.id) ?? Infinity,
        host.witness.firstMessages.get(guest.peer.id) ?? Infinity,
      ),
    ),
    ...(direct == null ? {} : { direct: since(direct) }),
    reason: one.reason,
  }
}

async function hears({ peer, network }: Guest, from: Guest): Promise<void> {
  const friends = async (): Promise<boolean> => (await from.peer.friend(peer))?.state === 'friend'
  await until(friends, `${from.network} knows that ${network} is a friend`)
  const text = `from ${from.peer.name}`
  await from.peer.send(peer, text)
  await peer.event('message-received', (message) => message.peer === from.peer.id && message.text === text)
}

function note(times: Map<string, number>, peer: string): void {
  if (!times.has(peer)) times.set(peer, performance.now())
}
