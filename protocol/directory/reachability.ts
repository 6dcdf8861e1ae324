/**
 * Whether this peer can be dialled from the internet: its nodes try it (docs/protocol.md, Reachability). An address
 * counts only when a node has dialled it back; an address of a private network proves nothing about the internet,
 * either way.
 */
import { hostPart, isPlainTcp, isPublic, parseAddress } from '../address/address.ts'
import type { Self } from '../api/calls.ts'
import type { DirectorySession } from './session.ts'
import { toError } from '../base/errors.ts'
import { directoryLimits } from './limits.ts'
import type { Log } from '../base/log.ts'

export interface ReachabilityOptions {
  /** Sessions with this peer's nodes; none while direct connections are off. */
  sessions(): Pick<DirectorySession, 'node' | 'reachable'>[]
  /** Own addresses. */
  listening(): readonly string[]
  /** External ports that a router has mapped to this peer, by its own account. */
  mapped(): readonly number[]
  /** The confirmed addresses have changed. */
  onChange(): void
  log: Log
}

export class Reachability {
  readonly #options: ReachabilityOptions
  /** By PeerId of the node: the public addresses that it dialled back, empty if it reached none. */
  #found = new Map<string, string[]>()
  #asked = new WeakSet<object>()
  #timer: NodeJS.Timeout | undefined

  constructor(options: ReachabilityOptions) {
    this.#options = options
  }

  start(): void {
    this.#timer ??= setInterval(() => this.recheck(), directoryLimits.reachabilityRecheck)
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  get state(): Self['reachable'] {
    if (this.#found.size === 0) return 'unknown'
    return this.addresses().length === 0 ? 'private' : 'public'
  }

  /** Public addresses that at least one node dialled back. */
  addresses(): string[] {
    return [...new Set([...this.#found.values()].flat())]
  }

  /** Asks the nodes that have not been asked yet. */
  check(): void {
    for (const session of this.#options.sessions()) {
      if (this.#asked.has(session)) continue
      this.#asked.add(session)
      void this.#ask(session)
    }
  }

  /** Asks all nodes again. Until they answer, their last answers count. */
  recheck(): void {
    this.#asked = new WeakSet()
    this.check()
  }

  /** The network has changed: earlier answers are void. */
  reset(): void {
    this.#asked = new WeakSet()
    this.#replace(new Map())
    this.check()
  }

  async #ask(session: Pick<DirectorySession, 'node' | 'reachable'>): Promise<void> {
    const { listening, mapped, log } = this.#options
    const before = this.#asked
    const ports = new Set([
      ...mapped(),
      ...listening()
        .filter(isPlainTcp)
        .flatMap((address) => parseAddress(address)?.port ?? []),
    ])
    try {
      const answers = await Promise.all(
        [...ports]
          .slice(0, directoryLimits.portsChecked)
          .map(async (port) => ({ port, ...(await session.reachable(port)) })),
      )
      // The answers are about the network before a reset.
      if (before !== this.#asked) return
      const observed = answers.flatMap(({ reachable, observedAddress, port }) => {
        const address = publicAddress(observedAddress, port)
        return address == null ? [] : { reachable, address }
      })
      if (observed.length === 0) return
      const dialled = observed.flatMap(({ reachable, address }) => (reachable ? address : []))
      this.#replace(new Map([...this.#found, [session.node, dialled]]))
    } catch (error) {
      // An older node, or one that is gone: no answer changes nothing.
      log('debug', 'a node did not answer whether this peer is reachable', toError(error))
    }
  }

  #replace(found: Map<string, string[]>): void {
    const before = this.addresses().join()
    this.#found = found
    if (this.addresses().join() !== before) this.#options.onChange()
  }
}

/** The host that a node observed, with this peer's port; `undefined` for a private one. */
function publicAddress(observed: string, port: number): string | undefined {
  const host = hostPart(observed)
  const address = `${host}/tcp/${port}`
  return host !== undefined && isPublic(address) ? address : undefined
}
