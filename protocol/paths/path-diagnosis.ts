/**
 * Why there is no better path: remembers how the last dials to each friend ended, and says in words what stopped them
 * and what would help. It names kinds of addresses, never the addresses.
 */
import { isPublic, isRelayed, lastPeer } from '../address/address.ts'
import { toError } from '../base/errors.ts'
import type { AdviceCode, DialAttempt, PathKind } from '../api/model.ts'
import { type DirectMode } from '../net/policy.ts'

/** Dials that began within this of the newest, in milliseconds, belong to the same attempt. */
const attempt = 30_000
/** More than one attempt ever makes. */
const remembered = 32

interface Remembered extends DialAttempt {
  /** By a monotonic clock, in milliseconds. */
  at: number
}

export class ConnectionDoctor {
  readonly #now: () => number
  readonly #trials = new Map<string, Map<string, Remembered>>()

  /** `now` in milliseconds, from any monotonic origin. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** Passes `dial` on, and remembers how it ends. `over`: aborts when the dial is not needed any more. */
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
    this.#trials.delete(peer)
  }

  /** How each dial of the last attempt ended: the direct ones first. */
  tried(peer: string): DialAttempt[] {
    const all = [...(this.#trials.get(peer)?.values() ?? [])]
    const of = (relay: boolean): DialAttempt[] => {
      const some = all.filter(({ kind }) => (kind === 'relay') === relay)
      const newest = Math.max(...some.map(({ at }) => at))
      return some.filter(({ at }) => at > newest - attempt).map(({ kind, outcome }) => ({ kind, outcome }))
    }
    return [...of(false), ...of(true)]
  }

  #remember(address: string, outcome: DialAttempt['outcome']): void {
    const peer = lastPeer(address) ?? ''
    const trials = this.#trials.get(peer) ?? new Map<string, Remembered>()
    trials.delete(address)
    trials.set(address, { kind: kindOf(address), outcome, at: this.#now() })
    for (const oldest of trials.keys()) if (trials.size > remembered) trials.delete(oldest)
    this.#trials.set(peer, trials)
  }
}

/** What stops a better path. Nothing where nothing is better. */
export function adviceCode(
  path: PathKind,
  direct: DirectMode,
  nodes: number,
  tried: readonly DialAttempt[],
): AdviceCode | undefined {
  if (path === 'direct') return undefined
  const ended = (outcome: DialAttempt['outcome'], relay = false): boolean =>
    tried.some((trial) => trial.outcome === outcome && (trial.kind === 'relay') === relay)
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

/** One plain sentence each: what stopped a better path, and what would help. */
export const advice: Readonly<Record<AdviceCode, string>> = {
  'node-refuses': 'The node refuses to carry the conversation: a second node that both of you use would help.',
  'node-misleads': 'The node connects you to somebody else than your friend, which is refused: use another node.',
  'direct-only': 'Only direct paths are allowed here: allowing nodes would help where none of their addresses answers.',
  'no-node': 'None of your nodes answers: check your network, or add another node.',
  away: 'They are most likely offline: as soon as they are back, you are connected without doing anything.',
  'direct-off': 'Direct paths are switched off here: only allowing them would make the path shorter.',
  unverified: 'Direct paths are for verified friends here: comparing the safety number with them would allow one.',
  moved: 'Somebody else answers where they used to be: it mends itself when they tell their new address.',
  silent:
    'A router or firewall lets nothing through to them: a port forwarded to Quorum at one of your two routers would help.',
  refused:
    'Their machine refuses the connection: a firewall rule for Quorum there, or starting Quorum anew, would help.',
  'no-route':
    'Your network has no way to their addresses: being in the same network, or a port forwarded at one of your two routers, would help.',
  'no-address':
    'They have no address that can be dialled from here: a port forwarded to Quorum at one of your two routers would help.',
  limited:
    'The node carries little at a time: large files are slow now, or can wait for a direct path or another node.',
}

function kindOf(address: string): DialAttempt['kind'] {
  if (isRelayed(address)) return 'relay'
  return isPublic(address) ? 'public' : 'lan'
}

/** Errors of transports come with codes, names and words, each with its own. */
function outcomeOf(error: Error): DialAttempt['outcome'] {
  const text = `${'code' in error ? String(error.code) : ''} ${error.name} ${error.message}`
  if (/NO_RESERVATION/.test(text)) return 'away'
  if (/RESOURCE_LIMIT|PERMISSION_DENIED|ECONNREFUSED|ECONNRESET|EPIPE/.test(text)) return 'refused'
  if (/ENETUNREACH|EHOSTUNREACH|EADDRNOTAVAIL|ENETDOWN|ENOTFOUND|EAI_AGAIN/.test(text)) return 'no-route'
  if (/UnexpectedPeerError|InvalidCryptoExchange|does not match|unexpected (remote )?peer/i.test(text))
    return 'wrong-peer'
  if (/in time|Timeout|ETIMEDOUT/i.test(text)) return 'silent'
  return 'failed'
}
