/**
 * Has the router at home pass calls on to us, where it offers that to everybody in its network (UPnP or NAT-PMP). It
 * asks for as long as the peer runs, rarely, and says nothing where we listen in no private network. What a router
 * promises proves nothing: directory/reachability.ts has a node dial it before anybody is told.
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
  /** Routers pass on other ports now, or make a promise anew. */
  onChange(): void
  log: Log
}

interface Mapping {
  outside: number
  close(signal: AbortSignal): Promise<void>
}

export class PortMapping {
  readonly #options: PortMappingOptions
  /** By our address and port. */
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

  /** Takes back what can be taken back in a moment; the rest ends with its lease. */
  async stop(): Promise<void> {
    this.#life?.abort()
    this.#life = undefined
    // What a router has just promised is taken back too.
    await this.#work
    const moment = AbortSignal.timeout(pathLimits.routerGoodbye)
    const closing = [...this.#open.values()].map((mapping) => mapping.close(moment))
    this.#open.clear()
    for (const end of await Promise.allSettled(closing)) {
      if (end.status === 'rejected') this.#options.log('debug', 'a router did not hear us out', toError(end.reason))
    }
  }

  /** The network is another one. */
  reset(): void {
    if (this.#life == null) return
    this.#life.abort()
    this.#life = undefined
    this.#open.clear()
    this.start()
  }

  /** Ports of routers that they pass on to us, as they say. */
  ports(): number[] {
    return [...new Set([...this.#open.values()].map(({ outside }) => outside))]
  }

  async #keep(signal: AbortSignal): Promise<void> {
    const { listening, log, onChange } = this.#options
    while (!signal.aborted) {
      const open = new Map<string, Mapping>()
      const work = insides(listening()).map(async ({ host, port }) => {
        try {
          const key = `${host}:${port}`
          const mapping = await mapPort(host, port, this.#open.get(key)?.outside ?? port, signal)
          if (mapping !== undefined) open.set(key, mapping)
        } catch (error) {
          log('debug', 'a router does not pass calls on', toError(error))
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

/** By whatever the router speaks; undefined where there is none that does. Errors: those of the last that refused. */
async function mapPort(host: string, port: number, wanted: number, signal: AbortSignal): Promise<Mapping | undefined> {
  const [router, gateway] = await Promise.all([findRouter(host, signal), findGateway(host, signal)])
  const ways: (() => Promise<Mapping>)[] = []
  if (router !== undefined) {
    ways.push(async () => {
      const outside = await openPort(router, port, wanted, signal)
      return { outside, close: (moment) => closePort(router, outside, moment) }
    })
  }
  if (gateway !== undefined) {
    ways.push(async () => {
      const outside = await askPort(gateway, port, wanted, signal)
      return { outside, close: (moment) => returnPort(gateway, port, moment) }
    })
  }
  let refusal: unknown
  for (const way of ways) {
    try {
      return await way()
    } catch (error) {
      refusal = error
    }
  }
  if (refusal !== undefined) throw toError(refusal)
  return undefined
}

/** Where we listen for plain TCP in private networks of IPv4. */
function insides(listening: readonly string[]): { host: string; port: number }[] {
  return listening
    .flatMap((address) => {
      const { family, host = '', port = 0 } = parseAddress(address) ?? {}
      const isPrivate = ['link', 'network'].includes(scopeOf(address))
      return family === 'ip4' && isPlainTcp(address) && isPrivate ? { host, port } : []
    })
    .slice(0, pathLimits.routersAsked)
}
