/**
 * Notices that this machine's network may have changed: its addresses are others, or it slept. It compares clocks and
 * interfaces every few seconds and reports a change; its owner decides what to do.
 */
import os from 'node:os'
import { pathLimits } from './limits.ts'

export type NetworkChange = 'addresses' | 'sleep'

export interface NetworkWatchOptions {
  onChange(cause: NetworkChange): void
  /** Wall clock, in milliseconds: it advances while the machine sleeps. */
  now?: () => number
  /** In milliseconds from any origin; on most systems it stops while the machine sleeps. */
  monotonic?: () => number
  interfaces?: () => ReturnType<typeof os.networkInterfaces>
  /** Runs `check` every `ms` milliseconds until the returned function is called. */
  every?: (check: () => void, ms: number) => () => void
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
    this.#end = every(() => this.#check(), pathLimits.networkPoll)
  }

  stop(): void {
    this.#end?.()
    this.#end = undefined
  }

  #check(): void {
    const { now, monotonic, onChange } = this.#options
    const [wall, steady, addresses] = [now(), monotonic(), this.#read()]
    const passed = { wall: wall - this.#wall, steady: steady - this.#steady }
    const moved = addresses !== this.#addresses
    this.#wall = wall
    this.#steady = steady
    this.#addresses = addresses
    // Where the steady clock advances during sleep, this check is late instead. A clock that is set back is no sleep.
    const slept =
      Math.max(passed.wall - passed.steady, passed.steady - pathLimits.networkPoll) > pathLimits.sleepNoticed
    if (slept) onChange('sleep')
    else if (moved) onChange('addresses')
  }

  /** Every address that others could use, in a fixed order. Link-local ones change with each container: left out. */
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

function repeat(check: () => void, ms: number): () => void {
  const timer = setInterval(check, ms)
  return () => clearInterval(timer)
}
