/**
 * Makes libp2p list its connections in linear time. libp2p 3.3.11 copies the whole list once for each peer in it, and
 * asks for it at every connection that arrives and every one that opens: with 4,000 connections each costs 25 ms,
 * before any handshake. Not reported upstream. Retires when `getConnections` of its connection manager copies the list
 * no longer; test/integration/connection-list.test.ts fails then.
 */
import type { Connection, PeerId } from '@libp2p/interface'
import type { ConnectionManager } from '@libp2p/interface-internal'

/** A libp2p service: `services: { connectionList: connectionList() }`. */
export function connectionList(): (components: { connectionManager: ConnectionManager }) => object {
  return ({ connectionManager }) => {
    const connections = connectionManager.getConnectionsMap()
    connectionManager.getConnections = (peer?: PeerId): Connection[] =>
      peer == null ? [...connections.values()].flat() : (connections.get(peer) ?? [])
    return {}
  }
}
