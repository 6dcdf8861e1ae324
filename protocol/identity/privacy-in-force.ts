/**
 * The privacy that a running peer obeys: what the profile keeps, replaced for this run by what was given at its start.
 * A change is stored and obeyed by every rule in the same step; what runs already (sockets, dials, announcements) is
 * then ended or begun by `apply`. Until that is done, `holds` says the less private of the two: nothing is reported
 * that is not obeyed.
 */
import { lessPrivate, usualPrivacy, type Privacy, type PrivacyPatch } from '../api/privacy.ts'
import type { Settings } from './settings.ts'

export interface PrivacyInForceOptions {
  settings: Settings
  /** For this run, over what the profile keeps; not stored. */
  given: PrivacyPatch
  /** Makes what runs obey `now`; rejects when something could not be ended. */
  apply(now: Privacy, before: Privacy): Promise<void>
}

export class PrivacyInForce {
  readonly #options: PrivacyInForceOptions
  #given: PrivacyPatch
  #now: Privacy
  /** The least private that may still be in effect. */
  #least: Privacy
  #work: Promise<unknown> = Promise.resolve()

  constructor(options: PrivacyInForceOptions) {
    this.#options = options
    this.#given = options.given
    this.#now = this.#chosen()
    this.#least = this.#now
  }

  /** What every rule goes by. */
  get now(): Privacy {
    return this.#now
  }

  /** What is obeyed in fact. */
  get holds(): Privacy {
    return lessPrivate(this.#now, this.#least)
  }

  /**
   * Keeps the choice and obeys it, also where another value was given for this run; resolves when it holds. Changes
   * come one after another. Errors: those of the store, then nothing has changed; those of `apply`, then it is kept,
   * and `holds` tells what is still in effect.
   */
  change(patch: PrivacyPatch): Promise<void> {
    const done = this.#work.then(() => this.#change(patch))
    this.#work = done.catch(() => undefined)
    return done
  }

  async #change(patch: PrivacyPatch): Promise<void> {
    this.#options.settings.choosePrivacy(patch)
    const before = this.#least
    const given = Object.entries(this.#given).filter(([name]) => !(name in patch))
    this.#given = Object.fromEntries(given) as PrivacyPatch
    this.#now = this.#chosen()
    this.#least = lessPrivate(before, this.#now)
    await this.#options.apply(this.#now, before)
    this.#least = this.#now
  }

  #chosen(): Privacy {
    return { ...usualPrivacy, ...this.#options.settings.privacy().chosen, ...this.#given }
  }
}
