/** The options of `createRelayNode`, and their check. */
import { z } from 'zod'
import { callback, checkOptions, withMethod } from './base/check-value.ts'
import type { Log } from './base/log.ts'
import type { DirectoryStore } from './directory/store.ts'
import { netLimits } from './net/limits.ts'
import type { RelayedDay } from './net/relay-usage.ts'
import type { ParcelStore } from './mailbox/store.ts'

export interface RelayNodeOptions {
  /** Ed25519 seed, 32 bytes. */
  seed: Uint8Array
  /** Multiaddrs to listen on. */
  listen: readonly string[]
  /** Multiaddrs to announce instead of the listening ones, for a node behind port forwarding or a proxy. */
  announce?: readonly string[]
  /**
   * WebSockets that come from this machine come from a proxy, whose last entry in X-Forwarded-For is the client's
   * address. Without such a proxy, every program of this machine could pretend any address.
   */
  behindProxy?: boolean
  /**
   * Whether this PeerId may use the node from this IP address; default: everybody may. Asked often, so answered from
   * memory. Who may not is told so (`not-admitted`). Call `recheck` of the node when answers change.
   */
  admits?: (peer: string, address: string) => boolean
  /** How much the node relays; without it as much as is asked for. */
  relay?: RelayAmounts
  /** How many may use the node at once. Others are told that it is full. */
  most?: MostUsers
  /**
   * The node's data on disk: `openMailboxes` of `quorum/mailboxes`. The caller closes it after `stop`. Without
   * `parcels` the node holds no messages for peers that are away.
   */
  store: DirectoryStore & { parcels?: ParcelStore }
  /** Milliseconds since the epoch. */
  now?: () => number
  log?: Log
}

export interface MostUsers {
  /** Peers that are connected: `limits.nodePeers`, by default 4,000. */
  peers?: number | undefined
  /** Peers that can be reached through it: `limits.nodeReservations`, by default 8,000; 0: it relays nothing. */
  reservations?: number | undefined
}

export interface RelayAmounts {
  /** Bytes a second for one peer, those that it sends and those that it receives: at least 16 KiB. */
  perPeer?: number | undefined
  /**
   * Bytes in a day (UTC), both directions. When they are used up, all circuits end and no new one is made until
   * midnight; the node goes on introducing peers.
   */
  perDay?: number | undefined
  /** What an earlier run relayed, last: `relayedToday` of its `stats`. */
  before?: RelayedDay | undefined
}

const amounts = z.strictObject({
  perPeer: z.number().min(netLimits.pacedPiece).optional(),
  perDay: z.number().min(0).optional(),
  before: z.strictObject({ day: z.number(), bytes: z.number() }).optional(),
}) satisfies z.ZodType<RelayAmounts>

const within = ([least, most]: readonly [number, number]) => z.int().min(least).max(most)
const most = z.strictObject({
  peers: within(netLimits.nodePeers).optional(),
  reservations: within(netLimits.nodeReservations).optional(),
}) satisfies z.ZodType<MostUsers>

const shape = {
  seed: z.instanceof(Uint8Array).refine(({ byteLength }) => byteLength === 32, 'it has not 32 bytes'),
  listen: z.array(z.string()),
  announce: z.array(z.string()),
  behindProxy: z.boolean(),
  admits: callback,
  relay: amounts,
  most,
  store: withMethod('hold', 'it is no store of a node'),
  now: callback,
  log: callback,
} satisfies Record<keyof RelayNodeOptions, z.ZodType>

/** Errors: `bad-request`. */
export function checkRelayNodeOptions(options: RelayNodeOptions): void {
  checkOptions('createRelayNode', shape, ['seed', 'listen', 'store'], options)
}
