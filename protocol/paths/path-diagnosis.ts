/**
 * Why there is no better path to a friend: remembers how the last dials ended, and derives from that the code of an
 * advice (the sentences are in api/advice.ts). It reports kinds of addresses, never the addresses.
 */
import { isPublic, isRelayed, lastPeer } from '../address/address.ts'
import { toError } from '../base/errors.ts'
import type { AdviceCode, DialAttempt, PathKind } from '../api/model.ts'
import type { DirectMode } from '../api/privacy.ts'
import { dialFailure } from '../net/dial-failure.ts'
import { pathLimits } from './limits.ts'

interface Remembered extends DialAttempt {
  /** By a monotonic clock, in milliseconds. */
  at: number
}

export class PathDiagnosis {
  readonly #now: () => number
  readonly #attempts = new Map<string, Map<string, Remembered>>()

  /** `now` in milliseconds, from any monotonic origin. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** Passes `dial` on, and remembers how it ends. `over` aborts when the dial is no longer needed. */
  async watch<T>(address: string, over: AbortSignal, dial: Promise<T>): Promise<T> {
    try {
      const made = await dial
      this.#remember(address, 'connected')
      return made
    } catch (error) {
      this.#remember(address, over.aborted ? 'not-needed' : outcomeOf(toError(error)))
      throw error
    }
  }

  forget(peer: string): void {
    this.#attempts.delete(peer)
  }

  /** How each dial of the last attempt ended: the direct ones first. */
  tried(peer: string): DialAttempt[] {
    const all = [...(this.#attempts.get(peer)?.values() ?? [])]
    const of = (relay: boolean): DialAttempt[] => {
      const some = all.filter(({ kind }) => (kind === 'relay') === relay)
      const newest = Math.max(...some.map(({ at }) => at))
      return some
        .filter(({ at }) => at > newest - pathLimits.attemptSpan)
        .map(({ kind, outcome }) => ({ kind, outcome }))
    }
    return [...of(false), ...of(true)]
  }

  #remember(address: string, outcome: DialAttempt['outcome']): void {
    const peer = lastPeer(address) ?? ''
    const attempts = this.#attempts.get(peer) ?? new Map<string, Remembered>()
    attempts.delete(address)
    attempts.set(address, { kind: kindOf(address), outcome, at: this.#now() })
    for (const oldest of attempts.keys()) if (attempts.size > pathLimits.attemptsRemembered) attempts.delete(oldest)
    this.#attempts.set(peer, attempts)
  }
}

/** What stops a better path; undefined where no path is better. `nodes`: how many this peer is connected to. */
export function adviceCode(
  path: PathKind,
  direct: DirectMode,
  nodes: number,
  tried: readonly DialAttempt[],
): AdviceCode | undefined {
  if (path === 'direct') return undefined
  const ended = (outcome: DialAttempt['outcome'], relay = false): boolean =>
    tried.some((attempt) => attempt.outcome === outcome && (attempt.kind === 'relay') === relay)
  if (path === 'none') {
    if (ended('refused', true)) return 'node-refuses'
    if (ended('wrong-peer', true)) return 'node-misleads'
    if (direct === 'only') return 'direct-only'
    return nodes === 0 ? 'no-node' : 'away'
  }
  if (direct === 'never') return 'direct-off'
  if (direct === 'verified') return 'unverified'
  if (ended('wrong-peer')) return 'moved'
  if (ended('silent')) return 'silent'
  if (ended('refused')) return 'refused'
  return ended('no-route') ? 'no-route' : 'no-address'
}

function kindOf(address: string): DialAttempt['kind'] {
  if (isRelayed(address)) return 'relay'
  return isPublic(address) ? 'public' : 'lan'
}

function outcomeOf(error: Error): DialAttempt['outcome'] {
  // What a relay answers is in the message only.
  if (/NO_RESERVATION/.test(error.message)) return 'away'
  if (/RESOURCE_LIMIT|PERMISSION_DENIED/.test(error.message)) return 'refused'
  const problem = dialFailure(error)
  switch (problem) {
    case 'closed':
      return 'refused'
    case 'unknown-name':
      return 'no-route'
    case 'refused':
    case 'no-route':
    case 'wrong-peer':
    case 'silent':
      return problem
    default:
      return 'failed'
  }
}
