/**
 * The codes of invites (docs/protocol.md, "Invites and codes"): parks the own links at the nodes, and finds the link of
 * a code that a person typed, at the nodes and in the local network at the same time.
 */
import { QuorumError, toError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { firstAnswer } from '../directory/first-answer.ts'
import type { HomeNodes } from '../directory/home-nodes.ts'
import type { DirectorySession } from '../directory/session.ts'
import { ParkedInvite } from '../identity/invite-link.ts'
import type { LanSlots } from '../net/lan/slots.ts'
import type { InviteRow } from '../store/store.ts'
import type { Invites } from './invites.ts'
import { LanCodes } from './lan-codes.ts'

export interface CodesOptions {
  invites: Invites
  nodes: Pick<HomeNodes, 'addresses' | 'session' | 'someSessions'>
  slots: LanSlots
  now: () => number
  log: Log
}

export class Codes {
  readonly lan: LanCodes
  readonly #options: CodesOptions
  /** Cache by code, because deriving slots and key from a code takes a tenth of a second. */
  readonly #parkedInvites = new Map<string, Promise<ParkedInvite>>()

  constructor(options: CodesOptions) {
    const { invites, slots, log } = options
    this.#options = options
    this.lan = new LanCodes({ invites, slots, log, parked: (code) => this.#parked(code) })
  }

  /** There is a new invite: its code works at these nodes, and in the local network. */
  async park(row: InviteRow): Promise<void> {
    const { nodes, log } = this.#options
    this.lan.update()
    try {
      await Promise.all((await nodes.someSessions()).map((session) => this.#park(session, row)))
    } catch (error) {
      // The link works without a node; the code works there after the next session with a node begins.
      log('debug', 'an invite is not parked at any node yet', toError(error))
    }
  }

  /** A session with `node` has begun: parks the newest open invites there, so that their codes work. */
  async parkAll(node: string): Promise<void> {
    const { invites, nodes, log } = this.#options
    try {
      for (const row of invites.newest()) await this.#park(nodes.session(node), row)
    } catch (error) {
      log('debug', 'invites could not be parked', toError(error))
    }
  }

  /** There is nobody to ask for a code: no node, and the local network may not be used. */
  get nobodyToAsk(): boolean {
    return !this.lan.allowed && this.#options.nodes.addresses().length === 0
  }

  /**
   * The first link that the code opens, from a node or from the local network. Errors: `not-found`, `node-unreachable`,
   * `verification-failed` where more than one person answers in the local network.
   */
  async linkOf(code: string): Promise<string> {
    const parked = await this.#parked(code)
    const over = new AbortController()
    const known = async (link: Promise<string | undefined>): Promise<string> => {
      const found = await link
      if (found === undefined) throw this.#notFound()
      return found
    }
    try {
      return await Promise.any([known(this.#atNodes(parked)), known(this.lan.linkOf(parked, over.signal))])
    } catch (error) {
      if (!(error instanceof AggregateError)) throw error
      // Who was not reached may have it.
      const errors = error.errors.map(toError)
      throw errors.find((one) => !(one instanceof QuorumError) || one.code !== 'not-found') ?? this.#notFound()
    } finally {
      over.abort()
    }
  }

  async #atNodes(parked: ParkedInvite): Promise<string | undefined> {
    const { nodes } = this.#options
    if (this.lan.allowed && nodes.addresses().length === 0) return undefined
    return firstAnswer(nodes, async (session) => {
      const sealed = await session.findInvite(parked.slot)
      return sealed == null ? undefined : parked.open(sealed)
    })
  }

  #notFound(): QuorumError {
    const noNode = this.#options.nodes.addresses().length === 0
    if (noNode) return new QuorumError('not-found', 'Nobody in this network has that code: ask for the link instead')
    const who = this.lan.allowed ? 'No node and nobody in this network knows' : 'No node knows'
    return new QuorumError('not-found', `${who} that code: check it, or ask for the link`)
  }

  async #park(session: DirectorySession, row: InviteRow): Promise<void> {
    const { now, log } = this.#options
    try {
      const parked = await this.#parked(row.code)
      await session.postInvite(parked.slot, parked.seal(row.link), row.expiresAt - now())
    } catch (error) {
      // The link works without it; the code is parked again with the next session.
      log('debug', 'an invite could not be parked', toError(error))
    }
  }

  async #parked(code: string): Promise<ParkedInvite> {
    const parked = this.#parkedInvites.get(code) ?? ParkedInvite.fromCode(code)
    this.#parkedInvites.set(code, parked)
    try {
      return await parked
    } catch (error) {
      this.#parkedInvites.delete(code)
      throw error
    }
  }
}
