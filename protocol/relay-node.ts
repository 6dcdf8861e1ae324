/** A relay node: starts and stops the libp2p node, the circuit relay and the directory together. */
import { directoryLimits } from './directory/limits.ts'
import { DirectoryServer } from './directory/server.ts'
import { identityFromSeed } from './identity/identity.ts'
import { silent } from './base/log.ts'
import { Circuits } from './net/circuits.ts'
import { MailboxServer } from './mailbox/server.ts'
import { forgetPeers } from './net/forget-peers.ts'
import { createNodeNetwork } from './net/libp2p.ts'
import { netLimits } from './net/limits.ts'
import { RelayUsage, type RelayedDay, type RelayShares } from './net/relay-usage.ts'
import { listenFailure } from './net/listen-failure.ts'
import { QuorumError, toError } from './base/errors.ts'
import { checkRelayNodeOptions, type RelayNodeOptions } from './relay-node-options.ts'

export interface RelayNodeStats {
  connections: number
  reservations: number
  circuits: number
  /** Bytes relayed since the start, both directions. */
  relayedBytes: number
  /** The same since midnight, UTC. */
  relayedToday: RelayedDay
  /** What may be relayed in a day is used up: no circuits until midnight, UTC. */
  relaySpent: boolean
  /** How concentrated the use of today is, among peers and among addresses; names none. */
  relayShares: { peers: RelayShares; addresses: RelayShares }
  records: number
  directorySessions: number
  /** Requests of the directory and of mailboxes by kind and outcome, as `lookup ok`. */
  requests: { [kindAndOutcome: string]: number }
  /** Reservations and circuits refused because of a limit. */
  refused: number
  /** Sockets that others opened, those of them that wait for a handshake, and how many were refused since the start. */
  sockets: number
  socketsWaiting: number
  socketsRefused: number
}

export interface RelayNode {
  /** PeerId. */
  readonly peer: string
  /** Addresses to give to peers, each ending in `/p2p/<PeerId>`. */
  addresses(): string[]
  stats(): RelayNodeStats
  /** Ends connections, reservations and circuits of those whom `admits` no longer accepts, and drops their records. */
  recheck(): void
  stop(): Promise<void>
}

/**
 * Starts a node. What expires in the store is deleted at the start and then every hour.
 * Errors: `bad-request` if it cannot listen on one of the addresses.
 */
export async function createRelayNode(options: RelayNodeOptions): Promise<RelayNode> {
  checkRelayNodeOptions(options)
  const {
    listen,
    announce = [],
    behindProxy = false,
    admits = () => true,
    relay = {},
    most = {},
    store,
    now = Date.now,
    log = silent,
  } = options
  const { privateKey, peer } = await identityFromSeed(options.seed)
  const usage = new RelayUsage({
    perDay: relay.perDay,
    before: relay.before,
    now,
    onSpent: (spent) =>
      spent
        ? log('warn', 'What this node relays in a day is used up: no circuits until midnight (UTC)')
        : log('info', 'A new day has begun: circuits are relayed again'),
  })
  const circuits = new Circuits(netLimits.circuits, { usage, rate: relay.perPeer })
  const network = await createNodeNetwork({ privateKey, listen, announce, behindProxy, admits, most, circuits })
  const directory = new DirectoryServer(network, store, now, log)
  const mailbox = store.parcels && new MailboxServer(network, store.parcels, now, log)
  const expire = async (): Promise<void> => {
    try {
      await store.expire(now())
    } catch (error) {
      // A failing disk: the node continues with what needs none.
      log('warn', 'Expired data could not be deleted', toError(error))
    }
  }
  forgetPeers(network, log, { again: 'on-update' })
  try {
    await directory.start()
    await mailbox?.start()
    await network.start()
    if (announce.length === 0) network.services.ownAddresses.announce()
  } catch (cause) {
    await network.stop()
    throw new QuorumError('bad-request', await whyNot(listen, toError(cause)), { cause })
  }
  void expire()
  const expiry = setInterval(() => void expire(), directoryLimits.expireInterval)
  return {
    peer,
    addresses: () => network.getMultiaddrs().map(String),
    stats() {
      const { sessions, records, requests } = directory.stats()
      const parcels = mailbox?.stats().requests ?? {}
      const inbound = network.services.inbound.stats()
      const connections = network.getConnections().length
      return {
        connections,
        ...network.services.relay.stats(),
        records,
        requests: { ...requests, ...parcels },
        directorySessions: sessions,
        sockets: inbound.sockets,
        socketsWaiting: inbound.waiting,
        socketsRefused: inbound.refused,
      }
    },
    recheck() {
      network.services.places.putOutExcluded()
      directory.records.dropExcluded(admits)
    },
    async stop() {
      clearInterval(expiry)
      await directory.stop()
      await mailbox?.stop()
      await network.stop()
    },
  }
}

async function whyNot(listen: readonly string[], error: Error): Promise<string> {
  for (const address of listen) {
    const reason = await listenFailure(address)
    if (reason !== undefined) return `The node cannot listen on ${address}: ${reason}`
  }
  return `The node cannot listen on ${listen.join(', ')}: ${error.message}`
}
