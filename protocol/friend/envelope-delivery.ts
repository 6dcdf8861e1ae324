/**
 * Delivery of envelopes: what friends.ts put into the mail goes to the recipient, over a connection if there is one,
 * else to the recipient's nodes (or ours, while theirs are not known), which hold it. Tried again until it is taken,
 * through restarts: the mail is in the store. Also the receiving end of /quorum/friend/1.0.0.
 */
import type { Connection, Stream } from '@libp2p/interface'
import { pipe } from 'it-pipe'
import { QuorumError, toError } from '../base/errors.ts'
import { shortId } from '../identity/identity.ts'
import { limits } from '../base/limits.ts'
import { friendLimits } from './limits.ts'
import type { Log } from '../base/log.ts'
import { pull, push } from '../net/streams.ts'
import { byNode } from '../address/node-addresses.ts'
import type { Nodes } from '../directory/home-nodes.ts'
import { friendProtocol } from '../net/policy.ts'
import { KeyedBuckets } from '../base/rate-limit.ts'
import { Retry } from '../base/backoff.ts'
import { seal } from '../identity/sealing.ts'
import type { FriendRow, EnvelopeRow, Store } from '../store/store.ts'
import { decode, encode } from '../wire/codec.ts'
import type { SealingKeyInfo } from '../wire/sealing-key.ts'
import { sealedToWire } from '../wire/contact.ts'
import { frame, unframe } from '../wire/framing.ts'
import { FriendAckSchema } from '../wire/quorum_pb.ts'

/** An acknowledgement is two bytes; anything near this is not one. */
const ackBytes = 64

/** Envelopes on their way at once. */
const lanes = 8

export interface MailerOptions {
  store: Store
  nodes: Nodes
  now: () => number
  log: Log
  /** An open connection to the peer, or one made to an address of its own; undefined if there is none to be had. */
  connect(peer: string, addresses: readonly string[]): Promise<Connection | undefined>
  /** Connections that are open already. */
  connected(peer: string): Connection | undefined
  /** Returns when the envelope is on disk or deliberately dropped. */
  onMail(envelope: Uint8Array): void
}

export class Mailer {
  readonly #options: MailerOptions
  readonly #arriving = new KeyedBuckets(friendLimits.friendEnvelopes, () => performance.now())
  readonly #retry = new Retry(limits.friendRetry)
  readonly #stopped = new AbortController()
  #running: Promise<void> | undefined
  /** Ids of mail that is being sent, or waits in a lane. */
  readonly #going = new Set<number>()
  readonly #lanes: Promise<void>[] = []
  #again = false

  constructor(options: MailerOptions) {
    this.#options = options
  }

  /** Something may go now: new mail, a node came back, a peer connected. */
  flush(): void {
    if (this.#stopped.signal.aborted) return
    this.#again = true
    this.#retry.now()
    this.#running ??= this.#attempts().finally(() => {
      this.#running = undefined
      // New mail between its last look and this, as from a listener that accepts at once.
      if (this.#again) this.flush()
    })
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    await Promise.all([this.#running, ...this.#lanes])
  }

  /** Through every node that the friend may be connected to, now or never. Whether one of them has them. */
  async push(to: string, content: Uint8Array): Promise<boolean> {
    const { nodes, store, log } = this.#options
    const row = store.friend(to)
    const key = this.#usable(row?.sealingKey)
    // The same node is asked once, by the addresses that we know ourselves.
    const all = new Map([...byNode(row?.nodes ?? []), ...byNode(nodes.addresses())])
    const pushed = await Promise.all(
      [...all.values()].map(async (addresses) => {
        try {
          return await nodes.visit(addresses, (session) => session.push(to, sealedToWire(seal(content, to, key))))
        } catch (error) {
          log('debug', `a node passes nothing on to ${shortId(to)}`, toError(error))
          return false
        }
      }),
    )
    return pushed.includes(true)
  }

  /** The handler of /quorum/friend/1.0.0. */
  async receive(stream: Stream, connection: Connection): Promise<void> {
    if (!this.#arriving.take(connection.remotePeer.toString())) {
      throw new QuorumError('rate-limited', 'Too many envelopes')
    }
    const late = setTimeout(() => stream.abort(new QuorumError('bad-request', 'It took too long')), limits.request)
    let taken = false
    try {
      // To the end: what a stream that nobody reads still takes in would lie here for as long as the connection lives.
      for await (const frames of pipe(pull(stream), unframe(limits.envelope))) {
        const [envelope] = frames
        if (taken || envelope === undefined || frames.length > 1) {
          throw new QuorumError('bad-request', 'A stream brings one envelope')
        }
        taken = true
        this.#options.onMail(envelope)
        const signal = AbortSignal.timeout(limits.request)
        await push(stream, frame(encode(FriendAckSchema, { accepted: true })), signal)
        await stream.close({ signal })
      }
    } finally {
      clearTimeout(late)
    }
  }

  async #attempts(): Promise<void> {
    try {
      await this.#run()
    } catch (error) {
      // The store does not answer. The next flush tries again.
      this.#options.log('error', 'mail cannot be read', toError(error))
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped
    while (!signal.aborted) {
      this.#again = false
      const due = this.#due()
      if (due.length === 0) return
      for (const mail of due) this.#enqueue(mail)
      await this.#retry.wait(signal)
    }
  }

  /** Side by side: whoever does not answer holds up only what is in the same lane. */
  #enqueue(mail: EnvelopeRow): void {
    if (this.#going.has(mail.id)) return
    this.#going.add(mail.id)
    const lane = mail.id % lanes
    const before = this.#lanes[lane] ?? Promise.resolve()
    this.#lanes[lane] = before
      .then(() => (this.#stopped.signal.aborted ? undefined : this.#send(mail)))
      .finally(() => this.#going.delete(mail.id))
  }

  #due(): EnvelopeRow[] {
    const { store, now } = this.#options
    // Either way: a clock that went back must not keep a request for years.
    return store
      .envelopes()
      .filter(({ deliveredAt }) => deliveredAt == null || Math.abs(now() - deliveredAt) > friendLimits.mailResend)
  }

  async #send(mail: EnvelopeRow): Promise<void> {
    const { store, now, log } = this.#options
    try {
      if (!(await this.#deliver(mail, store.friend(mail.to)))) return
      store.transaction(() => {
        // A newer envelope may have taken its place meanwhile.
        if (!store.envelopes().some(({ id }) => id === mail.id)) return
        store.deleteEnvelope(mail.id)
        // A request stays until it is answered: a node may lose what it holds.
        if (mail.kind === 'request') store.putEnvelope({ ...mail, deliveredAt: now() })
      })
    } catch (error) {
      log('debug', `mail to ${shortId(mail.to)} waits`, toError(error))
    }
  }

  /** `row` undefined: somebody of whom nothing is kept, who is written to through our own nodes only. */
  async #deliver(mail: EnvelopeRow, row: FriendRow | undefined): Promise<boolean> {
    const { nodes, connected, connect } = this.#options
    const key = row?.sealingKey
    const open = connected(mail.to)
    if (open != null && (await this.#sendDirectly(open, mail, key))) return true
    const theirs = byNode(row?.nodes ?? [])
    if (await this.#leave(mail, key, [...theirs.values()])) return true
    const ours = [...byNode(nodes.addresses())].flatMap(([node, addresses]) => (theirs.has(node) ? [] : [addresses]))
    if (await this.#leave(mail, key, ours)) return true
    const made = row == null ? undefined : await connect(mail.to, row.addresses)
    return made != null && this.#sendDirectly(made, mail, key)
  }

  /** With every one of the nodes that takes it: the recipient may be connected to just one of them. */
  async #leave(mail: EnvelopeRow, key: SealingKeyInfo | undefined, all: readonly string[][]): Promise<boolean> {
    const { nodes, log } = this.#options
    const taken = await Promise.all(
      all.map(async (addresses) => {
        try {
          await nodes.visit(addresses, async (session) => {
            const known = this.#usable(key) ?? (await session.lookup({ peer: mail.to }))?.record.sealingKey
            await session.deliver(mail.to, sealed(mail, this.#usable(known)))
          })
          return true
        } catch (error) {
          log('debug', `a node does not take mail for ${shortId(mail.to)}`, toError(error))
          return false
        }
      }),
    )
    return taken.includes(true)
  }

  /** False: they did not take it. */
  async #sendDirectly(connection: Connection, mail: EnvelopeRow, key: SealingKeyInfo | undefined): Promise<boolean> {
    const { log } = this.#options
    const signal = AbortSignal.any([AbortSignal.timeout(limits.request), this.#stopped.signal])
    let stream: Stream | undefined
    const abort = (): void => stream?.abort(toError(signal.reason))
    signal.addEventListener('abort', abort)
    try {
      stream = await connection.newStream(friendProtocol, { signal, runOnLimitedConnection: true })
      await push(stream, frame(sealed(mail, this.#usable(key))), signal)
      for await (const frames of pipe(pull(stream), unframe(ackBytes))) {
        const { accepted } = decode(FriendAckSchema, frames[0] ?? new Uint8Array())
        await stream.close({ signal })
        return accepted
      }
    } catch (error) {
      log('debug', `an envelope was not taken by ${shortId(mail.to)}`, toError(error))
      stream?.abort(toError(error))
    } finally {
      signal.removeEventListener('abort', abort)
    }
    return false
  }

  #usable(key: SealingKeyInfo | undefined): SealingKeyInfo | undefined {
    return key != null && key.expiresAt > this.#options.now() ? key : undefined
  }
}

function sealed(mail: EnvelopeRow, key: SealingKeyInfo | undefined): Uint8Array {
  return sealedToWire(seal(mail.content, mail.to, key))
}
