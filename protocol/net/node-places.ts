/**
 * Who has a place at a node: a peer, for as long as it is connected. Places are shared by address, since identities
 * cost nothing: at a full node the address with the most peers, if it has more than its share, loses its newest one to
 * a newcomer from an address with fewer; nobody else loses a place to somebody who comes later. Above the places there
 * are a few seats, each for some seconds: time for one visit, or to be told that the node is full, which a connection
 * that is cut does not tell. An address has few of them, and who sits longest there gives way, so that nobody keeps
 * others from being told. Whom the operator does not admit has no place either, and is told so from a seat.
 */
import type { Connection, Libp2pEvents, TypedEventTarget } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { parseAddress } from '../address/address.ts'
import { quotaKeysOf } from '../address/quota-key.ts'
import { Places } from '../base/places.ts'
import { netLimits } from './limits.ts'

/** Whether the operator lets this PeerId use the node from this IP address. */
export type Admits = (peer: string, address: string) => boolean

/** The IP address of a connection, as `Admits` takes it. */
export function hostOf(address: Multiaddr): string {
  return parseAddress(address)?.host ?? ''
}

export class NodePlaces {
  readonly #admits: Admits
  readonly #peers = new Map<string, Set<Connection>>()
  readonly #most: number
  readonly #places: Places<string>
  readonly #seats = new Places<Connection>({
    most: netLimits.nodeSeats,
    perKey: netLimits.nodeSeatsPerAddress,
    share: netLimits.nodeSeatShare,
    givesWay: ([longest]) => longest,
  })
  readonly #timers = new Map<Connection, NodeJS.Timeout>()

  constructor(events: TypedEventTarget<Libp2pEvents>, admits: Admits, most: number) {
    this.#admits = admits
    this.#most = most
    this.#places = new Places<string>({
      most,
      // As many as it may have sockets (inbound-sockets.ts).
      perKey: [],
      share: Math.min(netLimits.nodePlaceShare, Math.max(netLimits.nodePlaceShareLeast, Math.ceil(most / 16))),
      givesWay: (peers) => [...peers].at(-1),
    })
    events.addEventListener('connection:open', ({ detail }) => this.#opened(detail))
    events.addEventListener('connection:close', ({ detail }) => this.#closed(detail))
  }

  /** Whether the operator lets the peer of this connection use the node. */
  mayUse({ remotePeer, remoteAddr }: Pick<Connection, 'remotePeer' | 'remoteAddr'>): boolean {
    return this.#admits(remotePeer.toString(), hostOf(remoteAddr))
  }

  /** Whether the peer of this connection has a place; it gets one that has become free. */
  admits(connection: Connection): boolean {
    if (!this.mayUse(connection)) return false
    const peer = connection.remotePeer.toString()
    if (!this.#peers.has(peer)) {
      const { added, lost } = this.#places.add(peer, quotaKeysOf(connection.remoteAddr))
      if (!added) return false
      this.#putOut(lost)
    }
    this.#leaveSeat(connection)
    const connections = this.#peers.get(peer) ?? new Set()
    this.#peers.set(peer, connections.add(connection))
    return true
  }

  /** Whether this PeerId has a place, or one is free. */
  hasRoomFor(peer: string): boolean {
    return this.#peers.has(peer) || this.#places.size < this.#most
  }

  /** Ends the connections of those whom the operator no longer admits: they are told when they come again. */
  putOutExcluded(): void {
    const open = [...this.#peers.values()].flatMap((connections) => [...connections])
    for (const connection of open) {
      if (!this.mayUse(connection)) connection.abort(new Error('The operator of this node no longer admits this peer'))
    }
  }

  #opened(connection: Connection): void {
    // A dial back (dial-back.ts) is the node's own.
    if (connection.direction === 'outbound' || this.admits(connection)) return
    const { added, lost } = this.#seats.add(connection, quotaKeysOf(connection.remoteAddr))
    if (lost != null) this.#end(lost)
    if (!added) return this.#end(connection)
    const over = (): void => {
      if (!this.admits(connection)) this.#end(connection)
    }
    this.#timers.set(connection, setTimeout(over, netLimits.nodeSeatFor).unref())
  }

  #closed(connection: Connection): void {
    this.#leaveSeat(connection)
    const peer = connection.remotePeer.toString()
    const connections = this.#peers.get(peer)
    connections?.delete(connection)
    if (connections?.size !== 0) return
    this.#peers.delete(peer)
    this.#places.delete(peer)
  }

  #putOut(peer: string | undefined): void {
    if (peer == null) return
    const connections = this.#peers.get(peer) ?? []
    this.#peers.delete(peer)
    for (const connection of connections) this.#end(connection)
  }

  #leaveSeat(connection: Connection): void {
    this.#seats.delete(connection)
    clearTimeout(this.#timers.get(connection))
    this.#timers.delete(connection)
  }

  #end(connection: Connection): void {
    this.#leaveSeat(connection)
    connection.abort(new Error('This node is full'))
  }
}

/** A libp2p service: `services: { places: nodePlaces() }`. Without `admits` everybody may use the node. */
export function nodePlaces(
  admits: Admits = () => true,
  most: number = netLimits.nodeConnections,
): (components: { events: TypedEventTarget<Libp2pEvents> }) => NodePlaces {
  return ({ events }) => new NodePlaces(events, admits, most)
}
