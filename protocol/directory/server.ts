/**
 * /quorum/directory/1.0.0, the node's side (docs/protocol.md): which peers are connected, their records, and mailboxes
 * for those that are away. It keeps no log of who talks to whom and lists no peers, and a lookup of an unknown peer has
 * the same answer as one of a peer without a record.
 */
import type { Connection, Stream } from '@libp2p/interface'
import { pipe } from 'it-pipe'
import { looksLikeCode } from '../identity/invite-link.ts'
import { isPublic } from '../address/address.ts'
import { widestFirst } from '../address/node-addresses.ts'
import type { DirectoryStore } from './store.ts'
import { ByteRoom } from '../base/byte-room.ts'
import { errorToData, QuorumError, toError } from '../base/errors.ts'
import { peerFromPublicKey, publicKeyOf, verify } from '../identity/identity.ts'
import { Expectations, type Expecting } from './expectations.ts'
import { limits } from '../base/limits.ts'
import { CallRates, type Caller } from './call-rates.ts'
import { directoryLimits } from './limits.ts'
import type { Log } from '../base/log.ts'
import { Records } from './records.ts'
import { closeOrAbort } from '../net/close.ts'
import { dialBack } from '../net/dial-back.ts'
import { FrameWriter } from '../net/frame-writer.ts'
import { netLimits } from '../net/limits.ts'
import { quotaKey, quotaKeysOf } from '../address/quota-key.ts'
import { errorToTell } from '../net/requests.ts'
import { pull } from '../net/streams.ts'
import { type NodeNetwork } from '../net/libp2p.ts'
import { directoryProtocol } from '../net/policy.ts'
import { SharedRate, TokenBucket } from '../base/rate-limit.ts'
import { recordFromWire } from '../wire/contact.ts'
import type { SignedBytes } from '../wire/codec.ts'
import {
  frameToWire,
  requestFromWire,
  type DirectoryCall,
  type DirectoryAnswer,
  type DirectoryFrame,
} from '../wire/directory.ts'
import { unframe } from '../wire/framing.ts'

/** Calls whose answers may be passed by those to later calls of the session. */
const answeredLater: ReadonlySet<DirectoryCall['call']> = new Set(['reachable', 'deliver', 'collected', 'postInvite'])

/** The id of an envelope that is pushed and not held: `collected` with it deletes nothing. */
const notHeld = 0

interface Session extends Caller {
  connection: Connection
  writer: FrameWriter
  stream: Stream
  connectedSince: number
  /** Up to this id, the envelopes that the node holds for the peer were sent when the session began. */
  heldUpTo: number
  expecting: Expecting
  frames: TokenBucket
  /** Requests that have no answer yet. */
  unanswered: number
  mayAsk: () => boolean
}

export interface DirectoryStats {
  sessions: number
  records: number
  /** By kind and outcome, as `lookup ok`, `deliver rate-limited`. */
  requests: { [kindAndOutcome: string]: number }
}

export class DirectoryServer {
  readonly #network: NodeNetwork
  readonly #store: DirectoryStore
  readonly #now: () => number
  readonly #log: Log
  readonly #sessions = new Map<string, Session>()
  readonly records: Records
  readonly #expectations = new Expectations()
  readonly #requests: { [kindAndOutcome: string]: number } = {}
  readonly #rates = new CallRates()
  readonly #owed = new ByteRoom(directoryLimits.owedInAll, directoryLimits.owedPerAddress)
  readonly #flood = new SharedRate(directoryLimits.directoryFlood, directoryLimits.directoryFloodPerAddress, () =>
    performance.now(),
  )
  #dialBacks = 0

  constructor(network: NodeNetwork, store: DirectoryStore, now: () => number, log: Log) {
    this.#log = log
    this.#network = network
    this.#store = store
    this.#now = now
    this.records = new Records(now)
  }

  async start(): Promise<void> {
    await this.#network.handle(
      directoryProtocol,
      async (stream, connection) => {
        try {
          await this.#serve(stream, connection)
        } catch (error) {
          // The peer went away in the middle of something: no fault of this node.
          const gone = !(error instanceof QuorumError) && stream.status !== 'open'
          this.#count('stream', gone ? 'closed' : errorToData(error).code)
          stream.abort(toError(error))
        }
      },
      { maxInboundStreams: directoryLimits.streamsPerPeer },
    )
  }

  async stop(): Promise<void> {
    await this.#network.unhandle(directoryProtocol)
    for (const session of this.#sessions.values()) session.stream.abort(new Error('The node stops'))
    this.#sessions.clear()
  }

  stats(): DirectoryStats {
    return { sessions: this.#sessions.size, records: this.records.size, requests: { ...this.#requests } }
  }

  async #serve(stream: Stream, connection: Connection): Promise<void> {
    const peer = connection.remotePeer.toString()
    this.#rates.checkSession(peer)
    const keys = quotaKeysOf(connection.remoteAddr)
    const writer = new FrameWriter(stream, { ...directoryLimits.owed, room: this.#owed.of(keys.at(-1) ?? peer) })
    if (!this.#network.services.places.mayUse(connection)) return this.#turnAway(stream, writer, connection)
    const session: Session = {
      peer,
      address: quotaKey(connection.remoteAddr),
      network: keys.at(-1) ?? '',
      connection,
      stream,
      writer,
      expecting: this.#expectations.begin(
        publicKeyOf(peer),
        keys,
        (came) => void this.#send(writer, { frame: 'present', peers: [came] }),
      ),
      connectedSince: this.#now(),
      heldUpTo: 0,
      frames: new TokenBucket(directoryLimits.directoryFrames, () => performance.now()),
      unanswered: 0,
      mayAsk: this.#flood.of(keys.at(-1)),
    }
    this.#sessions.get(peer)?.stream.abort(new Error('Replaced by a newer session'))
    this.#sessions.set(peer, session)
    try {
      void this.#noteSeen(session)
      const held = this.#store.held(peer)
      session.heldUpTo = held.at(-1)?.id ?? 0
      for (const { id } of held) {
        const envelope = this.#store.envelope(peer, id)
        if (envelope != null) await session.writer.write(frameToWire({ frame: 'envelope', id, envelope }))
      }
      for await (const frames of pipe(pull(stream, netLimits.requestReads), unframe(directoryLimits.directoryFrame))) {
        for (const bytes of frames) {
          if (!session.mayAsk()) throw new QuorumError('rate-limited', 'Too many requests')
          await this.#respond(session, bytes)
        }
      }
      await writer.flushed()
      await stream.close()
    } finally {
      if (this.#sessions.get(peer) === session) this.#sessions.delete(peer)
      session.expecting.end()
    }
  }

  /**
   * Tells a peer that the operator does not admit it, whatever it asks. The peer ends the connection, or its time on
   * the seat does (net/node-places.ts): if this side closed it, the answer could be lost.
   */
  async #turnAway(stream: Stream, writer: FrameWriter, connection: Connection): Promise<void> {
    const mayAsk = this.#flood.of(quotaKeysOf(connection.remoteAddr).at(-1))
    const error = { code: 'not-admitted', message: 'This node does not accept you' } as const
    for await (const frames of pipe(pull(stream, netLimits.requestReads), unframe(directoryLimits.directoryFrame))) {
      for (const bytes of frames) {
        if (!mayAsk()) throw new QuorumError('rate-limited', 'Too many requests')
        const { id, call } = requestFromWire(bytes)
        this.#count(call?.call ?? 'unknown', error.code)
        await writer.write(frameToWire({ frame: 'response', id, result: { result: 'error', error } }))
      }
    }
    await stream.close()
  }

  /** A full disk leaves the owner of a handle with an older time; it does not end the session. */
  async #noteSeen({ peer, connectedSince }: Session): Promise<void> {
    try {
      await this.#store.seen(peer, connectedSince)
    } catch (error) {
      this.#log('error', 'it could not be noted that a peer was seen', toError(error))
    }
  }

  async #respond(session: Session, bytes: Uint8Array): Promise<void> {
    // Bytes that cannot be decoded throw here and end the stream.
    const { id, call } = requestFromWire(bytes)
    const answered = this.#finish(session, id, call)
    // Other requests are answered while these wait for a closed port, or for the disk.
    const later = call != null && answeredLater.has(call.call) && session.unanswered < directoryLimits.unanswered
    if (later) answered.catch((error: unknown) => session.stream.abort(toError(error)))
    else await answered
  }

  async #finish(session: Session, id: number, call: DirectoryCall | undefined): Promise<void> {
    let result: DirectoryAnswer
    let full = false
    session.unanswered += 1
    try {
      if (!session.frames.take()) throw new QuorumError('rate-limited', 'Too many requests: wait some seconds')
      if (call == null) throw new QuorumError('unsupported-version', 'This node does not know that request')
      result = await this.#answer(session, call)
      this.#count(call.call, 'ok')
    } catch (error) {
      const told = errorToTell(error, call?.call, this.#log)
      full = told.code === 'node-full'
      result = { result: 'error', error: told }
      this.#count(call?.call ?? 'unknown', told.code)
    } finally {
      session.unanswered -= 1
    }
    const sent = this.#send(session.writer, { frame: 'response', id, result })
    // Somebody else may be waiting to be told.
    if (full) void sent.then(() => closeOrAbort(session.connection, directoryLimits.nodeClose))
  }

  /** Resolves when what it changed is durable. */
  async #answer(session: Session, call: DirectoryCall): Promise<DirectoryAnswer> {
    const { peer } = session
    this.#rates.check(call.call, session)
    switch (call.call) {
      case 'announce':
        return this.#announce(session, call.record, call.handle)
      case 'lookup':
        return this.records.lookup(peerFromPublicKey(call.peer))
      case 'lookupHandle':
        return this.records.lookup(this.#store.handleOwner(call.handle, this.#now()))
      case 'deliver':
        return this.#deliver(session, peerFromPublicKey(call.to), call.envelope, call.fleeting)
      case 'collected':
        await this.#store.drop(peer, call.ids)
        return { result: 'done' }
      case 'knowledge':
        return this.#knowledge(session)
      case 'forget':
        await this.#store.forget(peer)
        this.records.drop(peer)
        return { result: 'done' }
      case 'expect':
        session.expecting.remove(call.noLonger)
        return { result: 'present', peers: session.expecting.add(call.peers) }
      case 'postInvite': {
        this.#rates.checkWrite(session)
        const now = this.#now()
        const until = now + Math.min(call.ttl, directoryLimits.parkedFor)
        await this.#store.park(call.slot, peer, call.sealed, until, now, originOf(session))
        return { result: 'done' }
      }
      case 'reachable':
        return this.#reachable(session, call.port)
      case 'findInvite':
        return { result: 'foundInvite', sealed: this.#store.parked(call.slot, this.#now()) ?? new Uint8Array() }
    }
  }

  async #announce(session: Session, signed: SignedBytes, handle: string): Promise<DirectoryAnswer> {
    const { peer, connection } = session
    if (!this.#network.services.places.admits(connection)) {
      throw new QuorumError('node-full', 'This node has no place for another peer')
    }
    if (verify(signed, 'quorum-record') !== peer) {
      throw new QuorumError('verification-failed', 'That record belongs to another peer')
    }
    this.records.put(peer, connection.remoteAddr, signed, recordFromWire(signed.payload))
    // After the record: a peer whose handle is taken can still be found by its PeerId.
    if (handle === '') await this.#store.releaseHandle(peer)
    else if (handle !== this.#store.handleOf(peer)) await this.#claim(session, handle)
    return {
      result: 'announced',
      observedAddress: connection.remoteAddr.toString(),
      time: this.#now(),
      nodeAddresses: widestFirst(this.#network.getMultiaddrs().map(String)).slice(0, limits.nodeAddressesTold),
    }
  }

  /** The answer tells whether a handle is taken, as a lookup does. */
  async #claim(session: Session, handle: string): Promise<void> {
    const now = this.#now()
    this.#rates.checkHandle(session)
    // Somebody who mistypes a code of a friend would ask its owner.
    if (looksLikeCode(handle))
      throw new QuorumError('handle-taken', 'A handle that looks like a code is given to nobody')
    if (this.#store.handleOwner(handle, now) == null) this.#rates.checkClaim(session)
    this.#rates.checkWrite(session)
    await this.#store.claimHandle(handle, session.peer, now, originOf(session))
  }

  async #deliver(session: Session, to: string, envelope: Uint8Array, fleeting = false): Promise<DirectoryAnswer> {
    this.#rates.checkDelivery(session, to, fleeting)
    if (!fleeting) this.#rates.checkWrite(session)
    // Held first, also for a connected recipient: it stays on disk until the recipient has collected it.
    const { id } = fleeting
      ? { id: notHeld }
      : await this.#store.hold(to, session.peer, envelope, this.#now(), originOf(session))
    const recipient = this.#sessions.get(to)
    // A failed push changes nothing: the envelope stays held.
    if (recipient != null && (fleeting || id > recipient.heldUpTo)) {
      void this.#send(recipient.writer, { frame: 'envelope', id, envelope })
    }
    // Whether they are here is told only to those whom they expect.
    return { result: 'delivered', pushed: false }
  }

  /**
   * Resolves when it is sent, or its stream has ended. Nobody waits for that before the next request is read: what a
   * peer is owed is bounded (directoryLimits.owed), what it asks for meanwhile would wait in memory, too.
   */
  async #send(writer: FrameWriter, frame: DirectoryFrame): Promise<void> {
    try {
      await writer.write(frameToWire(frame))
    } catch (error) {
      this.#count('push', errorToData(error).code)
    }
  }

  async #reachable(session: Session, port: number): Promise<DirectoryAnswer> {
    const { connection } = session
    const observed = connection.remoteAddr
    const observedAddress = observed.toString()
    // Behind a proxy on this machine every peer seems to come from this machine, whose ports are not the peer's.
    if (!isPublic(observed)) return { result: 'reachability', reachable: false, observedAddress }
    if (this.#dialBacks >= directoryLimits.dialBacksAtOnce) {
      throw new QuorumError('rate-limited', 'Too many are asking whether they can be reached: wait a minute')
    }
    this.#dialBacks += 1
    try {
      const reachable = await dialBack(this.#network.services.directDial, connection, port, directoryLimits.dialBack)
      return { result: 'reachability', reachable, observedAddress }
    } finally {
      this.#dialBacks -= 1
    }
  }

  #knowledge({ peer, connection, connectedSince }: Session): DirectoryAnswer {
    const mailbox = this.#store.mailbox?.(peer)
    return {
      result: 'knowledge',
      report: {
        handle: this.#store.handleOf(peer) ?? '',
        hasRecord: this.records.has(peer),
        connectedSince,
        observedAddress: connection.remoteAddr.toString(),
        held: this.#store.held(peer).map(({ bytes, heldSince }) => ({ bytes, heldSince })),
        invites: this.#store.parkedCount(peer, this.#now()),
        reserved: this.#network.services.relay.reserved(peer),
        ...(mailbox && { mailbox }),
      },
    }
  }

  #count(kind: string, outcome: string): void {
    const key = `${kind} ${outcome}`
    this.#requests[key] = (this.#requests[key] ?? 0) + 1
  }
}

function originOf({ connection }: Session): readonly string[] {
  return quotaKeysOf(connection.remoteAddr)
}
