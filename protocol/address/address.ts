/**
 * The one place that parses multiaddrs. Nothing here dials, and nothing throws: text that is not a multiaddr has no
 * parts. A new transport is a new case of `transportOf`.
 */
import { isLinkLocal, isLoopback, isPrivate } from '@libp2p/utils'
import { multiaddr, type Component, type Multiaddr } from '@multiformats/multiaddr'
import { limits } from '../base/limits.ts'

export interface Address {
  /** `dns` stands for dns, dns4 and dns6. Absent where the address begins with a PeerId or with the circuit. */
  family?: 'ip4' | 'ip6' | 'dns'
  /** IP address or name; empty without a family. */
  host: string
  /** 0 where the address has none. */
  port: number
  /**
   * `tcp`: plain TCP; `ws`: WebSocket over TCP, with or without TLS; `other`: a transport that Quorum does not dial.
   */
  transport: 'tcp' | 'ws' | 'other'
  /** PeerId at the end of the address: the peer that it reaches. */
  peer?: string
  /** In a circuit address: the address of the relay, with the relay's PeerId. */
  relay?: string
}

/** The parts of an address; undefined for text that is not a multiaddr or longer than `limits.address` characters. */
export function parseAddress(address: string | Multiaddr): Address | undefined {
  const components = componentsOf(address)
  if (components === undefined || components.length === 0) return undefined
  const circuit = components.findIndex(({ name }) => name === 'p2p-circuit')
  const [host, next, ...rest] = circuit === -1 ? components : components.slice(0, circuit)
  const family = familyOf(host?.name)
  const peer = components.findLast(({ name }) => name === 'p2p')?.value
  const text = address.toString()
  return {
    ...(family === undefined ? {} : { family }),
    host: family === undefined ? '' : (host?.value ?? ''),
    port: Number(next?.name === 'tcp' || next?.name === 'udp' ? next.value : 0),
    transport: next?.name === 'tcp' ? transportOf(rest) : 'other',
    ...(peer === undefined ? {} : { peer }),
    ...(circuit === -1 ? {} : { relay: text.slice(0, text.indexOf('/p2p-circuit')) }),
  }
}

/** A multiaddr over TCP to an IP address or a name: nothing else is dialled (no `/unix/…`). */
export function isAddress(text: string): boolean {
  if (text.length < 2) return false
  const [host, transport] = componentsOf(text) ?? []
  return familyOf(host?.name) !== undefined && transport?.name === 'tcp' && hasBytes(text)
}

/** Its values are read only when it is encoded: a PeerId may be none. */
function hasBytes(text: string): boolean {
  try {
    return multiaddr(text).bytes.byteLength > 0
  } catch (error) {
    if (error instanceof Error) return false
    throw error
  }
}

/** The PeerId at the end of an address. */
export function lastPeer(address: string | Multiaddr): string | undefined {
  return parseAddress(address)?.peer
}

/** A circuit address. */
export function isRelayed(address: string | Multiaddr): boolean {
  return address.toString().includes('/p2p-circuit')
}

/** PeerId of the relay in a circuit address. */
export function relayPeer(address: string | Multiaddr): string | undefined {
  const relay = parseAddress(address)?.relay
  return relay === undefined ? undefined : lastPeer(relay)
}

/**
 * From where an address can be reached: from this machine only, on one link (it needs the name of an interface), in one
 * private network, or from anywhere. Determined by the address alone, without a resolver.
 */
export type Scope = 'machine' | 'link' | 'network' | 'public'

/** `network` also for text that is not the multiaddr of a host: it is never treated as public. */
export function scopeOf(address: string | Multiaddr): Scope {
  const { family, host } = parseAddress(address) ?? {}
  if (family === undefined || host === undefined) return 'network'
  if (family === 'dns') {
    if (/(^|\.)localhost\.?$/i.test(host)) return 'machine'
    // Some resolvers treat a name that ends in a number as an IP address.
    return /(^|\.)(local|\d[^.]*)\.?$/i.test(host) ? 'network' : 'public'
  }
  const parsed = multiaddr(`/${family}/${host}`)
  if (isLoopback(parsed)) return 'machine'
  if (isLinkLocal(parsed)) return 'link'
  return isPrivate(parsed) ? 'network' : 'public'
}

/** A circuit address, or an address that is dialable from anywhere. */
export function isPublic(address: string | Multiaddr): boolean {
  return isRelayed(address) || scopeOf(address) === 'public'
}

/** `/ip4/192.0.2.1` or `/ip6/2001:db8::1`: the host of an IP address; undefined for a name and for a circuit. */
export function hostPart(address: string | Multiaddr): string | undefined {
  const { family, host, relay } = parseAddress(address) ?? {}
  return (family === 'ip4' || family === 'ip6') && relay === undefined ? `/${family}/${host}` : undefined
}

/** `/ip4/…/tcp/…` or `/ip6/…/tcp/…`: host and port of an IP address over plain TCP; undefined for anything else. */
export function endpoint(address: string | Multiaddr): string | undefined {
  const host = hostPart(address)
  const { port = 0, transport } = parseAddress(address) ?? {}
  return host === undefined || transport !== 'tcp' ? undefined : `${host}/tcp/${port}`
}

/**
 * Plain TCP, not through a relay: its local port can be chosen, and it can be dialled back.
 */
export function isPlainTcp(address: string | Multiaddr): boolean {
  const { transport, relay } = parseAddress(address) ?? {}
  return transport === 'tcp' && relay === undefined
}

/** `address` with this PeerId at its end; unchanged if it ends with a PeerId already. */
export function withPeer(address: string, peer: string): string {
  return lastPeer(address) === undefined ? `${address}/p2p/${peer}` : address
}

/** The circuit address of `peer` through the relay at `relay`, which ends with a PeerId. */
export function circuitAddress(relay: string, peer: string): string {
  return `${relay}/p2p-circuit/p2p/${peer}`
}

function componentsOf(address: string | Multiaddr): Component[] | undefined {
  if (typeof address !== 'string') return address.getComponents()
  if (address.length > limits.address) return undefined
  try {
    return multiaddr(address).getComponents()
  } catch (error) {
    if (error instanceof Error) return undefined
    throw error
  }
}

function familyOf(name: string | undefined): Address['family'] {
  if (name === 'ip4' || name === 'ip6') return name
  return name !== undefined && /^dns[46]?$/.test(name) ? 'dns' : undefined
}

/** Determined by the components after the TCP port. */
function transportOf(rest: readonly Component[]): Address['transport'] {
  const names = rest.map(({ name }) => name).filter((name) => name !== 'p2p')
  if (names.length === 0) return 'tcp'
  return names.includes('ws') || names.includes('wss') ? 'ws' : 'other'
}
