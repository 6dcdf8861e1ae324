/**
 * Codes in the local network (docs/protocol.md, "Codes in the local network"): answers those who ask for the code of an
 * open invite, and asks for the code that a person typed. Nothing of it while the privacy choices do not allow it, and
 * no socket is open without an open invite or a question.
 */
import { QuorumError, toError } from '../base/errors.ts'
import { later } from '../base/backoff.ts'
import type { Log } from '../base/log.ts'
import { inviteFromLink, type ParkedInvite } from '../identity/invite-link.ts'
import type { LanSlots } from '../net/lan/slots.ts'
import { slotText } from '../net/lan/slot-records.ts'
import { netLimits } from '../net/limits.ts'
import type { InviteRow } from '../store/store.ts'
import type { Invites } from './invites.ts'
import { friendLimits } from './limits.ts'

export interface LanCodesOptions {
  invites: Pick<Invites, 'newest' | 'isOpen' | 'currentLink'>
  slots: Pick<LanSlots, 'answer' | 'ask'>
  /** The slots and the key of a code. */
  parked(code: string): Promise<ParkedInvite>
  log: Log
}

interface Answered {
  row: InviteRow
  parked: ParkedInvite
}

export class LanCodes {
  readonly #options: LanCodesOptions
  #allowed = false
  /** Aborted when the local network may not be used any more. */
  #forbidden = new AbortController()
  #work = Promise.resolve()
  /** The own invites that are answered for, by slot. */
  #answered = new Map<string, Answered>()
  #end: (() => Promise<void>) | undefined
  #renewal: NodeJS.Timeout | undefined

  constructor(options: LanCodesOptions) {
    this.#options = options
  }

  get allowed(): boolean {
    return this.#allowed
  }

  /** What the privacy choices allow. When it forbids, nothing is sent and no socket is open once it returns. */
  async allow(allowed: boolean): Promise<void> {
    if (allowed === this.#allowed) return
    this.#allowed = allowed
    this.#forbidden.abort()
    this.#forbidden = new AbortController()
    this.update()
    // To derive slots takes a while, and nothing waits for it.
    if (!allowed) await this.#work
  }

  /** There may be other open invites than before. */
  update(): void {
    this.#work = this.#work.then(() => this.#update())
  }

  /** This machine may be in other networks than before. */
  networkChanged(): void {
    this.#work = this.#work.then(() => this.#close())
    this.update()
  }

  /**
   * The link that somebody in the local network has for this code; undefined if nobody answers, or this peer may not
   * ask. Errors: `verification-failed` if more than one person answers.
   */
  async linkOf(parked: ParkedInvite, signal: AbortSignal): Promise<string | undefined> {
    if (!this.#allowed) return undefined
    const answered = new AbortController()
    const over = AbortSignal.any([signal, this.#forbidden.signal, answered.signal])
    const links = new Map<string, string>()
    const found = (sealed: Uint8Array): void => {
      const opened = openedBy(parked, sealed)
      if (opened === undefined) return
      if (links.size === 0) later(netLimits.slotContradiction, over, () => answered.abort())
      if (links.size < 2) links.set(opened.author, opened.link)
    }
    await this.#options.slots.ask(parked.lanSlot, found, over)
    answered.abort()
    if (links.size > 1) {
      throw new QuorumError(
        'verification-failed',
        'More than one person in this network answers for that code: ask for the link instead',
      )
    }
    return links.values().next().value
  }

  async #update(): Promise<void> {
    try {
      const open = this.#allowed ? this.#options.invites.newest() : []
      if (open.length === 0) await this.#close()
      else await this.#answer(open)
    } catch (error) {
      this.#options.log('debug', 'codes are not answered in the local network', toError(error))
    }
  }

  async #answer(open: readonly InviteRow[]): Promise<void> {
    const { parked, slots } = this.#options
    const answered = new Map<string, Answered>()
    for (const row of open) {
      if (!this.#allowed) return
      const one = { row, parked: await parked(row.code) }
      answered.set(slotText(one.parked.lanSlot), one)
      // It may be read aloud before the slots of older ones are known.
      this.#answered.set(slotText(one.parked.lanSlot), one)
    }
    this.#answered = answered
    if (!this.#allowed || this.#end !== undefined) return
    this.#end = await slots.answer((slot) => {
      const asked = this.#allowed ? this.#answered.get(slot) : undefined
      return asked === undefined ? undefined : () => this.#sealed(asked)
    })
    this.#renewal = setInterval(() => this.update(), friendLimits.lanCodesRenewed)
  }

  #sealed({ row, parked }: Answered): Uint8Array | undefined {
    const { invites, log } = this.#options
    try {
      return invites.isOpen(row) ? parked.seal(invites.currentLink(row)) : undefined
    } catch (error) {
      log('warn', 'a code cannot be answered in the local network', toError(error))
      return undefined
    }
  }

  async #close(): Promise<void> {
    clearInterval(this.#renewal)
    this.#answered.clear()
    const end = this.#end
    this.#end = undefined
    await end?.()
  }
}

/** The link in `sealed` and its author; undefined if it is none of this code. */
function openedBy(parked: ParkedInvite, sealed: Uint8Array): { link: string; author: string } | undefined {
  try {
    const link = parked.open(sealed)
    return { link, author: inviteFromLink(link).peer }
  } catch (error) {
    if (error instanceof QuorumError) return undefined
    throw error
  }
}
