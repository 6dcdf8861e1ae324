/**
 * The Circuit Relay v2 transport of a peer, kept to its own nodes. The stock one reserves with any connected peer that
 * speaks the relay protocol, so a stranger could make itself our relay, and never asks again after a refusal. It leans
 * on `reservationStore.addRelay` and `onStop` of @libp2p/circuit-relay-v2 4.2.13, which is pinned. Retires when the package lets a
 * filter decide and retries by itself (libp2p/js-libp2p#3601 is the neighbouring issue).
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
  /** Asks `peer`, a connected node, for a reservation if there is none. Rejects with what the node refused with. */
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
  // The stock handler of "somebody calls you through me" listens on whoever says so, before any gater is asked.
  const onStop = transport.onStop.bind(transport)
  transport.onStop = async (stream, connection) => {
    if (isNode(connection.remotePeer.toString())) return onStop(stream, connection)
    stream.abort(new Error('Not one of our nodes'))
  }
  const store = transport.reservationStore
  // The stock store never again asks a relay that once failed; ours are few, and come back.
  const nobody = { has: () => false, add: () => undefined }
  Object.defineProperty(store, 'relayFilter', {
    get: () => nobody,
    set() {
      // It makes a new one now and then; ours stays.
    },
  })
  const addRelay = store.addRelay.bind(store)
  store.addRelay = async (peer, type) => {
    if (isNode(peer.toString())) return addRelay(peer, type)
    // The one error the stock code takes for "not now, thank you".
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
