/**
 * Whether others can dial this peer from the internet: asked of our nodes, who try it. An address counts only when a
 * node has dialled it back; one in a private network proves nothing about the internet, either way.
 */
import { hostPart, isPlainTcp, isPublic, parseAddress } from '../address/address.ts'
import type { Self } from '../api/calls.ts'
import type { DirectorySession } from './session.ts'
import { toError } from '../base/errors.ts'
import { directoryLimits } from './limits.ts'
import type { Log } from '../base/log.ts'

export interface ReachabilityOptions {
  /** Sessions with our nodes; none where nobody is to dial us. */
  sessions(): Pick<DirectorySession, 'node' | 'reachable'>[]
  /** Own addresses. */
  listening(): readonly string[]
  /** Ports that a router says it passes on to us. */
  mapped(): readonly number[]
  /** The confirmed addresses are others now. */
  onChange(): void
  log: Log
}

/** Ports tried at one node: one of a router, and one for each version of IP. */
const portsTried = 3

export class Reachability {
  readonly #options: ReachabilityOptions
  /** By node: the public addresses that it dialled back; none if it could not. */
  #found = new Map<string, string[]>()
  #asked = new WeakSet<object>()
  #again: NodeJS.Timeout | undefined

  constructor(options: ReachabilityOptions) {
    this.#options = options
  }

  start(): void {
    this.#again ??= setInterval(() => this.recheck(), directoryLimits.reachableAgain)
  }

  stop(): void {
    clearInterval(this.#again)
    this.#again = undefined
  }

  get state(): Self['reachable'] {
    if (this.#found.size === 0) return 'unknown'
    return this.addresses().length === 0 ? 'private' : 'public'
  }

  /** Public addresses that a node dialled back. */
  addresses(): string[] {
    return [...new Set([...this.#found.values()].flat())]
  }

  /** Asks the nodes that have not been asked. */
  check(): void {
    for (const session of this.#options.sessions()) {
      if (this.#asked.has(session)) continue
      this.#asked.add(session)
      void this.#ask(session)
    }
  }

  /** Asks all of them again. Until they answer, what they said holds. */
  recheck(): void {
    this.#asked = new WeakSet()
    this.check()
  }

  /** The network is another one: what was found is worth nothing. */
  reset(): void {
    this.#asked = new WeakSet()
    this.#learn(new Map())
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
        [...ports].slice(0, portsTried).map(async (port) => ({ port, ...(await session.reachable(port)) })),
      )
      // Of the network before this one.
      if (before !== this.#asked) return
      const told = answers.flatMap(({ reachable, observedAddress, port }) => {
        const address = at(observedAddress, port)
        return address == null ? [] : { reachable, address }
      })
      if (told.length === 0) return
      const dialled = told.flatMap(({ reachable, address }) => (reachable ? address : []))
      this.#learn(new Map([...this.#found, [session.node, dialled]]))
    } catch (error) {
      // An older node, or one that is gone: it has said nothing.
      log('debug', 'a node could not say whether this peer is reachable', toError(error))
    }
  }

  #learn(found: Map<string, string[]>): void {
    const before = this.addresses().join()
    this.#found = found
    if (this.addresses().join() !== before) this.#options.onChange()
  }
}

/** The host that a node saw, with our port; `undefined` for a private one. */
function at(observed: string, port: number): string | undefined {
  const host = hostPart(observed)
  const address = `${host}/tcp/${port}`
  return host !== undefined && isPublic(address) ? address : undefined
}
