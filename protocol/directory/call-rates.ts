/** How often each call of the directory may be made: by one peer, from one address, and what is rarer than a call. */
import { QuorumError } from '../base/errors.ts'
import { KeyedBuckets, type Rate } from '../base/rate-limit.ts'
import type { DirectoryCall } from '../wire/directory.ts'
import { directoryAddressRates, directoryLimits, directoryRates } from './limits.ts'

type Call = DirectoryCall['call']

/** Who calls: a PeerId, and the narrowest and the widest key of its address (address/quota-key.ts). */
export interface Caller {
  peer: string
  address: string
  network: string
}

/** Every check throws `rate-limited`. Peers keep their rates over reconnects. */
export class CallRates {
  readonly #byPeer: Record<Call, KeyedBuckets>
  readonly #byAddress: Record<Call, KeyedBuckets>
  readonly #claims = buckets(directoryLimits.claimsPerAddress)
  readonly #pushes = {
    byPeer: buckets(directoryLimits.fleetingPerPeer),
    byAddress: buckets(directoryLimits.fleetingPerAddress),
    byRecipient: buckets(directoryLimits.fleetingPerRecipient),
  }
  readonly #deliveries = buckets(directoryLimits.heldPushesPerAddress)
  readonly #sessions = buckets(directoryLimits.sessionsPerPeer)
  readonly #writes = {
    byPeer: buckets(directoryLimits.writesPerPeer),
    byNetwork: buckets(directoryLimits.writesPerAddress),
  }

  constructor() {
    const lookup = buckets(directoryRates.lookup)
    this.#byPeer = { ...all(directoryRates), lookup, lookupHandle: lookup }
    this.#byAddress = all(directoryAddressRates)
  }

  check(call: Call, { peer, address }: Caller): void {
    // The peer's first: what it refuses does not use up what others have at that address.
    if (!this.#byPeer[call].take(peer)) throw tooMany('Too many requests: wait a minute')
    if (!this.#byAddress[call].take(address)) throw tooMany('Too many requests from this address: wait a minute')
  }

  /** For an announcement with a handle that is not the caller's: the answer tells as much as a lookup. */
  checkHandle({ address }: Caller): void {
    if (!this.#byAddress.lookupHandle.take(address)) throw tooMany('Too many handles: wait a minute')
  }

  /** For a handle that becomes the caller's. */
  checkClaim({ address }: Caller): void {
    if (!this.#claims.take(address)) throw tooMany('Too many new handles from this address: wait a day')
  }

  /**
   * For an envelope to one recipient. One that is only pushed (`fleeting`) is not bounded by the store; one that
   * is held is only as long as the recipient does not collect it.
   */
  checkDelivery({ peer, address }: Caller, to: string, fleeting: boolean): void {
    const { byPeer, byAddress, byRecipient } = this.#pushes
    // The narrowest first: neither a peer nor an address can use up what a recipient gets from others.
    const may = fleeting
      ? byPeer.take(`${peer} ${to}`) && byAddress.take(`${address} ${to}`) && byRecipient.take(to)
      : this.#deliveries.take(`${address} ${to}`)
    if (!may) throw tooMany('Too many envelopes for this peer: wait a minute')
  }

  /** For a stream that begins: all that is held for the peer is sent on it. */
  checkSession(peer: string): void {
    if (!this.#sessions.take(peer)) throw tooMany('Too many sessions: wait a minute')
  }

  /** For whatever is added to what the node has on disk. What deletes some of it has been paid for by that. */
  checkWrite({ peer, network }: Caller): void {
    const { byPeer, byNetwork } = this.#writes
    // The peer's own first: so neighbours that store a lot do not lock it out.
    if (byPeer.take(peer) || byNetwork.take(network)) return
    throw tooMany('Too much to store from this address: wait a minute')
  }
}

function buckets(rate: Rate): KeyedBuckets {
  return new KeyedBuckets(rate, () => performance.now())
}

function all<C extends Call>(rates: Readonly<Record<C, Rate>>): Record<C, KeyedBuckets> {
  const entries = Object.entries<Rate>(rates).map(([call, rate]) => [call, buckets(rate)])
  return Object.fromEntries(entries) as Record<C, KeyedBuckets>
}

function tooMany(message: string): QuorumError {
  return new QuorumError('rate-limited', message)
}
