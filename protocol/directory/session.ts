/**
 * /quorum/directory/1.0.0, the peer's side: one long-lived stream to a node, on which requests are answered in any
 * order and mail arrives when it arrives.
 */
import type { Connection, Stream } from '@libp2p/interface'
import { pipe } from 'it-pipe'
import { isAddress } from '../address/address.ts'
import { errorFromData, QuorumError, toError } from '../base/errors.ts'
import { publicKeyOf, verify } from '../identity/identity.ts'
import { limits } from '../base/limits.ts'
import { directoryLimits } from './limits.ts'
import { silent, type Log } from '../base/log.ts'
import { FrameWriter } from '../net/frame-writer.ts'
import { pull } from '../net/streams.ts'
import { directoryProtocol } from '../net/policy.ts'
import { Retry } from '../base/backoff.ts'
import type { SignedBytes } from '../wire/codec.ts'
import { recordFromWire, type RecordContent } from '../wire/contact.ts'
import {
  frameFromWire,
  requestToWire,
  type DirectoryCall,
  type DirectoryResult,
  type KnowledgeReport,
} from '../wire/directory.ts'
import { unframe } from '../wire/framing.ts'

/** What a node knows about somebody, with the record's signature and freshness checked. */
export interface Found {
  /** PeerId. */
  peer: string
  record: RecordContent
}

interface Waiting {
  resolve(result: DirectoryResult): void
  reject(error: Error): void
}

export class DirectorySession {
  /** PeerId. */
  readonly node: string
  readonly #stream: Stream
  readonly #writer: FrameWriter
  readonly #log: Log
  readonly #waiting = new Map<number, Waiting>()
  readonly #over = new AbortController()
  readonly #again = new Retry(directoryLimits.mailAgain)
  #nextId = 1
  /** Settles, never with an error, when the session is over. */
  readonly closed: Promise<void>

  /**
   * Opens the stream on a connection to a node. `onMail` must return only when the envelope is on disk or deliberately
   * dropped: then the node forgets it. What it throws for is offered to it again.
   */
  static async open(
    connection: Connection,
    onMail: (envelope: Uint8Array) => void,
    log: Log = silent,
  ): Promise<DirectorySession> {
    const stream = await connection.newStream(directoryProtocol, { signal: AbortSignal.timeout(limits.openStream) })
    return new DirectorySession(connection.remotePeer.toString(), stream, onMail, log)
  }

  private constructor(node: string, stream: Stream, onMail: (envelope: Uint8Array) => void, log: Log) {
    this.node = node
    this.#log = log
    this.#stream = stream
    this.#writer = new FrameWriter(stream)
    this.closed = this.#read(onMail)
  }

  /** Milliseconds between asking and the answer. `handle` empty: none. Errors: `handle-taken`. */
  async announce(record: SignedBytes, handle: string): Promise<number> {
    const begun = performance.now()
    await this.#request({ call: 'announce', record, handle }, 'announced')
    return performance.now() - begun
  }

  /** By PeerId, or by handle. `undefined`: the node knows nobody like that. */
  async lookup(who: { peer: string } | { handle: string }): Promise<Found | undefined> {
    const call: DirectoryCall =
      'peer' in who ? { call: 'lookup', peer: publicKeyOf(who.peer) } : { call: 'lookupHandle', handle: who.handle }
    const { record: signed, age } = await this.#request(call, 'found')
    if (signed == null) return undefined
    const peer = verify(signed, 'quorum-record')
    // A node cannot pass one peer off as another, nor an old record as fresh.
    if ('peer' in who && who.peer !== peer) throw new QuorumError('verification-failed', 'The node named another peer')
    const record = recordFromWire(signed.payload)
    return age > record.ttl ? undefined : { peer, record }
  }

  /** Hands over a sealed envelope; on return the node has it on disk. */
  async deliver(to: string, envelope: Uint8Array): Promise<void> {
    await this.#request({ call: 'deliver', to: publicKeyOf(to), envelope }, 'delivered')
  }

  /** Hands over a sealed envelope for somebody who is connected to the node, and tells whether they are. */
  async push(to: string, envelope: Uint8Array): Promise<boolean> {
    return (await this.#request({ call: 'deliver', to: publicKeyOf(to), envelope, fleeting: true }, 'delivered')).pushed
  }

  async knowledge(): Promise<KnowledgeReport> {
    return (await this.#request({ call: 'knowledge' }, 'knowledge')).report
  }

  async forget(): Promise<void> {
    await this.#request({ call: 'forget' }, 'done')
  }

  /** `ttl` in milliseconds. */
  async postInvite(slot: Uint8Array, sealed: Uint8Array, ttl: number): Promise<void> {
    await this.#request({ call: 'postInvite', slot, sealed, ttl }, 'done')
  }

  /** `undefined`: nothing is parked there. */
  async findInvite(slot: Uint8Array): Promise<Uint8Array | undefined> {
    const { sealed } = await this.#request({ call: 'findInvite', slot }, 'foundInvite')
    return sealed.byteLength === 0 ? undefined : sealed
  }

  /** Whether the node can dial this peer at `port` of the address it sees it come from. */
  async reachable(port: number): Promise<{ reachable: boolean; observedAddress: string }> {
    const { reachable, observedAddress } = await this.#request({ call: 'reachable', port }, 'reachability')
    if (!isAddress(observedAddress)) throw new QuorumError('bad-request', 'The node saw no address')
    return { reachable, observedAddress }
  }

  close(): void {
    this.#stream.abort(new Error('The session is over'))
  }

  async #request<R extends DirectoryResult['result']>(
    call: DirectoryCall,
    expected: R,
  ): Promise<Extract<DirectoryResult, { result: R }>> {
    const id = this.#nextId
    this.#nextId += 1
    const answer = Promise.withResolvers<DirectoryResult>()
    this.#waiting.set(id, answer)
    const timer = setTimeout(
      () => answer.reject(new QuorumError('node-unreachable', 'The node did not answer in time')),
      limits.request,
    )
    try {
      await Promise.race([this.#writer.write(requestToWire(id, call)), answer.promise])
      const result = await answer.promise
      if (result.result === 'error') throw errorFromData(result.error)
      if (result.result !== expected) throw new QuorumError('internal', 'The node answered another question')
      return result as Extract<DirectoryResult, { result: R }>
    } finally {
      clearTimeout(timer)
      this.#waiting.delete(id)
    }
  }

  async #read(onMail: (envelope: Uint8Array) => void): Promise<void> {
    let reason = new QuorumError('node-unreachable', 'The connection to the node was lost')
    const mail: { id: number; envelope: Uint8Array }[] = []
    let taking: Promise<void> | undefined
    try {
      for await (const frames of pipe(pull(this.#stream), unframe(directoryLimits.directoryFrame))) {
        for (const bytes of frames) {
          const frame = frameFromWire(bytes)
          if (frame?.frame === 'response') this.#waiting.get(frame.id)?.resolve(frame.result)
          else if (frame?.frame === 'envelope') mail.push(frame)
        }
        // An honest node holds no more than this for us, and pushes nothing twice.
        if (mail.length > limits.heldPerRecipient) throw new QuorumError('bad-request', 'The node pushes too much')
        taking ??= this.#take(mail, onMail).finally(() => {
          taking = undefined
        })
      }
    } catch (cause) {
      reason = new QuorumError('node-unreachable', 'The connection to the node was lost', { cause })
    }
    this.#over.abort()
    this.#stream.abort(toError(reason))
    for (const waiting of this.#waiting.values()) waiting.reject(reason)
    await taking
  }

  /** Takes mail one by one and tells the node. What cannot be taken now (a flood, a full disk) is tried again here. */
  async #take(mail: { id: number; envelope: Uint8Array }[], onMail: (envelope: Uint8Array) => void): Promise<void> {
    for (let next = mail[0]; next != null && !this.#over.signal.aborted; next = mail[0]) {
      try {
        onMail(next.envelope)
      } catch (error) {
        this.#log('debug', 'mail waits', toError(error))
        await this.#again.wait(this.#over.signal)
        continue
      }
      this.#again.reset()
      mail.shift()
      try {
        // Unanswered on purpose: if it is lost, the mail comes again and is recognised.
        await this.#writer.write(requestToWire(0, { call: 'collected', ids: [next.id] }))
      } catch (error) {
        this.#log('debug', 'mail could not be acknowledged', toError(error))
      }
    }
  }
}
