/**
 * The Circuit Relay v2 server with what the stock one lacks (@libp2p/circuit-relay-v2 4.2.13):
 * - Back-pressure, and no copy of relayed data. The stock pipe keeps every byte from dialler to listener for the life
 *   of the circuit and reads without bound from one end while the other stalls. Here each direction reads only as much
 *   as the other end accepts, and what waits is bounded (circuits.ts).
 * - A reservation lives exactly as long as the connection it was made on (libp2p/js-libp2p#2833). Stock reservations
 *   outlive it, and a renewed one ends early, with every circuit to that peer. Reservations are capped by address,
 *   circuits by peer.
 * - A circuit uses the newest connection to its destination; the stock server uses the oldest.
 * - Requests for circuits have a rate (connect-rates.ts), and one answer for a peer that is away and one that refuses.
 *
 * Depends on the names `handleConnect`, `stopHop`, `reservationStore.get` and `.reserve` of that version, which is
 * pinned; test/integration/relay.test.ts and relay-memory.test.ts fail if an upgrade changes them. Retires when
 * upstream has all three.
 */
import {
  circuitRelayServer,
  type CircuitRelayServerInit,
  type CircuitRelayService,
  type RelayReservation,
} from '@libp2p/circuit-relay-v2'
import type {
  Connection,
  ConnectionGater,
  PeerId,
  Startable,
  Stream,
  TypedEventTarget,
  Libp2pEvents,
} from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import type { Multiaddr } from '@multiformats/multiaddr'
import { toError } from '../base/errors.ts'
import { KeyedBuckets } from '../base/rate-limit.ts'
import { Circuits, type CircuitEnd } from './circuits.ts'
import { ConnectRates } from './connect-rates.ts'
import { netLimits } from './limits.ts'
import type { RelayedDay, RelayUsage } from './relay-usage.ts'
import { quotaKey, quotaKeysOf } from '../address/quota-key.ts'

/**
 * In seconds since the epoch: protons-runtime 7.1.2 encodes numbers from 2³¹ to 2³² wrongly, and no peer decodes them.
 */
const latestExpiry = 2 ** 31 - 1

type ServerComponents = Parameters<ReturnType<typeof circuitRelayServer>>[0]
interface Components extends ServerComponents {
  connectionGater: ConnectionGater
  events: TypedEventTarget<Libp2pEvents>
}

/** What this file uses of the stock server. */
interface StockRelay extends CircuitRelayService, Startable {
  handleConnect(request: HopRequest, options: object): Promise<void>
  stopHop(request: object, options: object): Promise<Stream | undefined>
  reservationStore: {
    maxReservations: number
    get(peer: PeerId): unknown
    reserve(peer: PeerId, address: Multiaddr): { status: 'OK'; expire: number } | { status: Refusal }
  }
}
/** Of Circuit Relay v2: by a limit, or by the operator's choice. */
type Refusal = 'RESERVATION_REFUSED' | 'RESOURCE_LIMIT_EXCEEDED' | 'PERMISSION_DENIED'
interface HopRequest {
  connection: Connection
  stream: { pb(codec: object): HopWriter; unwrap(): Stream }
}
interface HopWriter {
  write(message: { status?: string }, options: object): Promise<void>
}

interface RelayStats {
  reservations: number
  circuits: number
  /** Bytes carried since the start, both directions. */
  relayedBytes: number
  relayedToday: RelayedDay
  /** The amount of this day is used up. */
  relaySpent: boolean
  relayShares: RelayUsage['shares']
  refused: number
}

export interface Relay extends CircuitRelayService {
  stats(): RelayStats
  /** `peer` holds a reservation. */
  reserved(peer: string): boolean
}

/** What the rest of the node says to a request. */
interface RelayRules {
  /** There is room for a reservation of this PeerId. */
  mayReserve(peer: string): boolean
  /** The operator lets this peer use the node. */
  mayUse(from: Pick<Connection, 'remotePeer' | 'remoteAddr'>): boolean
}

const noRules: RelayRules = { mayReserve: () => true, mayUse: () => true }

/** A libp2p service: `services: { relay: relay() }`. */
export function relay(
  init: CircuitRelayServerInit = {},
  rules = noRules,
  circuits = new Circuits(netLimits.circuits),
): (components: Components) => Relay {
  const factory = circuitRelayServer(init)
  return (components) => {
    const stock = factory(components)
    if (!isStockRelay(stock)) throw new Error('This version of the circuit relay cannot be repaired: check the pin')
    return repair(stock, components, rules, circuits)
  }
}

function isStockRelay(relay: object): relay is StockRelay {
  return 'handleConnect' in relay && 'stopHop' in relay && 'reservationStore' in relay
}

function repair(
  stock: StockRelay,
  components: Components,
  { mayReserve, mayUse }: RelayRules,
  circuits: Circuits,
): Relay {
  const { connectionGater, connectionManager, events } = components
  const handleConnect = stock.handleConnect
  const rates = new ConnectRates()
  let refusals = 0

  // The stock code negotiates the circuit on the real streams but joins inert ones; the real ones are joined below.
  stock.handleConnect = async (hop, options) => {
    const ended = Promise.withResolvers<void>()
    let source: Stream | undefined
    let destination: Stream | undefined
    let callee: Connection | undefined
    let succeeded: (() => void) | undefined
    let refused: Refusal | undefined
    const scoped = Object.create(stock) as StockRelay
    Object.assign(scoped, {
      reservationStore: {
        get(target: PeerId) {
          const { remotePeer, remoteAddr } = hop.connection
          if (!mayUse(hop.connection)) refused = 'PERMISSION_DENIED'
          else if (circuits.usage.spent) refused = 'RESOURCE_LIMIT_EXCEEDED'
          else {
            // By its key: a PeerId has many encodings.
            succeeded = rates.take(remotePeer.toString(), quotaKey(remoteAddr), String(target.publicKey ?? target))
            if (succeeded == null) refused = 'RESOURCE_LIMIT_EXCEEDED'
          }
          return refuseIf(refused != null) ? undefined : stock.reservationStore.get(target)
        },
      },
      async stopHop(request: { connection: Connection }, stopOptions: object) {
        const { remotePeer } = request.connection
        // The stock choice is the oldest, which after a change of network may be dead without anybody having noticed.
        const connection = newest(connectionManager.getConnections(remotePeer)) ?? request.connection
        callee = connection
        // One that cannot be asked is answered for like one that refuses: the stock code would say that it is there.
        destination = await stock.stopHop({ ...request, connection }, stopOptions).catch(() => undefined)
        return destination == null ? undefined : inert(destination, ended.promise)
      },
    })
    const stream = {
      pb: (codec: object) => answering(hop.stream.pb(codec), () => refused),
      unwrap: () => {
        source = hop.stream.unwrap()
        return inert(source, ended.promise)
      },
    }
    try {
      await handleConnect.call(scoped, { ...hop, stream }, options)
    } catch (error) {
      destination?.abort(toError(error))
      throw error
    }
    if (source == null || destination == null || callee == null) return
    succeeded?.()
    void circuits.join(endOf(hop.connection, source), endOf(callee, destination)).finally(ended.resolve)
  }

  const hosts = new Map<string, number>()
  const asked = new KeyedBuckets(netLimits.reservationsAsked, () => performance.now())
  stock.reservationStore.reserve = (peer, address) => {
    const { reservations } = stock
    const expiry = new Date(Date.now() + netLimits.reservationTtl)
    const current = reservations.get(peer)
    if (refuseIf(!mayUse({ remotePeer: peer, remoteAddr: address }))) return { status: 'PERMISSION_DENIED' }
    if (refuseIf(!asked.take(peer.toString()))) return { status: 'RESERVATION_REFUSED' }
    if (current != null) {
      current.expiry = expiry
    } else {
      const host = quotaKey(address)
      const fromThere = hosts.get(host) ?? 0
      const full = reservations.size >= stock.reservationStore.maxReservations || !mayReserve(peer.toString())
      if (refuseIf(full || fromThere >= netLimits.reservationsPerAddress)) return { status: 'RESERVATION_REFUSED' }
      hosts.set(host, fromThere + 1)
      reservations.set(peer, { addr: address, expiry, signal: endless() })
    }
    return { status: 'OK', expire: Math.min(Math.round(expiry.getTime() / 1000), latestExpiry) }
  }
  events.addEventListener('peer:disconnect', ({ detail: peer }) => {
    const reservation = stock.reservations.get(peer)
    if (reservation == null) return
    stock.reservations.delete(peer)
    const host = quotaKey(reservation.addr)
    const left = (hosts.get(host) ?? 0) - 1
    if (left > 0) hosts.set(host, left)
    else hosts.delete(host)
  })

  connectionGater.denyOutboundRelayedConnection = (from, to) =>
    refuseIf([from, to].some((peer) => circuits.countOf(peer.toString()) >= netLimits.circuitsPerPeer))

  const refuseIf = (refused: boolean): boolean => {
    if (refused) refusals += 1
    return refused
  }

  return Object.assign(stock, {
    stats: (): RelayStats => ({
      reservations: stock.reservations.size,
      circuits: circuits.size,
      relayedBytes: circuits.usage.total,
      relayedToday: circuits.usage.today,
      relaySpent: circuits.usage.spent,
      relayShares: circuits.usage.shares,
      refused: refusals,
    }),
    reserved: (peer: string): boolean => stock.reservations.has(peerIdFromString(peer)),
  })
}

function endOf({ remotePeer, remoteAddr }: Connection, stream: Stream): CircuitEnd {
  return { stream, peer: remotePeer.toString(), keys: quotaKeysOf(remoteAddr) }
}

/** The answer to a peer that asks for a circuit: whether the one asked for is away or has refused is not told. */
function answering(writer: HopWriter, refused: () => Refusal | undefined): HopWriter {
  const write: HopWriter['write'] = (message, options) => {
    const failed = message.status === 'CONNECTION_FAILED' || message.status === 'NO_RESERVATION'
    const status = refused() ?? 'NO_RESERVATION'
    return writer.write(failed ? { ...message, status } : message, options)
  }
  return Object.assign(Object.create(writer) as HopWriter, { write })
}

function newest(connections: readonly Connection[]): Connection | undefined {
  return (
    connections
      // An outbound connection is a dial back (dial-back.ts), which is about to end.
      .filter(({ status, direction }) => status === 'open' && direction === 'inbound')
      .toSorted((a, b) => a.timeline.open - b.timeline.open)
      .at(-1)
  )
}

/** For the stock pipe: a duplex without data until the circuit ends. An abort is passed to the real stream. */
function inert(stream: Stream, ended: Promise<void>): Stream {
  const duplex = {
    source: silence(ended),
    sink: () => ended,
    abort: (error: Error) => stream.abort(error),
  }
  return duplex as unknown as Stream
}

async function* silence(ended: Promise<void>): AsyncGenerator<Uint8Array> {
  await ended
  yield* []
}

/** The signal of a reservation that does not expire. */
function endless(): RelayReservation['signal'] {
  return Object.assign(new AbortController().signal, { reset: () => undefined, clear: () => undefined })
}
