/**
 * /quorum/mailbox/1.0.0, the node's side (docs/protocol.md): holds parcels for peers that are away, pushes them when
 * their recipient is there, and deletes them when it has them. Who left one is not noted anywhere. A parcel is held
 * only under a ticket that its recipient has given: strangers cannot fill a mailbox.
 */
import type { Connection, Stream } from '@libp2p/interface'
import { pipe } from 'it-pipe'
import { quotaKeysOf } from '../address/quota-key.ts'
import { later } from '../base/backoff.ts'
import { ByteRoom, type Holding } from '../base/byte-room.ts'
import { errorToData, QuorumError, toError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { KeyedBuckets, SharedRate } from '../base/rate-limit.ts'
import { peerFromPublicKey } from '../identity/identity.ts'
import { FrameWriter } from '../net/frame-writer.ts'
import type { NodeNetwork } from '../net/libp2p.ts'
import { netLimits } from '../net/limits.ts'
import { mailboxProtocol } from '../net/policy.ts'
import { errorToTell } from '../net/requests.ts'
import { pull } from '../net/streams.ts'
import { unframe } from '../wire/framing.ts'
import { mailboxFrameToWire, mailboxRequestFromWire, type MailboxCall, type MailboxResult } from '../wire/mailbox.ts'
import { mailboxLimits, mailboxPeersPerAddress, mailboxRates } from './limits.ts'
import type { HeldParcel, ParcelStore } from './store.ts'
import { hashOf } from './ticket.ts'

type Call = MailboxCall['call']

interface Session {
  peer: string
  /** The keys of its address, the narrowest first. */
  keys: readonly string[]
  connection: Connection
  stream: Stream
  writer: FrameWriter
  received: Holding
  sent: Holding
  mayAsk: () => boolean
  unanswered: number
  /** Id of the last parcel that was sent on this stream. */
  sentUpTo: number
  pushing: boolean
  ended: AbortController
}

const now = (): number => performance.now()

export class MailboxServer {
  readonly #network: NodeNetwork
  readonly #store: ParcelStore
  readonly #clock: () => number
  readonly #log: Log
  /** The newest stream of each peer, to which its parcels go. */
  readonly #sessions = new Map<string, Session>()
  readonly #receiving = new ByteRoom(mailboxLimits.inMemory, mailboxLimits.inMemoryPerAddress)
  readonly #sending = new ByteRoom(mailboxLimits.inMemory, mailboxLimits.inMemoryPerAddress)
  readonly #opened = new KeyedBuckets(mailboxLimits.streamsOpened, now)
  readonly #flood = new SharedRate(mailboxLimits.frames, mailboxLimits.framesPerAddress, now)
  readonly #byPeer = rates(1)
  readonly #byAddress = rates(mailboxPeersPerAddress)
  readonly #left = new KeyedBuckets(mailboxLimits.leftPerAddress, now)
  readonly #requests: { [kindAndOutcome: string]: number } = {}

  /** `clock`: milliseconds since the epoch. */
  constructor(network: NodeNetwork, store: ParcelStore, clock: () => number, log: Log) {
    this.#network = network
    this.#store = store
    this.#clock = clock
    this.#log = log
  }

  async start(): Promise<void> {
    const serve = async (stream: Stream, connection: Connection): Promise<void> => {
      try {
        await this.#serve(stream, connection)
      } catch (error) {
        // The peer went away in the middle of something: no fault of this node.
        const gone = !(error instanceof QuorumError) && stream.status !== 'open'
        this.#count('mailbox', gone ? 'closed' : errorToData(error).code)
        stream.abort(toError(error))
      }
    }
    await this.#network.handle(mailboxProtocol, serve, { maxInboundStreams: mailboxLimits.streamsPerPeer })
  }

  async stop(): Promise<void> {
    await this.#network.unhandle(mailboxProtocol)
    for (const { stream } of this.#sessions.values()) stream.abort(new Error('The node stops'))
    this.#sessions.clear()
  }

  /** Requests by kind and outcome, as `leave ok`, `leave full`. */
  stats(): { requests: { [kindAndOutcome: string]: number } } {
    return { requests: { ...this.#requests } }
  }

  async #serve(stream: Stream, connection: Connection): Promise<void> {
    const peer = connection.remotePeer.toString()
    if (!this.#opened.take(peer)) throw new QuorumError('rate-limited', 'Too many sessions: wait a minute')
    const keys = quotaKeysOf(connection.remoteAddr)
    const network = keys.at(-1) ?? ''
    const session: Session = {
      peer,
      keys,
      connection,
      stream,
      writer: new FrameWriter(stream, { most: mailboxLimits.owed }),
      received: this.#receiving.of(network),
      sent: this.#sending.of(network),
      mayAsk: this.#flood.of(network),
      unanswered: 0,
      sentUpTo: 0,
      pushing: false,
      ended: new AbortController(),
    }
    this.#sessions.get(peer)?.stream.abort(new Error('Replaced by a newer session'))
    this.#sessions.set(peer, session)
    const reserve = (bytes: number): void => session.received.take(bytes)
    try {
      void this.#push(session)
      const framed = unframe(mailboxLimits.mailboxFrame, undefined, undefined, reserve)
      for await (const frames of pipe(pull(stream, netLimits.requestReads), framed)) {
        for (const bytes of frames) {
          if (!session.mayAsk()) throw new QuorumError('rate-limited', 'Too many requests')
          await this.#respond(session, bytes)
        }
      }
      await session.writer.flushed()
      await stream.close()
    } finally {
      if (this.#sessions.get(peer) === session) this.#sessions.delete(peer)
      session.ended.abort()
      session.received.end()
    }
  }

  async #respond(session: Session, bytes: Uint8Array): Promise<void> {
    // Bytes that cannot be decoded throw here and end the stream.
    const { id, call } = mailboxRequestFromWire(bytes)
    const answered = this.#finish(session, id, call).finally(() => session.received.give(bytes.byteLength))
    // As many share one write to the disk.
    if (session.unanswered >= mailboxLimits.unanswered) await answered
    else answered.catch((error: unknown) => session.stream.abort(toError(error)))
  }

  async #finish(session: Session, id: number, call: MailboxCall | undefined): Promise<void> {
    let result: MailboxResult
    session.unanswered += 1
    try {
      if (call == null) throw new QuorumError('unsupported-version', 'This node does not know that request')
      this.#check(session, call)
      result = await this.#answer(session, call)
      this.#count(call.call, result.result === 'left' && result.outcome !== 'held' ? result.outcome : 'ok')
    } catch (error) {
      const told = errorToTell(error, call?.call, this.#log)
      result = { result: 'error', error: told }
      this.#count(call?.call ?? 'unknown', told.code)
    } finally {
      session.unanswered -= 1
    }
    // Not awaited: what the peer asks for meanwhile would wait in memory, too.
    session.writer
      .write(mailboxFrameToWire({ frame: 'response', id, result }))
      .catch((error: unknown) => this.#count('mailbox', errorToData(error).code))
  }

  /** Errors: `rate-limited`, `not-admitted`. */
  #check({ peer, keys, connection }: Session, { call }: MailboxCall): void {
    if (!this.#network.services.places.mayUse(connection)) {
      throw new QuorumError('not-admitted', 'This node does not accept you')
    }
    // The peer's first: what it refuses does not use up what others have at that address.
    if (!this.#byPeer[call].take(peer)) throw new QuorumError('rate-limited', 'Too many requests: wait a minute')
    if (!this.#byAddress[call].take(keys.at(-1) ?? peer)) {
      throw new QuorumError('rate-limited', 'Too many requests from this address: wait a minute')
    }
  }

  /** Resolves when what it changed is durable. */
  async #answer(session: Session, call: MailboxCall): Promise<MailboxResult> {
    const { peer, keys } = session
    switch (call.call) {
      case 'tickets':
        await this.#store.setTickets(peer, call.hashes, this.#clock(), keys)
        return { result: 'done' }
      case 'leave':
        return this.#leave(session, call)
      case 'withdraw':
        await this.#store.withdraw(peerFromPublicKey(call.to), call.parcelId, hashOf(call.ticket))
        return { result: 'done' }
      case 'taken':
        await this.#store.take(peer, call.parcelIds)
        return { result: 'done' }
    }
  }

  async #leave({ peer, keys }: Session, call: MailboxCall & { call: 'leave' }): Promise<MailboxResult> {
    const { parcelId, ticket, sealed } = call
    if (!this.#left.take(keys.at(-1) ?? peer, sealed.byteLength)) {
      throw new QuorumError('rate-limited', 'Too much was left from this address: wait some hours')
    }
    const to = peerFromPublicKey(call.to)
    const parcel = { parcelId, ticketHash: hashOf(ticket), sealed }
    const outcome = await this.#store.leave(to, parcel, this.#clock(), keys)
    const recipient = this.#sessions.get(to)
    if (outcome === 'held' && recipient != null) void this.#push(recipient)
    return { result: 'left', outcome }
  }

  /** Sends what waits for the peer, one parcel after the other: so only one of them is in memory. */
  async #push(session: Session): Promise<void> {
    if (session.pushing) return
    session.pushing = true
    try {
      for (let next = this.#next(session); next != null; next = this.#next(session)) {
        session.sent.take(next.bytes)
        await this.#send(session, next)
        // After it: what the disk did not give is tried again.
        session.sentUpTo = next.id
        session.sent.give(next.bytes)
      }
    } catch (error) {
      // The stream has ended, the disk refuses, or too much is being sent: what was not sent stays held.
      this.#count('push', errorToData(error).code)
      later(mailboxLimits.sendRetry, session.ended.signal, () => void this.#push(session))
    } finally {
      session.sent.end()
      session.pushing = false
    }
  }

  async #send({ peer, writer }: Session, { parcelId, ticketHash, heldSince }: HeldParcel): Promise<void> {
    const sealed = this.#store.parcel(peer, parcelId, ticketHash)
    if (sealed == null) return
    await writer.write(mailboxFrameToWire({ frame: 'parcel', parcel: { parcelId, ticketHash, sealed, heldSince } }))
  }

  #next({ peer, sentUpTo, ended }: Session): HeldParcel | undefined {
    return ended.signal.aborted ? undefined : this.#store.nextParcel(peer, sentUpTo)
  }

  #count(kind: string, outcome: string): void {
    const key = `${kind} ${outcome}`
    this.#requests[key] = (this.#requests[key] ?? 0) + 1
  }
}

function rates(factor: number): Record<Call, KeyedBuckets> {
  const entries = Object.entries(mailboxRates).map(([call, { tokens, per }]) => [
    call,
    new KeyedBuckets({ tokens: factor * tokens, per }, now),
  ])
  return Object.fromEntries(entries) as Record<Call, KeyedBuckets>
}
