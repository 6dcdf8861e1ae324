/**
 * Facts about the open connections of a peer's network: which one is the best, which ones depend on the same relay, and
 * which ones carry circuits. Pure reads; this file opens and closes nothing.
 */
import type { Connection } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { relayPeer } from '../address/address.ts'
import type { PeerNetwork } from '../net/libp2p.ts'
import { isDirect } from './connection-info.ts'

/**
 * Open connections to `peer`, the best first: direct before relayed; then, so that both sides choose the same one,
 * those that the smaller PeerId dialled; then the newest.
 */
export function openConnections(network: PeerNetwork, peer: string): Connection[] {
  const smaller = network.peerId.toString() < peer
  const rank = (connection: Connection): number =>
    2 * Number(isDirect(connection)) + Number((connection.direction === 'outbound') === smaller)
  return network
    .getConnections(peerIdFromString(peer))
    .filter((connection) => connection.status === 'open')
    .sort((a, b) => rank(b) - rank(a) || b.timeline.open - a.timeline.open)
}

/** Connections that one cause may have broken: all to the same peer, and all to the node that relays this one. */
export function connectionsSharing(network: PeerNetwork, { remotePeer, remoteAddr }: Connection): Connection[] {
  const via = relayPeer(remoteAddr)
  return network
    .getConnections()
    .filter((other) => other.remotePeer.equals(remotePeer) || other.remotePeer.toString() === via)
}

/** Circuits run over this connection, at least one that `counts`. */
export function carriesCircuits(
  network: PeerNetwork,
  { remotePeer }: Connection,
  counts: (circuit: Connection) => boolean = () => true,
): boolean {
  const relay = remotePeer.toString()
  return network.getConnections().some((circuit) => relayPeer(circuit.remoteAddr) === relay && counts(circuit))
}
