/**
 * The access rules of a peer: which peers may connect to it, which may open a stream of each Quorum protocol, and to
 * which addresses it connects because another peer told them. A stream that is not allowed is reset before any byte of
 * it is parsed. Not checked here: the protocols of libp2p itself (identify, ping, the stop protocol of circuits, which
 * circuit-transport.ts restricts), and the directory, which a node serves to every peer. Rate limits are in the
 * limits.ts of each folder.
 */
import { networkInterfaces } from 'node:os'
import type { Connection, Libp2p, MultiaddrConnection, PeerId, Stream } from '@libp2p/interface'
import { multiaddr, type Multiaddr } from '@multiformats/multiaddr'
import { isRelayed, lastPeer, relayPeer, scopeOf } from '../address/address.ts'
import { quotaKeysOf } from '../address/quota-key.ts'
import { isOwnHost, isWithinReach } from '../address/within-reach.ts'
import { QuorumError, toError } from '../base/errors.ts'
import { KeyedBuckets } from '../base/rate-limit.ts'
import { netLimits } from './limits.ts'
import type { Privacy } from '../api/privacy.ts'
import type { Store } from '../store/store.ts'

export const chatProtocol = '/quorum/chat/1.0.0'
export const fileProtocol = '/quorum/file/1.0.0'
export const groupProtocol = '/quorum/group/1.0.0'
export const friendProtocol = '/quorum/friend/1.0.0'
export const directoryProtocol = '/quorum/directory/1.0.0'
export const mailboxProtocol = '/quorum/mailbox/1.0.0'
/** The protocol of libp2p by which the two ends of a circuit coordinate a hole punch. */
export const dcutrProtocol = '/libp2p/dcutr'

/**
 * The relation of another peer to this one. `pending`: this peer asked it, and its answer may come. Who asks this peer
 * stays a stranger until a person accepts: anybody can ask. `member`: only a group is shared with it.
 */
export type Relation = 'friend' | 'pending' | 'node' | 'member' | 'stranger' | 'blocked'

/** Stands for every circuit, where only that it is one matters. */
const circuit = multiaddr('/p2p-circuit')
const established: ReadonlySet<Relation> = new Set(['friend', 'node'])

type Protocol =
  | typeof chatProtocol
  | typeof fileProtocol
  | typeof friendProtocol
  | typeof groupProtocol
  | typeof dcutrProtocol
const mayOpen: Record<Protocol, { from: readonly Relation[]; streams: number; direct?: true }> = {
  [chatProtocol]: { from: ['friend'], streams: netLimits.chatStreams },
  [fileProtocol]: { from: ['friend'], streams: netLimits.fileStreams },
  [groupProtocol]: { from: ['friend', 'member', 'pending'], streams: netLimits.groupStreams },
  [dcutrProtocol]: { from: ['friend'], streams: 2, direct: true },
  [friendProtocol]: { from: ['friend', 'pending', 'member', 'stranger'], streams: 2 },
}

/**
 * Who told an address: `own-node`, the list of own nodes, which a person chose; a node of that list about itself; or
 * the peer for whose sake it is dialled (a friend, or somebody who is asked): it is an address of that peer, or of a
 * node that it uses.
 */
export type AddressSource = 'own-node' | { node: string } | { peer: string }

export interface PolicyOptions {
  store: Store
  privacy(): Pick<Privacy, 'direct' | 'lan'>
  /** One of the own nodes. */
  isNode(peer: string): boolean
  /** A group is shared with it. */
  isMember?(peer: string): boolean
  /** This peer is told to listen on loopback only: then the loopback is its network. */
  loopback?: boolean
  interfaces?: typeof networkInterfaces
}

export class Policy {
  readonly #store: Store
  readonly #privacy: PolicyOptions['privacy']
  readonly #isNode: (peer: string) => boolean
  readonly #isMember: (peer: string) => boolean
  /** The loopback is the network of this peer. */
  readonly loopback: boolean
  readonly #interfaces: typeof networkInterfaces
  readonly #dials = new KeyedBuckets(netLimits.dialsPerSource, () => performance.now())

  constructor(options: PolicyOptions) {
    const { store, privacy, isNode, isMember = () => false, loopback = false, interfaces = networkInterfaces } = options
    this.#store = store
    this.#privacy = privacy
    this.#isNode = isNode
    this.#isMember = isMember
    this.loopback = loopback
    this.#interfaces = interfaces
  }

  relation(peer: string): Relation {
    const state = this.#store.friend(peer)?.state
    if (state === 'friend' || state === 'blocked') return state
    if (state === 'requested') return 'pending'
    if (this.#isNode(peer)) return 'node'
    return this.#isMember(peer) ? 'member' : 'stranger'
  }

  isFriend(peer: string): boolean {
    return this.relation(peer) === 'friend'
  }

  /**
   * This peer may reveal its own address to `peer`: dial it, and connect to nodes that only `peer` chose, which are as
   * good as its own machine. Without `peer`: to any peer.
   */
  mayBeDirect(peer?: string): boolean {
    // Members of a group who are not friends learn no address of each other.
    return (peer === undefined || this.relation(peer) !== 'member') && this.#chosen(peer)
  }

  /** What the person chose about direct connections allows one with `peer`, or with nodes that it uses. */
  #chosen(peer?: string): boolean {
    const { direct } = this.#privacy()
    if (direct !== 'verified') return direct !== 'never'
    const friend = peer === undefined ? undefined : this.#store.friend(peer)
    return friend?.state === 'friend' && friend.verified
  }

  /**
   * The rule for every connection that this peer makes: why `address` may not be dialled, or undefined if it may.
   * Errors in it: `foreign-node` where the privacy choices forbid it, `bad-request` where nobody may lead this peer.
   */
  refusesDial(address: string, source: AddressSource): QuorumError | undefined {
    const relayed = isRelayed(address)
    const end = lastPeer(address)
    const host = relayed ? relayPeer(address) : end
    const isOwn = host !== undefined && this.#isNode(host)
    if (source === 'own-node') return isOwn && !relayed ? undefined : notToBeDialled()
    if ('node' in source) {
      return isOwn && !relayed && end === source.node ? this.#refusesLead(address) : notToBeDialled()
    }
    if (relayed && this.#privacy().direct === 'only') return foreign()
    // The connection to an own node is there already, or is made by the addresses in our list.
    if (isOwn) return relayed ? undefined : notToBeDialled()
    if (host === undefined || (relayed && end !== source.peer)) return notToBeDialled()
    return this.#refusesLead(address, source.peer, host === source.peer)
  }

  /** Why `peer`, or a node, may not lead this peer to `address`. `isPeer`: it is an address of that peer itself. */
  #refusesLead(address: string, peer?: string, isPeer = false): QuorumError | undefined {
    if (!(isPeer ? this.mayBeDirect(peer) : this.#mayUseNodesOf(peer, address))) return foreign()
    const scope = scopeOf(address)
    // A node on this very machine learns nothing about the local network.
    const isLan = scope !== 'public' && (scope !== 'machine' || isPeer)
    if (isLan && !this.#privacy().lan) return foreign()
    return isWithinReach(address, this.loopback, this.#interfaces) ? undefined : notToBeDialled()
  }

  /**
   * A member of a group who is no friend might name their own machine as a node, to learn where this peer is: of theirs
   * only those are used that a friend uses, too.
   */
  #mayUseNodesOf(peer: string | undefined, address: string): boolean {
    if (!this.#chosen(peer)) return false
    if (peer === undefined || this.relation(peer) !== 'member') return true
    const node = isRelayed(address) ? relayPeer(address) : lastPeer(address)
    const friends = this.#store.friends().filter(({ state }) => state === 'friend')
    return friends.some(({ nodes }) => nodes.some((one) => lastPeer(one) === node))
  }

  /** Takes one of the dials that `source` may cause. Errors: those of `refusesDial`, and `rate-limited`. */
  takeDial(address: string, source: AddressSource): void {
    const refusal = this.refusesDial(address, source)
    if (refusal !== undefined) throw refusal
    if (source === 'own-node' || this.#isNode(relayPeer(address) ?? '')) return
    if (!this.#dials.take('node' in source ? source.node : source.peer))
      throw new QuorumError('rate-limited', 'Too many dials for the sake of one peer')
  }

  /** This address of an own node may be told to the friend `to`, or to any peer: it may be one of this machine. */
  mayTellNode(address: string, to?: string): boolean {
    const scope = scopeOf(address)
    if (scope === 'machine') return true
    if (scope !== 'public' && !this.#privacy().lan) return false
    return this.mayBeDirect(to) || !isOwnHost(address, this.#interfaces)
  }

  /** A connection from `address` of `peer`, beside those that are open. */
  mayConnect(
    peer: string,
    address: Multiaddr,
    open: readonly Pick<Connection, 'remotePeer' | 'remoteAddr'>[],
  ): boolean {
    const relation = this.relation(peer)
    if (relation === 'blocked') return false
    if (relation === 'node') return true
    const relayed = isRelayed(address)
    // Strangers send requests through a node's mailbox; a circuit would reveal addresses to them.
    if (relayed ? this.#privacy().direct === 'only' || relation === 'stranger' : !this.#chosen(peer)) return false
    return relation === 'friend' || this.#hasRoom(address, open)
  }

  /** For one more connection of a stranger. A pending request is not a friendship: such peers share this limit. */
  #hasRoom(address: Multiaddr, open: readonly Pick<Connection, 'remotePeer' | 'remoteAddr'>[]): boolean {
    const strangers = open.filter(({ remotePeer }) => !established.has(this.relation(remotePeer.toString())))
    if (strangers.length >= netLimits.strangerConnections) return false
    // Who comes through a node comes from anywhere.
    if (isRelayed(address)) return true
    const others = strangers
      .filter(({ remoteAddr }) => !isRelayed(remoteAddr))
      .map((one) => quotaKeysOf(one.remoteAddr))
    return quotaKeysOf(address).every((key, at) => {
      const fromThere = others.filter((keys) => keys[at] === key).length
      return fromThere < (netLimits.strangersPerAddress[at] ?? Infinity)
    })
  }

  /**
   * The current rules allow an open connection to stay. Connections that this peer dialled to strangers and that carry
   * circuits (those that may stay) lead to the node of a friend.
   */
  mayStayOpen({ remotePeer, remoteAddr, direction }: Connection, carriesCircuits: boolean): boolean {
    const peer = remotePeer.toString()
    const relation = this.relation(peer)
    if (relation === 'node') return true
    const { direct } = this.#privacy()
    if (isRelayed(remoteAddr)) {
      return direct !== 'only' && (this.#isNode(relayPeer(remoteAddr) ?? '') || this.#chosen(peer))
    }
    const isFriendsNode = relation === 'stranger' && direction === 'outbound' && carriesCircuits
    return direct !== 'never' && (isFriendsNode || this.#chosen(peer))
  }

  /** The rules of `mayConnect` as a connection gater of libp2p. */
  gater(connections: () => Connection[]) {
    const refuses = (peer: PeerId, address: Multiaddr): boolean => {
      const open = connections()
      const ofPeer = open.filter(({ remotePeer }) => remotePeer.equals(peer))
      return ofPeer.length >= netLimits.connectionsPerPeer || !this.mayConnect(peer.toString(), address, open)
    }
    return {
      // direct-dial.ts asks `takeDial`. libp2p itself dials a relay, also at addresses that the relay told it.
      denyDialMultiaddr: (address: Multiaddr) => !this.#mayFollow(address.toString()),
      denyDialPeer: (peer: PeerId) => this.relation(peer.toString()) === 'blocked',
      denyInboundEncryptedConnection: (peer: PeerId, { remoteAddr }: MultiaddrConnection) => refuses(peer, remoteAddr),
      denyInboundRelayedConnection: (relay: PeerId, peer: PeerId) =>
        this.relation(relay.toString()) !== 'node' || refuses(peer, circuit),
    }
  }

  #mayFollow(address: string): boolean {
    if (this.#isNode((isRelayed(address) ? relayPeer(address) : lastPeer(address)) ?? '')) return true
    return this.#privacy().direct !== 'never' && isWithinReach(address, this.loopback, this.#interfaces)
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

function foreign(): QuorumError {
  return new QuorumError(
    'foreign-node',
    'Your choice about direct connections lets Quorum connect to no machine that they name',
  )
}

function notToBeDialled(): QuorumError {
  return new QuorumError('bad-request', 'That address leads nowhere that another peer may send this one')
}
