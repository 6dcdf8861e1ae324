/**
 * Forgets peers that have left. libp2p keeps what each one ever told about itself in identify, up to 80 KiB, for as
 * long as the process runs: whoever comes with ever new identities would fill the memory. Addresses of friends and
 * nodes are in our own store. Retires when libp2p's peer store has a bound.
 */
import type { Libp2p, PeerId } from '@libp2p/interface'
import { toError } from '../base/errors.ts'
import { netLimits } from './limits.ts'
import type { Log } from '../base/log.ts'

/** For as long as `network` runs. */
export function forgetPeers(network: Libp2p, log: Log): void {
  const forget = (peer: PeerId): void => {
    if (network.getConnections(peer).length > 0) return
    network.peerStore.delete(peer).catch((error: unknown) => log('debug', 'a peer was not forgotten', toError(error)))
  }
  network.addEventListener('peer:disconnect', ({ detail: peer }) => {
    forget(peer)
    // What it told as it left. Not at any change of one who is away: a circuit's dial notes the node it goes to.
    setTimeout(() => forget(peer), netLimits.identified).unref()
  })
}
