/**
 * Notices that this machine's network may be another one now: its addresses changed, or it slept. It looks at the
 * clocks and the interfaces every few seconds and says so; what to do about it is its owner's business.
 */
import os from 'node:os'
import { pathLimits } from './limits.ts'

const causes = ['addresses', 'sleep'] as const
export type NetworkChange = (typeof causes)[number]

export interface NetworkWatchOptions {
  onChange(cause: NetworkChange): void
  /** Wall clock, in milliseconds: goes on while the machine sleeps. */
  now?: () => number
  /** In milliseconds from any origin; on most systems it stands still while the machine sleeps. */
  monotonic?: () => number
  interfaces?: () => ReturnType<typeof os.networkInterfaces>
  /** Runs `look` every `ms` milliseconds until the returned function is called. */
  every?: (look: () => void, ms: number) => () => void
}

export class NetworkWatch {
  readonly #options: Required<NetworkWatchOptions>
  #end: (() => void) | undefined
  #addresses = ''
  #wall = 0
  #steady = 0

  constructor(options: NetworkWatchOptions) {
    this.#options = {
      now: Date.now,
      monotonic: () => performance.now(),
      interfaces: () => os.networkInterfaces(),
      every: repeat,
      ...options,
    }
  }

  start(): void {
    if (this.#end != null) return
    const { now, monotonic, every } = this.#options
    this.#addresses = this.#read()
    this.#wall = now()
    this.#steady = monotonic()
    this.#end = every(() => this.#look(), pathLimits.networkLook)
  }

  stop(): void {
    this.#end?.()
    this.#end = undefined
  }

  #look(): void {
    const { now, monotonic, onChange } = this.#options
    const [wall, steady, addresses] = [now(), monotonic(), this.#read()]
    const passed = { wall: wall - this.#wall, steady: steady - this.#steady }
    const moved = addresses !== this.#addresses
    this.#wall = wall
    this.#steady = steady
    this.#addresses = addresses
    // Where the steady clock runs on during sleep, this look is late instead. A clock that is put back is no sleep.
    const slept =
      Math.max(passed.wall - passed.steady, passed.steady - pathLimits.networkLook) > pathLimits.sleepNoticed
    if (slept) onChange('sleep')
    else if (moved) onChange('addresses')
  }

  /** Every address that others could use, in a fixed order. Link-local ones come and go with each container. */
  #read(): string {
    return Object.entries(this.#options.interfaces())
      .flatMap(([name, all]) =>
        (all ?? [])
          .filter(({ internal, address }) => !internal && !/^(fe80:|169\.254\.)/i.test(address))
          .map(({ cidr, address }) => `${name} ${cidr ?? address}`),
      )
      .sort()
      .join()
  }
}

function repeat(look: () => void, ms: number): () => void {
  const timer = setInterval(look, ms)
  return () => clearInterval(timer)
}
