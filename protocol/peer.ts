/**
 * `createPeer`: opens the identity, the privacy rules and the network, creates and starts the parts of a peer
 * (peer-parts.ts), and returns its calls (peer-calls.ts). `stop` ends the parts before the network and the store.
 */
import path from 'node:path'
import { scopeOf } from './address/address.ts'
import { givenNodeAddress } from './address/given-address.ts'
import { nodePeer } from './address/node-addresses.ts'
import type { Peer } from './api/calls.ts'
import { privacyNames, privacyPatch, type PrivacyPatch } from './api/privacy.ts'
import { afterRestore } from './backup.ts'
import { QuorumError } from './base/errors.ts'
import { peerInLog, silent, type Log } from './base/log.ts'
import { erase } from './erase.ts'
import { createSeed, identityFromSeed } from './identity/identity.ts'
import { PrivacyInForce } from './identity/privacy-in-force.ts'
import { Settings } from './identity/settings.ts'
import { forgetPeers } from './net/forget-peers.ts'
import { listenAgain, listening, unbound } from './net/listen.ts'
import { chatProtocol, dcutrProtocol, fileProtocol, friendProtocol, groupProtocol, Policy } from './net/policy.ts'
import { callByName, checkedCalls, peerCalls } from './peer-calls.ts'
import { PeerParts } from './peer-parts.ts'
import { checkPeerOptions, type PeerOptions } from './peer-options.ts'
import { PrivacyRules } from './privacy-rules.ts'
import type { Store } from './store/store.ts'

/** Those of running peers: two on one store would number their messages alike. */
const storesInUse = new WeakSet<Store>()

/**
 * Starts a peer. It is usable at once, also without a reachable node; messages and requests are queued until then.
 * Errors: `bad-request` for an unknown or wrong option, or a malformed address, `too-large` for a name that is too
 * long, `store-locked` for a store that another peer of this process uses, and those of the store.
 */
export async function createPeer(options: PeerOptions): Promise<Peer> {
  checkPeerOptions(options)
  const { store } = options
  if (storesInUse.has(store)) throw new QuorumError('store-locked', 'Another peer of this program uses that store')
  storesInUse.add(store)
  try {
    return await peerOn(options)
  } catch (error) {
    // The store belongs to the caller until the peer runs.
    storesInUse.delete(store)
    throw error
  }
}

async function peerOn(options: PeerOptions): Promise<Peer> {
  const { store, now = Date.now, log = silent } = options
  const nodes = (options.nodes ?? []).map(givenNodeAddress)
  const settings = new Settings(store)
  const seed = settings.seed(createSeed)
  const identity = await identityFromSeed(seed)
  seed.fill(0)
  if (options.name != null) settings.rename(options.name)

  const privacy: PrivacyInForce = new PrivacyInForce({
    settings,
    given: given(options),
    apply: (now, before) => rules.change(now, before),
  })
  // Connections may arrive before the parts exist.
  const later: { parts?: PeerParts } = {}
  const { listen = [] } = options
  const policy = new Policy({
    store,
    privacy: () => privacy.now,
    isNode: (peer) => later.parts?.nodes.has(peer) ?? false,
    isMember: (peer) => later.parts?.groups.isMember(peer) ?? false,
    loopback: listen.length > 0 && listen.every((address) => scopeOf(address) === 'machine'),
  })
  const network = await listening(options, privacy.now.direct, policy, identity.privateKey, settings)
  forgetPeers(network, log, { again: 'after-identify' })
  // A relative folder is that of now, whatever the process changes to later.
  const downloads = options.downloads === undefined ? undefined : path.resolve(options.downloads)
  const parts = new PeerParts({
    identity,
    store,
    settings,
    privacy,
    policy,
    network,
    downloads,
    hasNodes: nodes.length > 0 || settings.nodes().length > 0,
    now,
    log,
  })
  later.parts = parts
  const rules = privacyRules(parts, options, log)
  const { events } = parts
  const { unreadable } = settings.privacy()
  if (unreadable.length > 0) {
    log('warn', 'the privacy choices cannot be read')
    events.warn('privacy-unreadable', unreadableChoices(unreadable))
  }
  try {
    await serve(parts, log)
    await start(parts, rules, nodes, log)
  } catch (error) {
    await stop(parts, rules)
    throw error
  }

  let ending: Promise<unknown> | undefined
  const stopAll = async (): Promise<void> => {
    await stop(parts, rules)
    store.close()
    storesInUse.delete(store)
  }
  const calls = peerCalls(parts, {
    stop: async () => {
      await (ending ??= stopAll())
      return null
    },
    erase: async () => {
      if (ending !== undefined) throw new QuorumError('cancelled', 'This peer has stopped')
      const erasing = erase(parts, log, () => stop(parts, rules))
      ending = erasing
      return erasing
    },
  })
  return {
    ...checkedCalls(calls, () => ending !== undefined),
    subscribe: (listener) => events.subscribe(listener),
    call: (name, params) => callByName(calls, name, params, ending !== undefined),
  }
}

/** Registers the stream handlers. */
async function serve({ network, policy, chat, files, groups, delivery }: PeerParts, log: Log): Promise<void> {
  const failed = streamFailed(log)
  await policy.serve(network, chatProtocol, (stream, connection) => chat.receive(stream, connection), failed)
  await policy.serve(network, fileProtocol, (stream, connection) => files.receive(stream, connection), failed)
  await policy.serve(network, groupProtocol, (stream, connection) => groups.receive(stream, connection), failed)
  await policy.serve(network, friendProtocol, (stream, connection) => delivery.receive(stream, connection), failed)
}

function streamFailed(log: Log): (peer: string, error: Error) => void {
  return (peer, error) => log('debug', `a stream from ${peerInLog(peer)} failed`, error)
}

/** What the privacy choices start and stop. Warns about addresses on which this peer cannot listen. */
function privacyRules(parts: PeerParts, options: PeerOptions, log: Log): PrivacyRules {
  const { network, policy, paths, events, introductions, lanDiscovery, settings } = parts
  const failed = streamFailed(log)
  const warnUnbound = (): void => {
    const wanted = parts.privacy.now.direct === 'never' ? [] : (options.listen ?? [])
    for (const address of unbound(network, wanted)) {
      log('warn', 'an address to listen on is in use or does not belong to this machine')
      events.warn(
        'bad-request',
        `This peer cannot listen on ${address}: it is in use, or does not belong to this machine`,
      )
    }
  }
  warnUnbound()
  return new PrivacyRules({
    servePunches: () =>
      policy.serve(network, dcutrProtocol, (stream, relayed) => paths.receiveHolePunch(stream, relayed), failed),
    refusePunches: () => network.unhandle(dcutrProtocol),
    listen: async () => {
      await listenAgain(network, options, settings)
      warnUnbound()
    },
    stopListening: () => network.services.directDial.stopListening(),
    search: () => network.services.mdns.listen((peer, addresses) => lanDiscovery.observed(peer, addresses)),
    lanCodes: introductions.codes.lan,
    lanDiscovery,
    portMapping: parts.portMapping,
    reachability: parts.reachability,
    paths,
    tell: () => parts.tellAddresses(),
  })
}

async function start(parts: PeerParts, rules: PrivacyRules, given: readonly string[], log: Log): Promise<void> {
  const { nodes, paths, watch, reachability, files, chat, friends, delivery, sealing, settings, store, search } = parts
  // Before anything is announced.
  await sealing.start({ failed: (error) => log('error', 'the sealing keys cannot be renewed or destroyed', error) })
  nodes.start()
  paths.start()
  watch.start()
  reachability.start()
  for (const address of [...settings.nodes(), ...given]) {
    nodes.add(address, settings.learntNode(nodePeer(address)))
  }
  for (const row of store.friends()) if (row.state === 'friend') paths.want(row.peer)
  parts.groups.start()
  // Before anything is sent: the choice may have become more private while an envelope waited.
  friends.hideAddresses()
  await rules.start(parts.privacy.now)
  afterRestore(store, files, Date.now())
  files.start()
  chat.mail.start()
  search.start()
  delivery.flush()
  parts.answerVisits.start()
  parts.backups.start()
}

/** Everything but the store. */
async function stop(parts: PeerParts, rules: PrivacyRules): Promise<void> {
  const { backups, search, sealing, watch, reachability, chat, mailboxes, files } = parts
  const { paths, delivery, answerVisits, nodes, network, events } = parts
  await backups.stop()
  search.stop()
  await sealing.stop()
  watch.stop()
  reachability.stop()
  await Promise.all([chat.mail.stop(), parts.groups.stop()])
  mailboxes.stop()
  chat.stop()
  await files.stop()
  await Promise.all([paths.stop(), delivery.stop(), answerVisits.stop(), nodes.stop(), rules.stop()])
  await network.stop()
  events.stop()
}

/** The privacy choices in the options. */
function given(options: PeerOptions): PrivacyPatch {
  const all = privacyNames.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]]]))
  return privacyPatch.parse(Object.fromEntries(all))
}

function unreadableChoices(names: readonly string[]): string {
  const which = names.join(', ')
  return `What you chose about privacy cannot be read (${which}): the most private choice holds until you choose again`
}
