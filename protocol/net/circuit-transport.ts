/**
 * The Circuit Relay v2 transport of a peer, restricted to its own nodes. The stock transport reserves with any
 * connected peer that speaks the relay protocol, so a stranger could become the peer's relay, and it never retries
 * after a refusal. Depends on `reservationStore.addRelay` and `onStop` of @libp2p/circuit-relay-v2 4.2.13, which is
 * pinned. Retires when the package takes a filter and retries by itself (libp2p/js-libp2p#3601 is related).
 */
import { circuitRelayTransport, type CircuitRelayTransportInit } from '@libp2p/circuit-relay-v2'
import type { Connection, PeerId, Stream } from '@libp2p/interface'

type TransportFactory = ReturnType<typeof circuitRelayTransport>
type Transport = ReturnType<TransportFactory>

interface ReservationStore {
  addRelay(peer: PeerId, type: string): Promise<unknown>
  hasReservation(peer: PeerId): boolean
}

export interface CircuitTransport {
  factory: TransportFactory
  /** Asks `peer`, a connected node, for a reservation if there is none. Rejects with the reason of the refusal. */
  reserve(peer: PeerId): Promise<void>
}

export function circuitTransport(init: CircuitRelayTransportInit, isNode: (peer: string) => boolean): CircuitTransport {
  const stock = circuitRelayTransport(init)
  let store: ReservationStore | undefined
  return {
    factory(components) {
      const transport = stock(components)
      store = restrict(transport, isNode)
      return transport
    },
    async reserve(peer) {
      if (store?.hasReservation(peer) === false) await store.addRelay(peer, 'discovered')
    },
  }
}

function restrict(transport: Transport, isNode: (peer: string) => boolean): ReservationStore {
  if (!isStock(transport)) throw new Error('This version of the circuit transport cannot be restricted: check the pin')
  // The stock handler of an incoming circuit accepts one from any relay, before a connection gater is asked.
  const onStop = transport.onStop.bind(transport)
  transport.onStop = async (stream, connection) => {
    if (isNode(connection.remotePeer.toString())) return onStop(stream, connection)
    stream.abort(new Error('Not one of our nodes'))
  }
  const store = transport.reservationStore
  // The stock store excludes a relay for good after one failure. A peer has few nodes, and they come back.
  const nobody = { has: () => false, add: () => undefined }
  Object.defineProperty(store, 'relayFilter', {
    get: () => nobody,
    set() {
      // The store replaces its filter now and then: ignored.
    },
  })
  const addRelay = store.addRelay.bind(store)
  store.addRelay = async (peer, type) => {
    if (isNode(peer.toString())) return addRelay(peer, type)
    // The one error that the stock code ignores.
    throw Object.assign(new Error('Not one of our nodes'), { name: 'HadEnoughRelaysError' })
  }
  return store
}

interface StockTransport {
  reservationStore: ReservationStore
  onStop(stream: Stream, connection: Connection): Promise<void>
}

function isStock(transport: object): transport is StockTransport {
  return 'reservationStore' in transport && 'onStop' in transport
}
