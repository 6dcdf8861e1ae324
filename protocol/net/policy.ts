/**
 * The access rules of a peer: which peers may connect to it, and which may open a stream of each Quorum protocol. A
 * stream that is not allowed is reset before any byte of it is parsed. Not checked here: the protocols of libp2p itself
 * (identify, ping, the stop protocol of circuits, which circuit-transport.ts restricts), and the directory, which a
 * node serves to every peer. Rate limits are in the limits.ts of each folder.
 */
import type { Connection, Libp2p, MultiaddrConnection, PeerId, Stream } from '@libp2p/interface'
import { isRelayed } from '../address/address.ts'
import { QuorumError, toError } from '../base/errors.ts'
import { netLimits } from './limits.ts'
import type { DirectMode } from '../api/privacy.ts'
import type { Store } from '../store/store.ts'

export const chatProtocol = '/quorum/chat/1.0.0'
export const fileProtocol = '/quorum/file/1.0.0'
export const friendProtocol = '/quorum/friend/1.0.0'
export const directoryProtocol = '/quorum/directory/1.0.0'
/** The protocol of libp2p by which the two ends of a circuit coordinate a hole punch. */
export const dcutrProtocol = '/libp2p/dcutr'

/** The relation of another peer to this one. `pending`: a friend request in either direction is not answered yet. */
export type Relation = 'friend' | 'pending' | 'node' | 'stranger' | 'blocked'

const established: ReadonlySet<Relation> = new Set(['friend', 'node'])

type Protocol = typeof chatProtocol | typeof fileProtocol | typeof friendProtocol | typeof dcutrProtocol
const mayOpen: Record<Protocol, { from: readonly Relation[]; streams: number; direct?: true }> = {
  [chatProtocol]: { from: ['friend'], streams: netLimits.chatStreams },
  [fileProtocol]: { from: ['friend'], streams: netLimits.fileStreams },
  [dcutrProtocol]: { from: ['friend'], streams: 2, direct: true },
  [friendProtocol]: { from: ['friend', 'pending', 'stranger'], streams: 2 },
}

export class Policy {
  readonly #store: Store
  readonly #direct: () => DirectMode
  readonly #isNode: (peer: string) => boolean

  constructor(store: Store, direct: () => DirectMode, isNode: (peer: string) => boolean) {
    this.#store = store
    this.#direct = direct
    this.#isNode = isNode
  }

  relation(peer: string): Relation {
    const state = this.#store.friend(peer)?.state
    if (state === 'friend' || state === 'blocked') return state
    if (state === 'requested' || state === 'incoming') return 'pending'
    return this.#isNode(peer) ? 'node' : 'stranger'
  }

  isFriend(peer: string): boolean {
    return this.relation(peer) === 'friend'
  }

  /** This peer may dial `peer` and reveal its own address to it. Without `peer`: to any peer. */
  mayBeDirect(peer?: string): boolean {
    const direct = this.#direct()
    if (direct !== 'verified') return direct !== 'never'
    const friend = peer === undefined ? undefined : this.#store.friend(peer)
    return friend?.state === 'friend' && friend.verified
  }

  /**
   * A connection from `peer`. `strangers`: the number of open connections with peers that are neither friends nor
   * nodes.
   */
  mayConnect(peer: string, relayed: boolean, strangers: number): boolean {
    const relation = this.relation(peer)
    if (relation === 'blocked') return false
    if (relation === 'node') return true
    // Strangers send requests through a node's mailbox; a circuit would reveal addresses to them.
    if (relayed ? this.#direct() === 'only' || relation === 'stranger' : !this.mayBeDirect(peer)) return false
    return relation === 'friend' || strangers < netLimits.strangerConnections
  }

  /**
   * The current rules allow an open connection to stay. Connections that this peer dialled to strangers and that carry
   * circuits lead to the node of a friend.
   */
  mayStayOpen({ remotePeer, remoteAddr, direction }: Connection, carriesCircuits: boolean): boolean {
    const peer = remotePeer.toString()
    const relation = this.relation(peer)
    if (relation === 'node') return true
    if (isRelayed(remoteAddr)) return this.#direct() !== 'only'
    return (relation === 'stranger' && direction === 'outbound' && carriesCircuits) || this.mayBeDirect(peer)
  }

  /** The rules of `mayConnect` as a connection gater of libp2p. */
  gater(connections: () => Connection[]) {
    const refuses = (peer: PeerId, relayed: boolean): boolean => {
      const open = connections()
      if (open.filter(({ remotePeer }) => remotePeer.equals(peer)).length >= netLimits.connectionsPerPeer) return true
      // A pending request is not a friendship: such peers share the connection limit of strangers.
      const strangers = open.filter(({ remotePeer }) => !established.has(this.relation(remotePeer.toString())))
      return !this.mayConnect(peer.toString(), relayed, strangers.length)
    }
    return {
      // paths/paths.ts decides about dials; libp2p itself dials only nodes.
      denyDialMultiaddr: () => false,
      denyDialPeer: (peer: PeerId) => this.relation(peer.toString()) === 'blocked',
      denyInboundEncryptedConnection: (peer: PeerId, { remoteAddr }: MultiaddrConnection) =>
        refuses(peer, isRelayed(remoteAddr)),
      denyInboundRelayedConnection: (relay: PeerId, peer: PeerId) =>
        this.relation(relay.toString()) !== 'node' || refuses(peer, true),
    }
  }

  /**
   * Serves `protocol` on `libp2p`. A stream of a peer that may not open it is reset unread. A handler that throws
   * resets its stream, and its error is passed to `failed`.
   */
  async serve(
    libp2p: Libp2p,
    protocol: Protocol,
    handler: (stream: Stream, connection: Connection) => Promise<void>,
    failed: (peer: string, error: Error) => void,
  ): Promise<void> {
    const rule = mayOpen[protocol]
    await libp2p.handle(
      protocol,
      async (stream, connection) => {
        const peer = connection.remotePeer.toString()
        try {
          const may = rule.from.includes(this.relation(peer)) && (!rule.direct || this.mayBeDirect(peer))
          if (!may) throw new QuorumError('not-friend', 'Not for this peer')
          await handler(stream, connection)
        } catch (error) {
          stream.abort(toError(error))
          failed(peer, toError(error))
        }
      },
      { maxInboundStreams: rule.streams, maxOutboundStreams: rule.streams, runOnLimitedConnection: true },
    )
  }
}
