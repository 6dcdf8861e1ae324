/**
 * The cable between a host of the NAT lab and its network: it can be unplugged, or drop all packets without an error,
 * as behind a router that hangs.
 */
import type { Namespace } from './lab-namespace.ts'

export class Cable {
  readonly #space: Namespace
  readonly #device: string
  readonly #wire: Namespace
  readonly #socket: string

  /** From `device` of `space` to the interface `socket` of `wire`. */
  constructor(space: Namespace, device: string, wire: Namespace, socket: string) {
    this.#space = space
    this.#device = device
    this.#wire = wire
    this.#socket = socket
  }

  /** Unplugs it: the interface at the other end goes down. */
  pull(): void {
    this.#wire.ip(`link set ${this.#socket} down`)
  }

  plug(): void {
    this.#wire.ip(`link set ${this.#socket} up`)
  }

  /** Drops all packets from now on, or all from and to `address`, without an error to either side. */
  cut(address?: string): void {
    const [from, to] = address == null ? ['', ''] : [`ip saddr ${address}`, `ip daddr ${address}`]
    this.#space.nft(`table netdev cut {
      chain in { type filter hook ingress device "${this.#device}" priority filter; ${from} drop; }
      chain out { type filter hook egress device "${this.#device}" priority filter; ${to} drop; }
    }`)
  }

  mend(): void {
    this.#space.nft('delete table netdev cut')
  }
}
