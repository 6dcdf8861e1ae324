/**
 * A peer: wires store, network, nodes, friends and chat together, and serves the calls of api/calls.ts. What each part does
 * is in its own file; here is who tells whom.
 */
import type { Connection } from '@libp2p/interface'
import { isRelayed } from './address/address.ts'
import { callParams, type CallName, type Peer, type Self } from './api/calls.ts'
import { Chat } from './chat/chat.ts'
import { QuorumError, toError } from './base/errors.ts'
import type { PeerEvent } from './api/events.ts'
import type { Friend, PathKind } from './api/model.ts'
import { Files } from './file/transfers.ts'
import { Friends } from './friend/friends.ts'
import { createSeed, identityFromSeed, shortId } from './identity/identity.ts'
import { Introductions } from './friend/introductions.ts'
import { fileLimits } from './file/limits.ts'
import { netLimits } from './net/limits.ts'
import { apiLimits } from './api/limits.ts'
import { silent, type Log } from './base/log.ts'
import { Mailer } from './friend/envelope-delivery.ts'
import { forgetPeers } from './net/forget-peers.ts'
import { probing } from './net/probe.ts'
import { Neighbours } from './paths/lan-discovery.ts'
import { listening, unbound } from './net/listen.ts'
import { NetworkWatch } from './paths/network-change.ts'
import { nodePeer } from './address/node-addresses.ts'
import { Nodes } from './directory/home-nodes.ts'
import { Paths } from './paths/paths.ts'
import { PortMapping } from './paths/port-mapping.ts'
import { Reachability } from './directory/reachability.ts'
import { chatProtocol, dcutrProtocol, fileProtocol, friendProtocol, Policy, type DirectMode } from './net/policy.ts'
import { Reversals } from './paths/connection-reversal.ts'
import { safetyNumber } from './identity/safety-number.ts'
import { SealingKeys } from './identity/sealing.ts'
import { Settings } from './identity/settings.ts'
import type { FriendRow, Store } from './store/store.ts'
import { Upgrades } from './paths/hole-punch.ts'
import type { Hello } from './wire/chat.ts'
import type { Reach } from './wire/contact.ts'

export interface PeerOptions {
  /** Where everything is remembered; closed by `stop()`. */
  store: Store
  /** Node addresses to use besides those in the store, each ending in `/p2p/<PeerId>`. */
  nodes?: readonly string[]
  /** Sets the name friends see. */
  name?: string
  /** Multiaddrs to listen on; by default every interface, on the port of last time where it is free. */
  listen?: readonly string[]
  /**
   * `verified`: only friends whose number was compared are reached directly and learn our address. `never`: through nodes
   * only, no friend learns it. `only`: never through a node.
   */
  direct?: DirectMode
  /** Where accepted files go when nobody says otherwise; created when needed. */
  downloads?: string
  /** Tell friends our LAN addresses and dial theirs. Default true. */
  lan?: boolean
  /**
   * Find friends on the local network, and be found there, by multicast DNS: everybody there sees who and where we are.
   * Default false; nothing where `lan` is false or `direct` is `never` or `verified`.
   */
  mdns?: boolean
  /** Ask the router to pass calls on to us. Default true; nothing where `direct` is `never`. */
  upnp?: boolean
  /** Friends learn up to where their messages were read. Default true. */
  readReceipts?: boolean
  /** Friends learn that we are writing. Default true. */
  typingMarks?: boolean
  /** Milliseconds since the epoch. */
  now?: () => number
  log?: Log
}

/**
 * Starts a peer. It is usable at once, whether or not a node can be reached; what cannot go yet waits.
 * Errors: `bad-request` for a malformed address, `too-large` for a name that is too long, and those of the store.
 */
export async function createPeer(options: PeerOptions): Promise<Peer> {
  const { store, direct = 'auto', lan = true, mdns = false, upnp = true, now = Date.now, log = silent } = options
  const { readReceipts = true, typingMarks = true } = options
  for (const address of options.nodes ?? []) nodePeer(address)
  const settings = new Settings(store)
  const identity = await identityFromSeed(settings.seed(createSeed))
  if (options.name != null) settings.rename(options.name)

  const listeners = new Set<(event: PeerEvent) => void>()
  const emit = (event: PeerEvent): void => {
    for (const listener of listeners) {
      // One that throws must not keep the others, or the protocol, from going on.
      try {
        listener(event)
      } catch (error) {
        log('error', `a listener failed at ${event.event}`, toError(error))
      }
    }
  }

  const sealing = new SealingKeys(identity, store, now)
  const policy: Policy = new Policy(store, direct, (peer) => nodes.has(peer))
  const network = await listening(options, policy, identity.privateKey, settings)
  forgetPeers(network, log, { again: 'after-identify' })
  const probe = probing()

  const reach = (to?: string): Reach => ({
    nodes: nodes.addresses(),
    addresses: paths.ownAddresses(to),
    sealingKey: sealing.current(),
  })
  const view = (row: FriendRow): Friend => {
    const { peer, name, handle, state, note, verified, addedAt, lastSeen } = row
    return {
      peer,
      name: name === '' ? (handle ?? shortId(peer)) : name,
      ...(handle == null ? {} : { handle }),
      state,
      ...(note == null ? {} : { note }),
      verified,
      online: chat.online(peer),
      path: paths.kind(peer),
      addedAt,
      unread: store.unread(peer),
      ...(lastSeen == null ? {} : { lastSeen }),
    }
  }

  const onMail = (envelope: Uint8Array): void => friends.receive(envelope)
  const nodes: Nodes = new Nodes({
    network,
    record: () => introductions.record(),
    handle: () => settings.handle(),
    onMail,
    onState: (data) => emit({ event: 'node-state', data }),
    onReady: (node) => {
      mailer.flush()
      upgrades.reset()
      reversals.reset()
      paths.retryNow()
      reachability.check()
      void introductions.parkAll(node)
    },
    onWarning: (data) => emit({ event: 'warning', data }),
    log,
  })

  const reachability: Reachability = new Reachability({
    sessions: () => (direct === 'never' ? [] : nodes.sessions()),
    listening: () => network.services.directDial.listening(),
    mapped: () => portMapping.ports(),
    onChange: () => {
      void nodes.announce()
      chat.hello()
    },
    log,
  })

  const portMapping = new PortMapping({
    listening: () => network.services.directDial.listening(),
    onChange: () => reachability.recheck(),
    log,
  })

  const ownNodes = (): string[] =>
    nodes.states().flatMap(({ state, address }) => (state === 'connected' ? address : []))
  const upgrades = new Upgrades({ network, nodes: ownNodes, log })
  const kinds = new Map<string, PathKind>()
  const paths: Paths = new Paths({
    network,
    direct,
    mayBeDirect: (peer) => policy.mayBeDirect(peer),
    lan,
    log,
    confirmed: () => reachability.addresses(),
    known: (peer) => {
      const { addresses, nodes } = store.friend(peer) ?? { addresses: [], nodes: [] }
      return { addresses: [...new Set([...neighbours.addresses(peer), ...addresses])], nodes }
    },
    ownNodes,
    punch: (relayed) => upgrades.attempt(relayed),
    whyNotPunched: (peer) => upgrades.why(peer),
    punched: (peer) => upgrades.trial(peer),
    discover: (peer) => introductions.discover(peer),
    askToDial: (peer) => reversals.ask(peer),
    mayStay: (peer) => policy.isFriend(peer) || nodes.has(peer),
    onOpen: (connection) => {
      const peer = connection.remotePeer.toString()
      if (policy.isFriend(peer)) void chat.keep(connection)
      if (store.envelopes().some(({ to }) => to === peer)) mailer.flush()
    },
    onChange: (peer) => {
      files.pathChanged(peer)
      tellPath(peer)
    },
  })
  const neighbours = new Neighbours({
    isFriend: (peer) => policy.isFriend(peer),
    connected: (peer) => paths.kind(peer) !== 'none',
    dial: (peer) => paths.dialNow(peer),
  })
  const tellPath = (peer: string): void => {
    const kind = paths.kind(peer)
    if (kind === (kinds.get(peer) ?? 'none') || store.friend(peer) == null) return
    kinds.set(peer, kind)
    emit({ event: 'path-changed', data: { ...paths.info(peer), peer } })
  }

  const mailer: Mailer = new Mailer({
    store,
    nodes,
    now,
    log,
    connected: (peer) => paths.connections(peer)[0],
    connect: (peer, addresses) => paths.connectDirectly(peer, addresses),
    onMail,
  })

  const friends: Friends = new Friends({
    identity,
    store,
    sealing,
    now,
    emit,
    name: () => settings.name(),
    reach,
    view,
    onMail: () => mailer.flush(),
    onChange: ({ peer, state }) => {
      if (state === 'friend') {
        paths.want(peer)
        for (const connection of paths.connections(peer)) void chat.keep(connection, true)
        // It may have been there before the friendship was.
        tellPath(peer)
      } else {
        chat.end(peer)
        files.end(peer)
        // A request goes over whatever connection there is; the others end.
        if (state === 'removed' || state === 'blocked') {
          paths.unwant(peer)
          reversals.forget(peer)
          neighbours.forget(peer)
        }
      }
    },
    onDialMe: (peer) => paths.dialNow(peer),
  })

  const reversals: Reversals = new Reversals({
    addresses: (peer) => paths.ownAddresses(peer),
    write: (peer) => friends.dialMe(peer),
    push: (peer, content) => mailer.push(peer, content),
    log,
  })

  const introductions: Introductions = new Introductions({
    identity,
    store,
    settings,
    nodes,
    friends,
    reach,
    now,
    log,
    addNode,
  })

  const chat: Chat = new Chat({
    self: identity.peer,
    store,
    now,
    emit,
    log,
    name: () => settings.name(),
    reach,
    readReceipts,
    typingMarks,
    isFriend: (peer) => policy.isFriend(peer),
    onHello: (peer, hello) => {
      try {
        onHello(store, peer, hello, (row) => emit({ event: 'friend-changed', data: view(row) }))
      } catch (error) {
        log('warn', 'what a friend told about itself could not be kept', toError(error))
      }
    },
    onPresence: (peer) => {
      const row = store.friend(peer)
      if (row == null) return
      const seen = { ...row, lastSeen: now() }
      try {
        store.putFriend(seen)
      } catch (error) {
        // A full disk costs the time they were last seen, not the news that they are here.
        log('warn', 'it could not be noted that a friend was seen', toError(error))
      }
      emit({ event: 'friend-changed', data: view(seen) })
    },
    onTransfer: (peer, content, message) => files.receiveMessage(peer, content, message),
    probe: doubt,
  })

  /** Whether anything is alive of what may have died together with that connection. */
  function doubt(connection: Connection, heard: () => boolean): void {
    const { traffic } = network.services
    for (const doubted of paths.sharing(connection)) {
      const { received } = traffic.of(doubted)
      // A line that is full of a file delays the answer, and carries other things meanwhile.
      void probe(doubted, netLimits.probe, () => heard() || traffic.of(doubted).received > received)
    }
  }

  const files: Files = new Files({
    store,
    now,
    emit,
    log,
    downloads: options.downloads,
    isFriend: (peer) => policy.isFriend(peer),
    // A circuit that ends before a few chunks have passed would be spent for nothing.
    best: (peer) =>
      paths.connections(peer).find(({ limits: stated }) => (stated?.bytes ?? Infinity) > fileLimits.fileCircuit),
    say: (peer, about, keep) => chat.sendTransfer(peer, about, keep),
    recall: (message) => {
      const waits = store.message(message)?.state === 'queued'
      if (waits) chat.recall(message)
      return waits
    },
    probe: doubt,
    limited: (peer) => paths.info(peer).limited != null,
  })

  const watch = new NetworkWatch({
    onChange: (cause) => {
      log('info', cause === 'sleep' ? 'this machine slept' : 'the addresses of this machine changed')
      for (const connection of network.getConnections()) void probe(connection, netLimits.probeMoved)
      nodes.retryNow()
      upgrades.reset()
      reversals.reset()
      neighbours.reset()
      paths.retryNow()
      reachability.reset()
      portMapping.reset()
      void nodes.announce()
      chat.hello()
    },
  })

  function addNode(address: string): void {
    nodes.add(address)
    settings.rememberNode(address)
  }

  /** A handle is ours once the nodes agree; those that are away are asked when they are back. */
  async function claim(handle: string): Promise<void> {
    const before = settings.handle()
    settings.setHandle(handle)
    try {
      await nodes.claimHandle()
    } catch (error) {
      settings.setHandle(before)
      // One of several nodes may have given it already.
      void nodes.announce()
      throw error
    }
  }

  const self = (): Self => ({
    peer: identity.peer,
    name: settings.name(),
    ...(settings.handle() === '' ? {} : { handle: settings.handle() }),
    nodes: nodes.states(),
    listen: network.services.directDial.listening().filter((address) => !isRelayed(address)),
    reachable: reachability.state,
  })
  const friend = (row: FriendRow): Promise<Friend> => Promise.resolve(view(row))

  const calls: Omit<Peer, 'subscribe' | 'call'> = {
    self: async () => self(),
    setProfile: async ({ name, handle }) => {
      if (name != null) settings.rename(name)
      if (handle != null) await claim(handle)
      chat.hello()
      return self()
    },
    invite: async ({ once = false, expiresIn = apiLimits.inviteLifetime }) => introductions.invite(once, expiresIn),
    requestFriend: async ({ to, note = '' }) => view(await introductions.request(to, note)),
    acceptFriend: async ({ peer }) => friend(friends.accept(peer)),
    declineFriend: async ({ peer }) => friend(friends.decline(peer)),
    removeFriend: async ({ peer }) => friend(friends.remove(peer)),
    blockPeer: async ({ peer }) => friend(friends.block(peer)),
    unblockPeer: async ({ peer }) => friend(friends.unblock(peer)),
    friends: async () => friends.list().map(view),
    safetyNumber: async ({ peer }) => ({
      number: safetyNumber(identity.peer, peer),
      verified: store.friend(peer)?.verified ?? false,
    }),
    verifyFriend: async ({ peer, verified }) => {
      const row = friends.verified(peer, verified)
      if (direct === 'verified') {
        // The hello tells them where we are, or not any more.
        chat.hello()
        paths.ruleChanged(peer)
      }
      return friend(row)
    },
    connection: async ({ peer }) => paths.info(friends.get(peer).peer),
    connect: async ({ peer }) => {
      if (!policy.isFriend(friends.get(peer).peer)) throw new QuorumError('not-friend', 'They are not a friend (yet)')
      await paths.connect(peer)
      return paths.info(peer)
    },
    sendMessage: async ({ peer, text, replyTo }) => chat.send(peer, text, replyTo),
    messages: async ({ peer, limit = apiLimits.pageDefault, ...range }) => store.messages(peer, limit, range),
    message: async ({ message }) => {
      const found = store.message(message)
      if (found === undefined) throw new QuorumError('not-found', 'There is no such message')
      return found
    },
    markRead: async ({ peer, upTo }) => {
      chat.markRead(friends.get(peer).peer, upTo)
      return null
    },
    search: async ({ text, peer, limit = apiLimits.pageDefault }) => store.search(text, limit, peer),
    recallMessage: async ({ message }) => {
      const recalled = chat.recall(message)
      if (recalled.transfer != null) files.recalled(recalled.transfer)
      return recalled
    },
    typing: async ({ peer, active }) => {
      chat.typing(peer, active)
      return null
    },
    sendFiles: async ({ peer, paths: chosen, note }) => files.send(peer, chosen, note),
    acceptTransfer: async ({ transfer, directory }) => files.accept(transfer, directory),
    declineTransfer: async ({ transfer }) => files.decline(transfer),
    pauseTransfer: async ({ transfer }) => files.pause(transfer),
    resumeTransfer: async ({ transfer }) => files.resume(transfer),
    cancelTransfer: async ({ transfer }) => files.cancel(transfer),
    transfers: async ({ peer }) => files.list(peer),
    transferFile: async ({ transfer, file }) => files.place(transfer, file),
    addNode: async ({ address }) => {
      addNode(address)
      chat.hello()
      return self()
    },
    removeNode: async ({ address }) => {
      settings.forgetNode(nodes.remove(address))
      chat.hello()
      return self()
    },
    nodeKnowledge: async ({ node }) => introductions.knowledge(node),
    forgetMe: async ({ node }) => {
      await nodes.session(node).forget()
      return null
    },
    stop: () => (stopping ??= stop()),
  }

  let stopping: Promise<null> | undefined
  async function stop(): Promise<null> {
    watch.stop()
    reachability.stop()
    chat.stop()
    await files.stop()
    paths.stop()
    await Promise.all([mailer.stop(), nodes.stop(), upgrades.stop(), silence(), portMapping.stop()])
    await network.stop()
    store.close()
    listeners.clear()
    return null
  }

  const failed = (peer: string, error: Error): void => log('debug', `a stream from ${shortId(peer)} failed`, error)
  await policy.serve(network, chatProtocol, (stream, connection) => chat.receive(stream, connection), failed)
  await policy.serve(network, fileProtocol, (stream, connection) => files.receive(stream, connection), failed)
  await policy.serve(network, friendProtocol, (stream, connection) => mailer.receive(stream, connection), failed)
  // A peer whose address nobody is to learn does not even offer it.
  if (direct !== 'never') {
    await policy.serve(network, dcutrProtocol, (stream, relayed) => upgrades.receive(stream, relayed), failed)
  }
  // Once whoever called has had the chance to listen for it.
  const unheard = unbound(network, direct === 'never' ? [] : (options.listen ?? []))
  if (unheard.length > 0) {
    log('warn', 'an address to listen on is taken or not of this machine')
    setImmediate(() => {
      for (const address of unheard) {
        emit({
          event: 'warning',
          data: {
            code: 'bad-request',
            message: `Nobody can be heard on ${address}: it is taken, or not of this machine`,
          },
        })
      }
    })
  }
  nodes.start()
  paths.start()
  watch.start()
  reachability.start()
  if (upnp && direct !== 'never') portMapping.start()
  for (const address of [...settings.nodes(), ...(options.nodes ?? [])]) nodes.add(address)
  for (const row of store.friends()) if (row.state === 'friend') paths.want(row.peer)
  const silence =
    mdns && lan && policy.mayBeDirect()
      ? await network.services.mdns.listen((peer, addresses) => neighbours.heard(peer, addresses))
      : async () => undefined
  files.start()
  mailer.flush()

  const peer: Peer = {
    ...calls,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async call(name, params) {
      if (!isCall(name)) throw new QuorumError('bad-request', `There is no call named ${JSON.stringify(name)}`)
      if (stopping != null && name !== 'stop') throw new QuorumError('cancelled', 'This peer has stopped')
      const parsed = callParams[name].safeParse(params ?? {})
      if (!parsed.success) {
        const [issue] = parsed.error.issues
        throw new QuorumError(
          'bad-request',
          `${name}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? 'does not fit'}`,
        )
      }
      // The table pairs each name with its own parameters; the union over all names cannot be called.
      const serve = calls[name] as (params: unknown) => Promise<unknown>
      return serve(parsed.data)
    },
  }
  return peer
}

function isCall(name: string): name is CallName {
  return Object.hasOwn(callParams, name)
}

/** A friend said where it is and what it is called now. */
function onHello(store: Store, peer: string, hello: Hello, changed: (row: FriendRow) => void): void {
  const row = store.friend(peer)
  if (row == null) return
  const { name, nodes, addresses, sealingKey } = hello
  const told: FriendRow = { ...row, name, nodes, addresses, ...(sealingKey == null ? {} : { sealingKey }) }
  if (JSON.stringify(told) === JSON.stringify(row)) return
  store.putFriend(told)
  if (name !== row.name) changed(told)
}
