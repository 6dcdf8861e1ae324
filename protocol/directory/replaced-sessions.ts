/**
 * Notices that another copy of this profile runs. A node keeps one session for each PeerId: a newer one ends the older,
 * on a connection that stays open. An own newer session begins only after the older has ended, so one that the node
 * ends again and again in this way was replaced by somebody else with the same key.
 */
import type { ErrorData } from '../base/errors.ts'
import { directoryLimits } from './limits.ts'

export class ReplacedSessions {
  readonly #onWarning: (warning: ErrorData) => void
  readonly #now: () => number
  #times: number[] = []
  #warned = false

  /** `now`: milliseconds, monotonic. */
  constructor(onWarning: (warning: ErrorData) => void, now: () => number = () => performance.now()) {
    this.#onWarning = onWarning
    this.#now = now
  }

  /**
   * The node ended a session, and not its connection. Warns once when the profile seems to run twice. Returns whether
   * to stay away: one session later, which ends one more of the other copy, so that its person is told, too.
   */
  ended(): boolean {
    const { most, within } = directoryLimits.sessionsReplaced
    const now = this.#now()
    this.#times = [...this.#times.filter((time) => now - time < within), now].slice(-most - 1)
    if (this.#times.length < most) return false
    if (!this.#warned) {
      const message = 'This profile seems to run twice, here and elsewhere: stop one of the two, or messages go astray'
      this.#onWarning({ code: 'profile-twice', message })
    }
    this.#warned = true
    return this.#times.length > most
  }
}
