/**
 * Removes peers that have left from libp2p's peer store. The store keeps what each peer announced in identify, up to
 * 80 KiB a peer, for as long as the process runs: a series of new identities would fill the memory. Addresses of
 * friends and nodes are in Quorum's own store. Retires when libp2p's peer store has a bound.
 */
import type { Libp2p, PeerId } from '@libp2p/interface'
import { toError } from '../base/errors.ts'
import { netLimits } from './limits.ts'
import type { Log } from '../base/log.ts'

export interface ForgetOptions {
  /**
   * When to look again at a peer that has left, because its answer to identify may be stored after the disconnect.
   * `on-update`: at every change of its entry; for a node, which keeps entries of connected peers only.
   * `after-identify`: once, after `netLimits.identified`; for a peer, whose dials over a circuit store the address of
   * a node that is not connected yet.
   */
  again: 'on-update' | 'after-identify'
}

/** Runs for as long as `network` does. */
export function forgetPeers(network: Libp2p, log: Log, { again }: ForgetOptions): void {
  const forget = (peer: PeerId): void => {
    if (network.getConnections(peer).length > 0 || peer.equals(network.peerId)) return
    network.peerStore.delete(peer).catch((error: unknown) => log('debug', 'a peer was not forgotten', toError(error)))
  }
  network.addEventListener('peer:disconnect', ({ detail: peer }) => {
    forget(peer)
    if (again === 'after-identify') setTimeout(() => forget(peer), netLimits.identified).unref()
  })
  if (again === 'on-update') network.addEventListener('peer:update', ({ detail }) => forget(detail.peer.id))
}
