/**
 * How often circuits may be asked for in vain at a relay: every request makes the relay open a stream to the one asked
 * for, who refuses strangers.
 */
import { KeyedBuckets, type Rate } from '../base/rate-limit.ts'
import { netLimits } from './limits.ts'

export class ConnectRates {
  readonly #bySource = buckets(netLimits.connectsPerSource)
  readonly #byAddress = buckets(netLimits.connectsPerAddress)
  readonly #byPair = buckets(netLimits.connectsPerPair)
  readonly #byTarget = buckets(netLimits.connectsPerTarget)

  /**
   * `source`, a PeerId at `address` (address/quota-key.ts), may ask for `target`, which must have one spelling. Asked
   * for every request, whether the target is there or not: the answer must not tell. Returns what to call when there is
   * a circuit, which makes the request free; undefined if it may not ask.
   */
  take(source: string, address: string, target: string): (() => void) | undefined {
    // The narrowest first: what one of them refuses does not use up what it shares with others.
    const all = [
      [this.#byPair, `${address} ${target}`],
      [this.#bySource, source],
      [this.#byAddress, address],
      [this.#byTarget, target],
    ] as const
    if (!all.every(([rates, key]) => rates.take(key))) return undefined
    return () => {
      for (const [rates, key] of all) rates.give(key)
    }
  }
}

function buckets(rate: Rate): KeyedBuckets {
  return new KeyedBuckets(rate, () => performance.now())
}
