/**
 * The NAT lab: an internet, nodes on it, and hosts for peers, each behind the kind of network that its name states. It
 * consists of Linux bridges and nftables, as in real routers. As on the real internet, every home has the same private
 * addresses, and packets to unused addresses are lost without an answer.
 */
import { spawnSync } from 'node:child_process'
import { userInfo } from 'node:os'
import { Cable } from './lab-cable.ts'
import { Namespace } from './lab-namespace.ts'

/** Kinds of networks for peers. */
export const networks = {
  open: 'public address',
  'public-firewalled': 'public address, nothing comes in',
  cone: 'a router that keeps port numbers, nothing comes in',
  'cone-resetting': 'a router as `cone` that answers what it did not expect with a reset',
  'cone-remapped': 'a router that maps each port to another, the same for all destinations, nothing comes in',
  symmetric: 'a router that takes a random port for each connection, nothing comes in',
  '443-only': 'a router that lets out only TCP to port 443',
  'double-nat': 'a home router behind a carrier’s router',
  'ipv6-open': 'a public IPv6 address, and IPv4 behind a router as `cone`',
} as const
export type Network = keyof typeof networks

/** Not the documentation prefixes: libp2p treats those as private. */
const publicPrefix = '5.5.5'
const publicPrefix6 = '2a00:5555:'
const homePrefix = '192.168.1'
const carrierPrefix = '100.64.0'
/** The router in every network; on the internet, an unused address. */
const gateway = 254
/** Local ports of the hosts behind `cone-remapped`, whose router has a table of them. */
const remappedPorts = { first: 40_000, count: 1000, to: 50_000 }
/** One-way delay over the internet in milliseconds, if the kernel can delay packets. */
const wantedDelay = 10

/** One network segment with all of its hosts: the bridge `net` of `space`. */
interface Segment {
  space: Namespace
  prefix: string
  taken: number
  /** The router's address on the internet. */
  outside?: string
}

/** A host on which a peer runs. */
export interface Place {
  network: Network
  space: Namespace
  /** Its address as seen from the internet. */
  outside: string
  cable: Cable
  /** Its router, or the internet if it has none. */
  router: Namespace
  /** Changes its IPv4 address. */
  move(): void
  /** Another host behind the same router. */
  neighbour(): Promise<Namespace>
}

export class Lab {
  /** Milliseconds added to each way over the internet. 0: this machine cannot delay (no `tc`, or no netem). */
  readonly delay: number
  readonly #owner: AsyncDisposableStack
  readonly #internet: Segment

  private constructor(owner: AsyncDisposableStack, internet: Segment) {
    this.#owner = owner
    this.#internet = internet
    this.delay = runs([...internet.space.enter, ...delayed('net')]) ? wantedDelay : 0
  }

  /** An empty internet; `owner` ends it and everything attached to it. */
  static async create(owner: AsyncDisposableStack): Promise<Lab> {
    const space = await Namespace.create(owner)
    // A new namespace may inherit this setting. Packets to unknown hosts are dropped, as those to private addresses.
    space.set('ipv4/ip_forward', '0')
    return new Lab(owner, segment(space, publicPrefix))
  }

  /** The missing requirements as a sentence with the command to type, or undefined if nothing is missing. */
  static missing(): string | undefined {
    if (process.platform !== 'linux') return 'NOT RUN: the lab needs Linux'
    if (userInfo().uid !== 0) return 'NOT RUN: the lab needs root. Type: sudo npm run lab'
    const there = runs(['ip', '-V']) && runs(['nft', '--version']) && runs(['unshare', '--version'])
    return there ? undefined : 'NOT RUN: the lab needs some tools. Type: apt-get install nftables iproute2 util-linux'
  }

  /** A public host for a node: its namespace and its addresses. */
  async server(): Promise<{ space: Namespace; ip4: string; ip6: string }> {
    const space = await Namespace.create(this.#owner)
    const { address: ip4 } = this.#attach(this.#internet, space)
    return { space, ip4, ip6: this.#addPublic6(space, 'wan') }
  }

  async place(network: Network): Promise<Place> {
    const { wire, settle } = await this.#behind(network)
    const sit = async () => {
      const space = await Namespace.create(this.#owner)
      const attached = this.#attach(wire, space)
      settle?.(space)
      return { space, ...attached }
    }
    const { space, address, cable } = await sit()
    let inside = address
    return {
      network,
      space,
      outside: wire.outside ?? address,
      cable,
      router: wire.space,
      move() {
        const before = inside
        inside = next(wire)
        space.ip(`addr del ${before}/24 dev wan`, ...addressed(wire, inside))
      },
      neighbour: async () => (await sit()).space,
    }
  }

  /** The segment of the hosts there, and additional settings that each host needs. */
  async #behind(network: Network): Promise<{ wire: Segment; settle?: (space: Namespace) => void }> {
    const internet = this.#internet
    const cone = (outside = internet, prefix = homePrefix): Promise<Segment> =>
      this.#router(outside, prefix, () => 'masquerade')
    switch (network) {
      case 'open':
        return { wire: internet }
      case 'public-firewalled':
        return { wire: internet, settle: (space) => space.nft(closed('wan')) }
      case 'cone':
        return { wire: await cone() }
      case 'cone-resetting':
        return { wire: await this.#router(internet, homePrefix, () => 'masquerade', '', 'reject with tcp reset') }
      case 'cone-remapped': {
        const { first, count } = remappedPorts
        const settle = (space: Namespace): void =>
          space.set('ipv4/ip_local_port_range', `${first} ${first + count - 1}`)
        return { wire: await this.#router(internet, homePrefix, remapped), settle }
      }
      case 'symmetric':
        return { wire: await this.#router(internet, homePrefix, () => 'masquerade fully-random') }
      case '443-only':
        return { wire: await this.#router(internet, homePrefix, () => 'masquerade', 'tcp dport 443') }
      case 'double-nat':
        return { wire: await cone(await cone(internet, carrierPrefix)) }
      case 'ipv6-open': {
        const settle = (space: Namespace): void => {
          this.#plug(internet, space, 'six')
          this.#addPublic6(space, 'six')
        }
        return { wire: await cone(), settle }
      }
    }
  }

  /**
   * A router between `outside` and a new segment. `mapping`: how it translates the source; `lets`: which traffic may
   * leave; `answers`: its reaction to unexpected TCP.
   */
  async #router(
    outside: Segment,
    prefix: string,
    mapping: (address: string) => string,
    lets = '',
    answers = 'drop',
  ): Promise<Segment> {
    const space = await Namespace.create(this.#owner)
    const { address } = this.#attach(outside, space)
    space.nft(`
      table ip nat {
        chain out { type nat hook postrouting priority srcnat; oifname "wan" ${mapping(address)}; }
      }
      table ip through {
        chain forward {
          type filter hook forward priority filter; policy drop;
          ct state established,related accept
          iifname "net" ${lets} accept
        }
      }
      ${closed('wan', answers)}`)
    space.set('ipv4/ip_forward', '1')
    return { ...segment(space, prefix), outside: outside.outside ?? address }
  }

  /** Attaches `space` to the segment with an IPv4 address. */
  #attach(wire: Segment, space: Namespace): { address: string; cable: Cable } {
    const cable = this.#plug(wire, space, 'wan')
    const address = next(wire)
    space.ip(...addressed(wire, address))
    return { address, cable }
  }

  /** A cable from `space` to the segment. */
  #plug(wire: Segment, space: Namespace, device: string): Cable {
    const socket = `port${space.pid}`
    wire.space.ip(
      `link add ${socket} type veth peer name ${device} netns ${space.pid}`,
      `link set ${socket} master net up`,
    )
    space.ip(`link set ${device} up`)
    if (this.delay > 0 && wire === this.#internet) space.run(delayed(device))
    return new Cable(space, device, wire.space, socket)
  }

  #addPublic6(space: Namespace, device: string): string {
    this.#internet.taken += 1
    const address = `${publicPrefix6}:${this.#internet.taken}`
    space.ip(`addr add ${address}/64 dev ${device} nodad`)
    return address
  }
}

/** A segment whose router is `space`. */
function segment(space: Namespace, prefix: string): Segment {
  space.ip('link add net type bridge', `addr add ${prefix}.${gateway}/24 dev net`, 'link set net up')
  return { space, prefix, taken: 0 }
}

/** An unused IPv4 address of the segment. */
function next(wire: Segment): string {
  wire.taken += 1
  return `${wire.prefix}.${wire.taken}`
}

/** The `ip` commands that assign it to an attached host, with the default route. */
function addressed(wire: Segment, address: string): string[] {
  return [`addr add ${address}/24 dev wan`, `route add default via ${wire.prefix}.${gateway}`]
}

function delayed(device: string): string[] {
  return ['tc', 'qdisc', 'add', 'dev', device, 'root', 'netem', 'delay', `${wantedDelay}ms`]
}

/** Refuses unsolicited incoming packets, by default without an answer. */
function closed(device: string, answers = 'drop'): string {
  return `table ip in4 {
      chain input {
        type filter hook input priority filter; policy accept;
        iifname "${device}" ct state new meta l4proto tcp ${answers}
        iifname "${device}" ct state new drop
      }
    }`
}

/** Like a router with a port table: the outside port cannot be derived from the inside port. */
function remapped(address: string): string {
  const { first, count, to } = remappedPorts
  // 7 and `count` have no common divisor: every port maps to a different one.
  const table = Array.from({ length: count }, (_, index) => `${first + index} : ${to + ((index * 7 + 1) % count)}`)
  return `meta l4proto tcp snat to ${address} : tcp sport map { ${table.join(', ')} }`
}

function runs([program = '', ...args]: readonly string[]): boolean {
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0
}
