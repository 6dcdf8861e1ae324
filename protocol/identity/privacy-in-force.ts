/**
 * The privacy choices in force in a running peer: the stored ones, replaced for this run by the options of its start.
 * A change is stored and every rule uses it in the same step. `apply` then stops or starts the running parts (sockets,
 * dials, announcements). Until `apply` has finished, `holds` returns the less private of the old and the new value, so
 * that a privacy is never reported that is not in effect yet.
 */
import { lessPrivate, usualPrivacy, type Privacy, type PrivacyPatch } from '../api/privacy.ts'
import type { Settings } from './settings.ts'

export interface PrivacyInForceOptions {
  settings: Settings
  /** Replace the stored choices for this run; not stored. */
  given: PrivacyPatch
  /** Makes the running parts follow `now`; rejects if a part could not be stopped. */
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

  /** The choices that every rule uses. */
  get now(): Privacy {
    return this.#now
  }

  /** The choices that are certainly in effect. */
  get holds(): Privacy {
    return lessPrivate(this.#now, this.#least)
  }

  /**
   * Stores the choice and puts it in force, also if the options of this run have another value. Resolves when it is in
   * effect. Changes run one after another. Errors: those of the store, and nothing has changed; those of `apply`, and
   * the choice is stored, while `holds` returns the choices that are still in effect.
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
