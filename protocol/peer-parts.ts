/**
 * Creates the parts of a peer and connects them. Each part receives the functions of other parts that it needs, because
 * the folders of protocol/ may not import each other freely (ARCHITECTURE.md). Starts nothing.
 */
import type { Connection } from '@libp2p/interface'
import { givenNodeAddress } from './address/given-address.ts'
import { Backups } from './backups.ts'
import { toError } from './base/errors.ts'
import type { Log } from './base/log.ts'
import { Chat } from './chat/chat.ts'
import { Drafts } from './chat/drafts.ts'
import { refusalOf } from './directory/home-node.ts'
import { HomeNodes } from './directory/home-nodes.ts'
import { Reachability } from './directory/reachability.ts'
import type { Files } from './file/transfers.ts'
import { createFiles } from './file-parts.ts'
import { AnswerVisits } from './friend/answer-visits.ts'
import { EnvelopeDelivery } from './friend/envelope-delivery.ts'
import { Friends } from './friend/friends.ts'
import { Introductions } from './friend/introductions.ts'
import * as hpke from './identity/hpke.ts'
import type { Identity } from './identity/identity.ts'
import type { PrivacyInForce } from './identity/privacy-in-force.ts'
import { SealingKeys } from './identity/sealing.ts'
import type { Settings } from './identity/settings.ts'
import type { Groups } from './group/groups.ts'
import { createGroups } from './group-parts.ts'
import { atNodesOf, createMailboxes, hasCollected, hasMailbox } from './mail-parts.ts'
import type { Mailboxes } from './mailbox/mailboxes.ts'
import { networkChanged } from './network-changed.ts'
import type { PeerNetwork } from './net/libp2p.ts'
import { netLimits } from './net/limits.ts'
import type { Policy } from './net/policy.ts'
import { probing } from './net/probe.ts'
import { ConnectionReversals } from './paths/connection-reversal.ts'
import { LanDiscovery } from './paths/lan-discovery.ts'
import { NetworkWatch } from './paths/network-change.ts'
import { Paths } from './paths/paths.ts'
import { PortMapping } from './paths/port-mapping.ts'
import { PeerEvents } from './peer-events.ts'
import { SearchUpkeep } from './search-upkeep.ts'
import type { FriendRow, Store } from './store/store.ts'
import type { PeerAddress } from './wire/peer-address.ts'

/** What exists before the parts. */
export interface Foundation extends Pick<
  PeerParts,
  'identity' | 'store' | 'settings' | 'privacy' | 'policy' | 'network'
> {
  /** The folder for accepted files. */
  downloads: string | undefined
  /** There are nodes at which something may wait. */
  hasNodes: boolean
  /** Milliseconds since the epoch. */
  now: () => number
  log: Log
}

export class PeerParts {
  readonly identity: Identity
  readonly store: Store
  readonly settings: Settings
  readonly privacy: PrivacyInForce
  readonly policy: Policy
  readonly network: PeerNetwork
  readonly sealing: SealingKeys
  readonly events: PeerEvents
  readonly nodes: HomeNodes
  readonly reachability: Reachability
  readonly portMapping: PortMapping
  readonly paths: Paths
  readonly lanDiscovery: LanDiscovery
  readonly reversals: ConnectionReversals
  readonly delivery: EnvelopeDelivery
  readonly answerVisits: AnswerVisits
  readonly friends: Friends
  readonly introductions: Introductions
  readonly chat: Chat
  readonly mailboxes: Mailboxes
  readonly drafts: Drafts
  readonly groups: Groups
  readonly files: Files
  readonly watch: NetworkWatch
  readonly search: SearchUpkeep
  readonly backups: Backups
  readonly #log: Log
  readonly #now: () => number
  readonly #probe = probing()

  constructor({ identity, store, settings, privacy, policy, network, downloads, hasNodes, now, log }: Foundation) {
    this.identity = identity
    this.store = store
    this.settings = settings
    this.privacy = privacy
    this.policy = policy
    this.network = network
    this.#now = now
    this.#log = log
    this.sealing = new SealingKeys(identity, store, now, () => !hasNodes || hasCollected(this))
    this.events = this.#createEvents()
    this.nodes = this.#createNodes()
    this.reachability = this.#createReachability()
    this.portMapping = new PortMapping({
      listening: () => network.services.directDial.listening(),
      onChange: () => this.reachability.recheck(),
      log,
    })
    this.paths = this.#createPaths()
    this.lanDiscovery = new LanDiscovery({
      isFriend: (peer) => policy.isFriend(peer),
      connected: (peer) => this.paths.kind(peer) !== 'none',
      dial: (peer) => this.paths.dialNow(peer),
    })
    this.delivery = this.#createDelivery()
    this.answerVisits = new AnswerVisits({ store, nodes: this.nodes, now, log })
    this.friends = this.#createFriends()
    this.reversals = this.#createReversals()
    this.introductions = this.#createIntroductions()
    this.chat = this.#createChat()
    this.mailboxes = createMailboxes(this, log)
    this.groups = createGroups(this, now, log)
    this.drafts = new Drafts(this.store, (peer) => this.policy.isFriend(peer))
    this.files = createFiles(this, { downloads, now, log, probe: this.#probeSharing })
    this.watch = new NetworkWatch({ onChange: (cause) => networkChanged(this, cause, this.#probe, log) })
    this.search = new SearchUpkeep(store, log)
    this.events.start()
    this.backups = new Backups({ store, peer: identity.peer, events: this.events, now, log })
  }

  /** Errors: `bad-request` with the part that is wrong. */
  addNode(given: string): void {
    const address = givenNodeAddress(given)
    this.nodes.add(address)
    this.settings.rememberNode(address)
  }

  /** Announces to friends and nodes the addresses that the current rules allow. */
  async tellAddresses(): Promise<void> {
    this.friends.hideAddresses()
    this.delivery.flush()
    this.tellProfile()
    await this.nodes.announce()
  }

  /** The own name, address or nodes have changed: tells friends and members. */
  tellProfile(): void {
    this.chat.hello()
    this.groups.tellCards()
  }

  readonly #connectedNodes = (): string[] =>
    this.nodes.states().flatMap(({ state, address }) => (state === 'connected' ? address : []))

  readonly #peerAddress = (to?: string): PeerAddress => ({
    nodes: this.nodes.addresses().filter((address) => this.policy.mayTellNode(address, to)),
    addresses: this.paths.ownAddresses(to),
    sealingKey: this.sealing.current(),
  })

  readonly #onEnvelope = (envelope: Uint8Array): Promise<void> => this.friends.receive(envelope)

  /** Probes every connection that may be broken for the same reason as this one. */
  readonly #probeSharing = (connection: Connection, answered: () => boolean): void => {
    const { traffic } = this.network.services
    for (const suspect of this.paths.sharing(connection)) {
      const { received } = traffic.of(suspect)
      // File data can delay the answer, so other received data also counts as a sign that the connection works.
      void this.#probe(suspect, netLimits.probe, () => answered() || traffic.of(suspect).received > received)
    }
  }

  #createEvents(): PeerEvents {
    return new PeerEvents({
      store: this.store,
      log: this.#log,
      now: this.#now,
      online: (peer) => this.chat.online(peer),
      held: (peer) => this.chat.held(peer),
      mailbox: (row) => hasMailbox(this, row),
      path: (peer) => this.paths.kind(peer),
      connection: (peer) => this.paths.info(peer),
    })
  }

  #createNodes(): HomeNodes {
    return new HomeNodes({
      network: this.network,
      record: () => this.introductions.record(),
      handle: () => this.settings.handle(),
      now: this.#now,
      onEnvelope: this.#onEnvelope,
      onLearnt: (node, addresses) => this.#nodeLearnt(node, addresses),
      onState: (data) => this.events.emit({ event: 'node-state', data }),
      onReady: (node) => {
        this.delivery.flush()
        this.mailboxes.nodeReady(node)
        this.reversals.reset()
        this.paths.nodeReady()
        this.reachability.check()
        void this.introductions.codes.parkAll(node)
      },
      onWarning: (data) => this.events.emit({ event: 'warning', data }),
      friends: () => this.store.friends().flatMap(({ peer, state }) => (state === 'friend' ? peer : [])),
      onPresent: (peer) => {
        if (this.paths.kind(peer) !== 'none') return
        this.reversals.forget(peer)
        this.paths.dialNow(peer)
      },
      log: this.#log,
    })
  }

  /** A node has other addresses than were known: friends and nodes are told, too. */
  #nodeLearnt(node: string, addresses: readonly string[]): void {
    try {
      this.settings.rememberLearnt(node, addresses)
    } catch (error) {
      // With a full disk they are learnt again with the next session.
      this.#log('warn', 'the addresses of a node could not be stored', toError(error))
    }
    this.tellProfile()
    void this.nodes.announce()
  }

  #createReachability(): Reachability {
    return new Reachability({
      sessions: () => (this.privacy.now.direct === 'never' ? [] : this.nodes.sessions()),
      listening: () => this.network.services.directDial.listening(),
      mapped: () => this.portMapping.ports(),
      onChange: () => {
        void this.nodes.announce()
        this.tellProfile()
      },
      log: this.#log,
    })
  }

  #createPaths(): Paths {
    const { policy } = this
    return new Paths({
      network: this.network,
      privacy: () => this.privacy.now,
      mayBeDirect: (peer) => policy.mayBeDirect(peer),
      mayStayOpen: (connection, carries) => policy.mayStayOpen(connection, carries),
      log: this.#log,
      confirmed: () => this.reachability.addresses(),
      announced: (peer) => {
        const { addresses, nodes } = this.#told(peer)
        return { addresses: [...new Set([...this.lanDiscovery.addresses(peer), ...addresses])], nodes }
      },
      ownNodes: this.#connectedNodes,
      nodeRefusal: () => refusalOf(this.nodes.states()),
      discover: (peer) => this.introductions.discover(peer),
      askToDial: (peer) => this.reversals.ask(peer),
      isContact: (peer) => policy.isFriend(peer) || this.nodes.has(peer) || this.groups.isMember(peer),
      onOpen: (connection) => {
        const peer = connection.remotePeer.toString()
        if (policy.isFriend(peer)) void this.chat.keep(connection)
        this.groups.connected(connection)
        if (this.store.envelopes().some(({ to }) => to === peer)) this.delivery.flush()
      },
      onChange: (peer) => {
        this.files.pathChanged(peer)
        this.events.pathChanged(peer)
      },
    })
  }

  /** How a friend is reached, or a member of a group. */
  #told(peer: string): Pick<PeerAddress, 'addresses' | 'nodes'> {
    const row = this.store.friend(peer)
    return row?.state === 'friend'
      ? row
      : { addresses: row?.addresses ?? [], nodes: [...(row?.nodes ?? []), ...this.groups.nodesOf(peer)] }
  }

  #createDelivery(): EnvelopeDelivery {
    return new EnvelopeDelivery({
      store: this.store,
      nodes: this.nodes,
      now: this.#now,
      log: this.#log,
      connected: (peer) => this.paths.connections(peer)[0],
      connect: (peer, addresses) => this.paths.connectDirectly(peer, addresses),
      onEnvelope: this.#onEnvelope,
    })
  }

  #createFriends(): Friends {
    return new Friends({
      identity: this.identity,
      store: this.store,
      sealing: this.sealing,
      now: this.#now,
      networkNow: () => this.nodes.time.now(),
      emit: this.events.emit,
      name: () => this.settings.name(),
      peerAddress: this.#peerAddress,
      view: (row) => this.events.friend(row),
      onEnvelopeQueued: () => this.delivery.flush(),
      onChange: (row) => this.#friendshipChanged(row),
      onForgotten: (peer) => this.events.forget(peer),
      online: (peer) => this.chat.online(peer),
      onDialMe: (peer) => this.paths.dialNow(peer),
      onStand: (peer, word) => this.chat.hearStand(peer, word),
    })
  }

  #friendshipChanged({ peer, state }: Pick<FriendRow, 'peer' | 'state'>): void {
    void this.nodes.presence.friendshipChanged(peer, state === 'friend')
    if (state === 'friend') {
      this.paths.want(peer)
      for (const connection of this.paths.connections(peer)) void this.chat.keep(connection, true)
      this.groups.friendChanged(peer)
      // The path may have opened before the friendship began.
      this.events.pathChanged(peer)
      return
    }
    this.chat.end(peer)
    this.files.end(peer)
    this.drafts.forget(peer)
    // A pending request may use the open connections; only after removal or blocking are they closed.
    if (state !== 'removed' && state !== 'blocked') return
    this.paths.unwant(peer)
    this.reversals.forget(peer)
    this.lanDiscovery.forget(peer)
    // They may share a group, still.
    this.groups.friendChanged(peer)
  }

  #presenceChanged(peer: string): void {
    try {
      if (this.chat.online(peer)) this.friends.connected(peer)
    } catch (error) {
      this.#log('warn', 'that a friend has answered could not be stored', toError(error))
    }
    this.events.presenceChanged(peer)
  }

  #createReversals(): ConnectionReversals {
    return new ConnectionReversals({
      addresses: (peer) => this.paths.ownAddresses(peer),
      write: (peer) => this.friends.dialMe(peer),
      push: (peer, content) => this.delivery.push(peer, content),
      log: this.#log,
    })
  }

  #createIntroductions(): Introductions {
    return new Introductions({
      identity: this.identity,
      store: this.store,
      settings: this.settings,
      nodes: this.nodes,
      friends: this.friends,
      slots: this.network.services.lanSlots,
      peerAddress: this.#peerAddress,
      now: this.#now,
      log: this.#log,
      mayUseNodesOf: (peer) => this.policy.mayBeDirect(peer),
      mayDial: (address, peer) => this.policy.refusesDial(address, { peer }) === undefined,
      addNode: (address) => this.addNode(address),
    })
  }

  #createChat(): Chat {
    return new Chat({
      self: this.identity.peer,
      store: this.store,
      now: this.#now,
      age: () => this.nodes.time.confirmed(),
      emit: this.events.emit,
      log: this.#log,
      name: () => this.settings.name(),
      peerAddress: this.#peerAddress,
      onTicket: () => this.mailboxes.tellTickets(),
      stand: (peer, word) => this.friends.stand(peer, word),
      sealing: this.sealing,
      identity: this.identity,
      hpke,
      taken: (ids) => this.mailboxes.taken(ids),
      atNodes: atNodesOf(this),
      readReceipts: () => this.privacy.now.readReceipts,
      typingMarks: () => this.privacy.now.typingMarks,
      isFriend: (peer) => this.policy.isFriend(peer),
      onHello: (peer, hello) => {
        this.events.helloReceived(peer, hello)
        this.groups.friendChanged(peer)
      },
      onPresence: (peer) => this.#presenceChanged(peer),
      onHeld: (peer) => this.events.heldChanged(peer),
      onTransfer: (peer, content, message) => this.files.receiveMessage(peer, content, message),
      onGroup: (peer, content) => this.groups.onMessage(peer, content),
      probe: this.#probeSharing,
    })
  }
}
