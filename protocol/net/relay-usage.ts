/**
 * How much a relay carries for others: since the start, and since midnight (UTC) in all, for each peer and for each
 * address. A day's amount may be bounded. Peers and addresses are counted under digests whose key is only in memory, so
 * that the counts show how concentrated the use is, and nobody's name.
 */
import { createHmac, randomBytes } from 'node:crypto'
import { day } from '../base/units.ts'
import { netLimits } from './limits.ts'

/** Bytes relayed in one day, UTC. */
export interface RelayedDay {
  /** Days since the epoch. */
  day: number
  bytes: number
}

export interface RelayUsageOptions {
  /** Bytes that may be relayed in a day. */
  perDay?: number | undefined
  /** What an earlier run relayed, last. */
  before?: RelayedDay | undefined
  /** Milliseconds since the epoch. */
  now?: () => number
  /** The day's amount is used up, or there is one again. */
  onSpent?: (spent: boolean) => void
}

/** How the bytes of today are spread over those who had them, counted at both ends of each circuit. */
export interface RelayShares {
  /** How many had more than so many bytes, by the bounds of `netLimits.relayedMore`. */
  more: { [bytes: string]: number }
  /** Part of all bytes, 0 to 1, of the so many with most, by the numbers of `netLimits.relayedTop`. */
  top: { [most: string]: number }
}

export class RelayUsage {
  readonly #perDay: number
  readonly #now: () => number
  readonly #onSpent: (spent: boolean) => void
  readonly #key = randomBytes(16)
  readonly #byPeer = new Map<string, number>()
  readonly #byAddress = new Map<string, number>()
  #total = 0
  #today: RelayedDay
  #spent = false

  constructor({ perDay = Infinity, before, now = Date.now, onSpent = () => {} }: RelayUsageOptions = {}) {
    this.#perDay = perDay
    this.#now = now
    this.#onSpent = onSpent
    this.#today = { day: dayOf(now()), bytes: 0 }
    if (before?.day === this.#today.day) this.#count(before.bytes)
  }

  /** Bytes since the start, both directions. */
  get total(): number {
    return this.#total
  }

  get today(): RelayedDay {
    this.#turn()
    return { ...this.#today }
  }

  /** The day's amount is used up. */
  get spent(): boolean {
    this.#turn()
    return this.#spent
  }

  get shares(): { peers: RelayShares; addresses: RelayShares } {
    this.#turn()
    return { peers: sharesOf(this.#byPeer), addresses: sharesOf(this.#byAddress) }
  }

  /** Counts for a circuit between these: a function that is called with the bytes that it carries. */
  meter(peers: readonly string[], addresses: readonly string[]): (bytes: number) => void {
    const digest = (name: string): string => createHmac('sha256', this.#key).update(name).digest('base64')
    const [ofPeers, ofAddresses] = [peers, addresses].map((names) => [...new Set(names.map(digest))])
    return (bytes) => {
      this.#turn()
      this.#total += bytes
      for (const one of ofPeers ?? []) add(this.#byPeer, one, bytes)
      for (const one of ofAddresses ?? []) add(this.#byAddress, one, bytes)
      this.#count(bytes)
    }
  }

  #count(bytes: number): void {
    this.#today.bytes += bytes
    if (this.#spent || this.#today.bytes < this.#perDay) return
    this.#spent = true
    this.#onSpent(true)
  }

  /** A new day. */
  #turn(): void {
    const now = dayOf(this.#now())
    if (now === this.#today.day) return
    this.#today = { day: now, bytes: 0 }
    this.#byPeer.clear()
    this.#byAddress.clear()
    if (!this.#spent) return
    this.#spent = false
    this.#onSpent(false)
  }
}

function dayOf(time: number): number {
  return Math.floor(time / day)
}

/** Of more than are counted one by one, who comes later is not: identities cost nothing. */
function add(counts: Map<string, number>, name: string, bytes: number): void {
  const before = counts.get(name)
  if (before === undefined && counts.size >= netLimits.relayedCounted) return
  counts.set(name, (before ?? 0) + bytes)
}

function sharesOf(counts: ReadonlyMap<string, number>): RelayShares {
  const sizes = Float64Array.from(counts.values()).sort().toReversed()
  const sum = (some: Float64Array): number => some.reduce((total, bytes) => total + bytes, 0)
  const all = sum(sizes)
  return {
    more: Object.fromEntries(netLimits.relayedMore.map((bound) => [bound, sizes.filter((one) => one > bound).length])),
    top: Object.fromEntries(
      netLimits.relayedTop.map((most) => [most, all === 0 ? 0 : sum(sizes.subarray(0, most)) / all]),
    ),
  }
}
