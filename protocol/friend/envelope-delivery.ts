/**
 * Delivery of envelopes: takes those that wait in the store to their recipients. It tries, in this order: an open
 * connection; the recipient's nodes; the own nodes and a new connection to one of the recipient's own addresses. It
 * tries again until the envelope is taken, also after a restart, because the queue is in the store. It also serves the
 * receiving end of /quorum/friend/1.0.0 (docs/protocol.md, "Friendship" and "/quorum/friend/1.0.0").
 */
import type { Connection, Stream } from '@libp2p/interface'
import { pipe } from 'it-pipe'
import { byNode } from '../address/node-addresses.ts'
import { Retry } from '../base/backoff.ts'
import { QuorumError, toError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { peerInLog } from '../base/log.ts'
import type { Log } from '../base/log.ts'
import { KeyedBuckets } from '../base/rate-limit.ts'
import type { HomeNodes } from '../directory/home-nodes.ts'
import { sealEnvelope } from './envelopes.ts'
import { friendLimits } from './limits.ts'
import { abortAfter, abortOn } from '../net/deadline.ts'
import { friendProtocol } from '../net/policy.ts'
import { pull, push } from '../net/streams.ts'
import type { EnvelopeRow, FriendRow, Store } from '../store/store.ts'
import { decode, encode } from '../wire/codec.ts'
import type { SealingKeyInfo } from '../wire/sealing-key.ts'
import { frame, unframe } from '../wire/framing.ts'
import { FriendAckSchema } from '../wire/quorum_pb.ts'

export interface EnvelopeDeliveryOptions {
  store: Store
  nodes: HomeNodes
  now: () => number
  log: Log
  /** An open connection to the peer, or a new one to one of its own addresses; undefined if none can be made. */
  connect(peer: string, addresses: readonly string[]): Promise<Connection | undefined>
  /** A connection that is open already. */
  connected(peer: string): Connection | undefined
  /** An envelope arrived. Resolves when it is on disk or deliberately dropped; rejects if it must be offered again. */
  onEnvelope(envelope: Uint8Array): Promise<void>
}

export class EnvelopeDelivery {
  readonly #options: EnvelopeDeliveryOptions
  readonly #arriving = new KeyedBuckets(friendLimits.friendEnvelopes, () => performance.now())
  readonly #retry = new Retry(limits.friendRetry)
  readonly #stopped = new AbortController()
  #running: Promise<void> | undefined
  /** Ids of envelopes that are being delivered, or wait in a queue. */
  readonly #inProgress = new Set<number>()
  /** The last delivery of each queue. */
  readonly #queues: Promise<void>[] = []
  /** `flush` was called since the store was last read. */
  #flushAgain = false

  constructor(options: EnvelopeDeliveryOptions) {
    this.#options = options
  }

  /** A delivery may succeed now: there is a new envelope, a node came back, a peer connected. */
  flush(): void {
    if (this.#stopped.signal.aborted) return
    this.#flushAgain = true
    this.#retry.now()
    this.#running ??= this.#attempts().finally(() => {
      this.#running = undefined
      // An envelope was queued after the last look at the store, for example by a listener that accepts at once.
      if (this.#flushAgain) this.flush()
    })
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    await Promise.all([this.#running, ...this.#queues])
  }

  /**
   * Passes an envelope on through every node that the friend may be connected to; it is not stored anywhere.
   */
  async push(to: string, content: Uint8Array): Promise<void> {
    const { nodes, store, log } = this.#options
    const row = store.friend(to)
    const key = this.#usable(row?.sealingKey)
    // A node that both use is asked once, at the addresses that are known here.
    const all = new Map([...byNode(row?.nodes ?? []), ...byNode(nodes.addresses())])
    await Promise.all(
      [...all.values()].map(async (addresses) => {
        try {
          await nodes.visit(addresses, to, async (session) => session.push(to, await sealEnvelope(content, to, key)))
        } catch (error) {
          log('debug', `a node passes nothing on to ${peerInLog(to)}`, toError(error))
        }
      }),
    )
  }

  /** Handler of /quorum/friend/1.0.0. */
  async receive(stream: Stream, connection: Connection): Promise<void> {
    if (!this.#arriving.take(connection.remotePeer.toString())) {
      throw new QuorumError('rate-limited', 'Too many envelopes')
    }
    using _ = abortAfter(stream, limits.request, new QuorumError('bad-request', 'It took too long'))
    let received = false
    // Reads to the end: bytes that arrive on a stream that is not read stay in memory as long as the connection lives.
    for await (const frames of pipe(pull(stream), unframe(limits.envelope))) {
      const [envelope] = frames
      if (received || envelope === undefined || frames.length > 1) {
        throw new QuorumError('bad-request', 'A stream brings one envelope')
      }
      received = true
      await this.#options.onEnvelope(envelope)
      const signal = AbortSignal.timeout(limits.request)
      await push(stream, frame(encode(FriendAckSchema, { accepted: true })), signal)
      await stream.close({ signal })
    }
  }

  async #attempts(): Promise<void> {
    try {
      await this.#run()
    } catch (error) {
      // The store does not answer. The next flush tries again.
      this.#options.log('error', 'the queue of envelopes cannot be read', toError(error))
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped
    while (!signal.aborted) {
      this.#flushAgain = false
      const due = this.#due()
      if (due.length === 0) return
      for (const envelope of due) this.#enqueue(envelope)
      await this.#retry.wait(signal)
    }
  }

  /** Queues run side by side: a recipient that does not answer delays only its own queue. */
  #enqueue(envelope: EnvelopeRow): void {
    if (this.#inProgress.has(envelope.id)) return
    this.#inProgress.add(envelope.id)
    const queue = envelope.id % friendLimits.deliveryQueues
    const before = this.#queues[queue] ?? Promise.resolve()
    this.#queues[queue] = before
      .then(() => (this.#stopped.signal.aborted ? undefined : this.#send(envelope)))
      .finally(() => this.#inProgress.delete(envelope.id))
  }

  #due(): EnvelopeRow[] {
    const { store, now } = this.#options
    return store.envelopes().filter(
      ({ deliveredAt }) =>
        // In both directions: a clock that went back must not delay a request for years.
        deliveredAt == null || Math.abs(now() - deliveredAt) > friendLimits.requestRetry,
    )
  }

  async #send(envelope: EnvelopeRow): Promise<void> {
    const { store, now, log } = this.#options
    try {
      if (!(await this.#deliver(envelope, store.friend(envelope.to)))) return
      store.transaction(() => {
        // A newer envelope may have replaced it meanwhile.
        if (!store.envelopes().some(({ id }) => id === envelope.id)) return
        store.deleteEnvelope(envelope.id)
        // A friend request stays until it is answered: a node may lose what it holds.
        if (envelope.kind === 'request') store.putEnvelope({ ...envelope, deliveredAt: now() })
      })
    } catch (error) {
      log('debug', `an envelope for ${peerInLog(envelope.to)} waits`, toError(error))
    }
  }

  /** Without a `row`, nothing is stored about the recipient: only the own nodes are used. */
  async #deliver(envelope: EnvelopeRow, row: FriendRow | undefined): Promise<boolean> {
    const { nodes, connected, connect } = this.#options
    const key = row?.sealingKey
    const open = connected(envelope.to)
    if (open != null && (await this.#sendDirectly(open, envelope, key))) return true
    const theirs = byNode(row?.nodes ?? [])
    if (await this.#leaveAt([...theirs.values()], envelope, key)) return true
    const own = [...byNode(nodes.addresses())].flatMap(([node, addresses]) => (theirs.has(node) ? [] : [addresses]))
    // Nobody has said that the recipient asks an own node: what it holds may stay there, so it does not suffice.
    const held = await this.#leaveAt(own, envelope, key)
    const made = row == null ? undefined : await connect(envelope.to, row.addresses)
    return (made != null && (await this.#sendDirectly(made, envelope, key))) || held
  }

  /**
   * Leaves the envelope at each of the nodes, because the recipient may be connected to only one of them. `nodes`: the
   * addresses of each. Returns whether one of them took it.
   */
  async #leaveAt(nodes: readonly string[][], envelope: EnvelopeRow, key: SealingKeyInfo | undefined): Promise<boolean> {
    const { log } = this.#options
    const taken = await Promise.all(
      nodes.map(async (addresses) => {
        try {
          await this.#options.nodes.visit(addresses, envelope.to, async (session) => {
            const known = this.#usable(key)
            // A key without a hybrid half may be older than what they announce now.
            const newest = known?.hybridKey == null ? await session.lookup({ peer: envelope.to }) : undefined
            await session.deliver(envelope.to, await sealed(envelope, this.#usable(newest?.record.sealingKey) ?? known))
          })
          return true
        } catch (error) {
          log('debug', `a node does not take an envelope for ${peerInLog(envelope.to)}`, toError(error))
          return false
        }
      }),
    )
    return taken.includes(true)
  }

  /** Over `connection`. Returns whether the recipient took it. */
  async #sendDirectly(
    connection: Connection,
    envelope: EnvelopeRow,
    key: SealingKeyInfo | undefined,
  ): Promise<boolean> {
    const signal = AbortSignal.any([AbortSignal.timeout(limits.request), this.#stopped.signal])
    let stream: Stream | undefined
    try {
      stream = await connection.newStream(friendProtocol, { signal, runOnLimitedConnection: true })
      using _ = abortOn(stream, signal)
      await push(stream, frame(await sealed(envelope, this.#usable(key))), signal)
      for await (const frames of pipe(pull(stream), unframe(friendLimits.acknowledgement))) {
        const { accepted } = decode(FriendAckSchema, frames[0] ?? new Uint8Array())
        await stream.close({ signal })
        return accepted
      }
    } catch (error) {
      this.#options.log('debug', `an envelope was not taken by ${peerInLog(envelope.to)}`, toError(error))
      stream?.abort(toError(error))
    }
    return false
  }

  #usable(key: SealingKeyInfo | undefined): SealingKeyInfo | undefined {
    return key != null && key.expiresAt > this.#options.now() ? key : undefined
  }
}

function sealed({ content, to }: EnvelopeRow, key: SealingKeyInfo | undefined): Promise<Uint8Array> {
  return sealEnvelope(content, to, key)
}
