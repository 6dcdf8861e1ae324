/**
 * Starts and stops the parts of a running peer that depend on the privacy choices: listening, hole punches, the port
 * mapping at the router, the search of the local network, codes there, and the announcements to friends and nodes.
 * Policy and conversations read the choices at each use, so they are not restarted here. This file stores no choice:
 * identity/privacy-in-force.ts does.
 */
import type { LanCodes } from './friend/lan-codes.ts'
import type { LanDiscovery } from './paths/lan-discovery.ts'
import type { Paths } from './paths/paths.ts'
import type { PortMapping } from './paths/port-mapping.ts'
import type { Privacy } from './api/privacy.ts'
import type { Reachability } from './directory/reachability.ts'

export interface PrivacyRulesOptions {
  servePunches(): Promise<void>
  refusePunches(): Promise<void>
  listen(): Promise<void>
  stopListening(): Promise<void>
  /** Searches the local network by multicast DNS until the returned function is called. */
  search(): Promise<() => Promise<void>>
  lanCodes: Pick<LanCodes, 'allow'>
  lanDiscovery: Pick<LanDiscovery, 'reset'>
  portMapping: Pick<PortMapping, 'start' | 'stop'>
  reachability: Pick<Reachability, 'reset'>
  paths: Pick<Paths, 'endHolePunches' | 'rulesChanged'>
  /** Announces the current addresses to friends and nodes. */
  tell(): Promise<void>
}

export class PrivacyRules {
  readonly #options: PrivacyRulesOptions
  #endSearch: (() => Promise<void>) | undefined
  #stopped = false

  constructor(options: PrivacyRulesOptions) {
    this.#options = options
  }

  /** Called at the start of the peer. The network already listens if `now` allows it. */
  async start(now: Privacy): Promise<void> {
    // A hole punch reveals the own address, so a peer that hides it does not offer the protocol.
    if (now.direct !== 'never') await this.#options.servePunches()
    await this.#optional(now)
  }

  /** First stops the parts that reveal more than `now` allows. Errors: those of closing a socket or the multicast. */
  async change(now: Privacy, before: Privacy): Promise<void> {
    const { listen, stopListening, servePunches, refusePunches, reachability, paths, tell } = this.#options
    if (this.#stopped) return
    if (now.direct !== before.direct || now.lan !== before.lan) {
      const hides = now.direct === 'never'
      const punched = paths.endHolePunches()
      if (hides) await Promise.all([stopListening(), refusePunches()])
      else if (before.direct === 'never') await Promise.all([listen(), servePunches()])
      await this.#optional(now)
      await Promise.all([punched, paths.rulesChanged(now.lan)])
      if (now.direct !== before.direct) reachability.reset()
      await tell()
    } else {
      await this.#optional(now)
      // The hello contains the read position.
      if (now.readReceipts !== before.readReceipts) await tell()
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true
    const { portMapping, lanCodes } = this.#options
    await Promise.all([portMapping.stop(), lanCodes.allow(false), this.#search(false)])
  }

  async #optional(now: Privacy): Promise<void> {
    const { portMapping, lanCodes } = this.#options
    if (now.upnp && now.direct !== 'never') portMapping.start()
    else await portMapping.stop()
    // Who asks or answers there shows its address to strangers.
    const nearby = now.lan && now.direct !== 'never' && now.direct !== 'verified'
    await Promise.all([lanCodes.allow(nearby), this.#search(now.mdns && nearby)])
  }

  async #search(wanted: boolean): Promise<void> {
    const end = this.#endSearch
    if (wanted === (end !== undefined)) return
    if (end === undefined) {
      this.#endSearch = await this.#options.search()
      return
    }
    await end()
    this.#endSearch = undefined
    this.#options.lanDiscovery.reset()
  }
}
