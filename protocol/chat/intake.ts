/**
 * How much of what one friend writes is taken: so many new bytes a day, as long as the disk has room, and not faster
 * than they can be stored. What is not taken is not acknowledged, so it waits on the friend's side, and nothing is lost
 * (docs/protocol.md, "/quorum/chat/1.0.0", Flow).
 */
import { isDiskFull } from '../base/disk-floor.ts'
import type { HeldReason } from '../api/model.ts'
import { TokenBucket } from '../base/rate-limit.ts'
import type { Conversation as Position, Store } from '../store/store.ts'
import { chatLimits } from './limits.ts'

/** The part of a position that counts what was taken: it is stored, because a restart brings no new allowance. */
type Allowance = Pick<Position, 'taken' | 'takenAt'>

export class Intake {
  readonly #store: Pick<Store, 'space'>
  /** Milliseconds since the epoch. */
  readonly #now: () => number
  /** Per friend, as the allowance: a new stream brings no new one. */
  readonly #arriving: TokenBucket

  /** `clock`: milliseconds, monotonic. */
  constructor(store: Pick<Store, 'space'>, now: () => number, clock: () => number) {
    this.#store = store
    this.#now = now
    this.#arriving = new TokenBucket(chatLimits.chatArriving, clock)
  }

  /** Divides frames that have arrived into parts, each of which is stored at once. */
  parts(frames: readonly Uint8Array[]): Uint8Array[][] {
    const parts: Uint8Array[][] = []
    let left = 0
    for (const frame of frames) {
      const cost = costOf(frame.byteLength)
      if (cost > left) {
        parts.push([])
        left = chatLimits.chatTogether
      }
      parts.at(-1)?.push(frame)
      left -= cost
    }
    return parts
  }

  /** Milliseconds to wait before frames of these lengths, which have arrived, are looked at; 0 counts them. */
  wait(lengths: readonly number[]): number {
    const cost = Math.min(
      chatLimits.chatArriving.tokens,
      lengths.reduce((sum, length) => sum + costOf(length), 0),
    )
    const wait = this.#arriving.wait(cost)
    if (wait === 0) this.#arriving.take(cost)
    return wait
  }

  /** Why a new message of `bytes` is not taken, or the allowance once it is. `offer`: it offers files. */
  admit(allowance: Allowance, bytes: number, offer = false): { held: HeldReason } | { allowance: Allowance } {
    if (this.#diskFull()) return { held: 'disk-full' }
    const { taken, takenAt } = this.#left(allowance)
    const after = taken + costOf(bytes) + (offer ? chatLimits.offerCost : 0)
    return after > chatLimits.chatNewBytes.tokens ? { held: 'too-much' } : { allowance: { taken: after, takenAt } }
  }

  /** What was held may be sent again: the disk has room, and enough of the allowance is back. */
  recovered(allowance: Allowance): boolean {
    return !this.#diskFull() && this.#left(allowance).taken <= chatLimits.chatNewBytes.tokens * chatLimits.heldUntil
  }

  /** `allowance` with what came back until now. */
  #left({ taken, takenAt }: Allowance): Allowance {
    const { tokens, per } = chatLimits.chatNewBytes
    const now = this.#now()
    // A clock that was set back gives nothing back, and takes nothing.
    return { taken: Math.max(0, taken - (Math.max(0, now - takenAt) * tokens) / per), takenAt: now }
  }

  #diskFull(): boolean {
    return isDiskFull(this.#store.space())
  }
}

/** What a message of `bytes` takes on the disk, and takes of the processor in proportion: the search has most of it. */
function costOf(bytes: number): number {
  return bytes + chatLimits.searchCost * Math.min(bytes, chatLimits.searchedBytes) + chatLimits.messageCost
}
