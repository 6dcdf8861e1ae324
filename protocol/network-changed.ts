/** What a change of network, or waking from sleep, means for the parts of a peer. */
import type { Chat } from './chat/chat.ts'
import type { HomeNodes } from './directory/home-nodes.ts'
import type { Reachability } from './directory/reachability.ts'
import type { Introductions } from './friend/introductions.ts'
import type { Log } from './base/log.ts'
import type { PeerNetwork } from './net/libp2p.ts'
import { netLimits } from './net/limits.ts'
import type { probing } from './net/probe.ts'
import type { ConnectionReversals } from './paths/connection-reversal.ts'
import type { LanDiscovery } from './paths/lan-discovery.ts'
import type { NetworkChange } from './paths/network-change.ts'
import type { Paths } from './paths/paths.ts'
import type { PortMapping } from './paths/port-mapping.ts'

interface Concerned {
  network: PeerNetwork
  nodes: HomeNodes
  reversals: ConnectionReversals
  lanDiscovery: LanDiscovery
  introductions: Introductions
  paths: Paths
  reachability: Reachability
  portMapping: PortMapping
  chat: Chat
}

export function networkChanged(
  parts: Concerned,
  cause: NetworkChange,
  probe: ReturnType<typeof probing>,
  log: Log,
): void {
  log('info', cause === 'sleep' ? 'this machine slept' : 'the addresses of this machine changed')
  for (const connection of parts.network.getConnections()) void probe(connection, netLimits.probeMoved)
  parts.nodes.retryNow()
  parts.reversals.reset()
  parts.lanDiscovery.reset()
  parts.introductions.codes.lan.networkChanged()
  parts.paths.retryNow()
  parts.reachability.reset()
  parts.portMapping.reset()
  void parts.nodes.announce()
  parts.chat.hello()
}
