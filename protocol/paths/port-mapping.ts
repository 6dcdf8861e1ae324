/**
 * Asks the router at home to forward inbound TCP connections to this peer, where the router offers that to its whole
 * network (UPnP or NAT-PMP). It asks rarely, for as long as the peer runs, and never when this peer listens in no
 * private network. A router's answer proves nothing: directory/reachability.ts has a node dial the port before it is
 * announced.
 */
import { isPlainTcp, parseAddress, scopeOf } from '../address/address.ts'
import { toError } from '../base/errors.ts'
import { pathLimits } from './limits.ts'
import type { Log } from '../base/log.ts'
import { closePort, findRouter, openPort } from '../net/nat/upnp-igd.ts'
import { askPort, findGateway, returnPort } from '../net/nat/nat-pmp.ts'
import { pause } from '../base/backoff.ts'

export interface PortMappingOptions {
  /** Own addresses. */
  listening(): readonly string[]
  /** Routers forward other ports than before. */
  onChange(): void
  log: Log
}

interface Mapping {
  outside: number
  close(signal: AbortSignal): Promise<void>
}

export class PortMapping {
  readonly #options: PortMappingOptions
  /** By own address and port. */
  #open = new Map<string, Mapping>()
  #life: AbortController | undefined
  #work: Promise<void> = Promise.resolve()

  constructor(options: PortMappingOptions) {
    this.#options = options
  }

  start(): void {
    if (this.#life != null) return
    this.#life = new AbortController()
    this.#work = this.#keep(this.#life.signal)
  }

  /** Removes the mappings of routers that answer at once; the others end with their lease. */
  async stop(): Promise<void> {
    this.#life?.abort()
    this.#life = undefined
    // A mapping that a router has just granted is removed too.
    await this.#work
    const deadline = AbortSignal.timeout(pathLimits.routerClose)
    const closing = [...this.#open.values()].map((mapping) => mapping.close(deadline))
    this.#open.clear()
    for (const end of await Promise.allSettled(closing)) {
      if (end.status === 'rejected')
        this.#options.log('debug', 'a router did not remove its mapping', toError(end.reason))
    }
  }

  /** The network changed. */
  reset(): void {
    if (this.#life == null) return
    this.#life.abort()
    this.#life = undefined
    this.#open.clear()
    this.start()
  }

  /** Ports that routers forward to this peer, as the routers report them. */
  ports(): number[] {
    return [...new Set([...this.#open.values()].map(({ outside }) => outside))]
  }

  async #keep(signal: AbortSignal): Promise<void> {
    const { listening, log, onChange } = this.#options
    while (!signal.aborted) {
      const open = new Map<string, Mapping>()
      const work = privateListeners(listening()).map(async ({ host, port }) => {
        try {
          const key = `${host}:${port}`
          const mapping = await mapPort(host, port, this.#open.get(key)?.outside ?? port, signal)
          if (mapping !== undefined) open.set(key, mapping)
        } catch (error) {
          log('debug', 'a router forwards no port', toError(error))
        }
      })
      await Promise.all(work)
      if (signal.aborted && this.#life != null) return
      const before = this.ports().join()
      this.#open = open
      if (signal.aborted) return
      if (this.ports().join() !== before) onChange()
      await pause(pathLimits.portRenewed, signal)
    }
  }
}

/** By the protocol that the router speaks; undefined where no router answers. Errors: that of the last refusal. */
async function mapPort(host: string, port: number, wanted: number, signal: AbortSignal): Promise<Mapping | undefined> {
  const [router, gateway] = await Promise.all([findRouter(host, signal), findGateway(host, signal)])
  const protocols: (() => Promise<Mapping>)[] = []
  if (router !== undefined) {
    protocols.push(async () => {
      const outside = await openPort(router, port, wanted, signal)
      return { outside, close: (deadline) => closePort(router, outside, deadline) }
    })
  }
  if (gateway !== undefined) {
    protocols.push(async () => {
      const outside = await askPort(gateway, port, wanted, signal)
      return { outside, close: (deadline) => returnPort(gateway, port, deadline) }
    })
  }
  let refusal: unknown
  for (const map of protocols) {
    try {
      return await map()
    } catch (error) {
      refusal = error
    }
  }
  if (refusal !== undefined) throw toError(refusal)
  return undefined
}

/** Where this peer listens for plain TCP in private IPv4 networks. */
function privateListeners(listening: readonly string[]): { host: string; port: number }[] {
  return listening
    .flatMap((address) => {
      const { family, host = '', port = 0 } = parseAddress(address) ?? {}
      const isPrivate = ['link', 'network'].includes(scopeOf(address))
      return family === 'ip4' && isPlainTcp(address) && isPrivate ? { host, port } : []
    })
    .slice(0, pathLimits.routersAsked)
}
