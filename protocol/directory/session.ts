/**
 * /quorum/directory/1.0.0, the peer's side (docs/protocol.md): one long-lived stream to a node. The node answers
 * requests in any order and pushes envelopes at any time.
 */
import { StreamResetError, type Connection, type Stream } from '@libp2p/interface'
import { pipe } from 'it-pipe'
import { isAddress } from '../address/address.ts'
import { QuorumError, toError } from '../base/errors.ts'
import { peerFromPublicKey, publicKeyOf, verify } from '../identity/identity.ts'
import { limits } from '../base/limits.ts'
import { directoryLimits } from './limits.ts'
import { silent, type Log } from '../base/log.ts'
import { FrameWriter } from '../net/frame-writer.ts'
import { pull } from '../net/streams.ts'
import { directoryProtocol } from '../net/policy.ts'
import { Requests } from '../net/requests.ts'
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

/** A record as a node returned it, with signature and age checked. */
export interface Found {
  /** PeerId. */
  peer: string
  record: RecordContent
}

interface PushedEnvelope {
  id: number
  envelope: Uint8Array
}

interface Pushed {
  onEnvelope(envelope: Uint8Array): Promise<void>
  onPresent(peer: string): void
}

export class DirectorySession {
  /** PeerId. */
  readonly node: string
  readonly #stream: Stream
  readonly #writer: FrameWriter
  readonly #log: Log
  readonly #requests = new Requests<DirectoryResult>()
  readonly #ended = new AbortController()
  readonly #retry = new Retry(directoryLimits.envelopeRetry)
  #reset = false
  #storing = false
  /** Resolves when the session has ended; never rejects. */
  readonly closed: Promise<void>

  /**
   * Opens the stream on a connection to a node. `onEnvelope` resolves only when the envelope is on disk or deliberately
   * dropped: then the node deletes it. An envelope for which it throws is passed to it again later. `onPresent`: a peer
   * came that this one expects (`expect`), by its PeerId.
   */
  static async open(
    connection: Connection,
    onEnvelope: (envelope: Uint8Array) => Promise<void>,
    log: Log = silent,
    onPresent: (peer: string) => void = () => {},
  ): Promise<DirectorySession> {
    const stream = await connection.newStream(directoryProtocol, { signal: AbortSignal.timeout(limits.openStream) })
    return new DirectorySession(connection.remotePeer.toString(), stream, { onEnvelope, onPresent }, log)
  }

  private constructor(node: string, stream: Stream, pushed: Pushed, log: Log) {
    this.node = node
    this.#log = log
    this.#stream = stream
    this.#writer = new FrameWriter(stream)
    this.closed = this.#read(pushed)
  }

  /**
   * Returns the round trip in milliseconds, the addresses that the node says it has, and its time.
   * `handle` empty: none. Errors: `handle-taken`.
   */
  async announce(
    record: SignedBytes,
    handle: string,
  ): Promise<{ rttMs: number; nodeAddresses: string[]; time: number }> {
    const begun = performance.now()
    const { nodeAddresses, time } = await this.#request({ call: 'announce', record, handle }, 'announced')
    return { rttMs: performance.now() - begun, nodeAddresses, time }
  }

  /** By PeerId or by handle. `undefined`: the node has no such record. */
  async lookup(who: { peer: string } | { handle: string }): Promise<Found | undefined> {
    const call: DirectoryCall =
      'peer' in who ? { call: 'lookup', peer: publicKeyOf(who.peer) } : { call: 'lookupHandle', handle: who.handle }
    const { record: signed, age } = await this.#request(call, 'found')
    if (signed == null) return undefined
    const peer = verify(signed, 'quorum-record')
    // A node could return the record of another peer, or an expired one.
    if ('peer' in who && who.peer !== peer) throw new QuorumError('verification-failed', 'The node named another peer')
    const record = recordFromWire(signed.payload)
    return age > record.ttl ? undefined : { peer, record }
  }

  /** Leaves a sealed envelope; on return the node has it on disk. */
  async deliver(to: string, envelope: Uint8Array): Promise<void> {
    await this.#request({ call: 'deliver', to: publicKeyOf(to), envelope }, 'delivered')
  }

  /** Has a sealed envelope pushed if the recipient is connected to the node, which is not told, and not held. */
  async push(to: string, envelope: Uint8Array): Promise<void> {
    await this.#request({ call: 'deliver', to: publicKeyOf(to), envelope, fleeting: true }, 'delivered')
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

  /** `undefined`: no invite is parked there. */
  async findInvite(slot: Uint8Array): Promise<Uint8Array | undefined> {
    const { sealed } = await this.#request({ call: 'findInvite', slot }, 'foundInvite')
    return sealed.byteLength === 0 ? undefined : sealed
  }

  /** Whether the node can dial this peer at `port` of the address that it observes. */
  async reachable(port: number): Promise<{ reachable: boolean; observedAddress: string }> {
    const { reachable, observedAddress } = await this.#request({ call: 'reachable', port }, 'reachability')
    if (!isAddress(observedAddress)) throw new QuorumError('bad-request', 'The node observed no address')
    return { reachable, observedAddress }
  }

  /**
   * From now on the node reports when one of these comes, at most wireLimits.peersTogether in one call. Returns those
   * that are there. Only peers that expect this one are ever named. Errors: `unsupported-version` (an older node).
   */
  async expect(peers: readonly string[]): Promise<string[]> {
    const call: DirectoryCall = { call: 'expect', peers: peers.map(publicKeyOf), noLonger: [] }
    return (await this.#request(call, 'present')).peers.map(peerFromPublicKey)
  }

  async expectNoLonger(peer: string): Promise<void> {
    await this.#request({ call: 'expect', peers: [], noLonger: [publicKeyOf(peer)] }, 'present')
  }

  /** The node ended it, although nothing went wrong here. */
  get reset(): boolean {
    return this.#reset
  }

  close(): void {
    this.#stream.abort(new Error('The session is over'))
  }

  #request<R extends DirectoryResult['result']>(
    call: DirectoryCall,
    expected: R,
  ): Promise<Extract<DirectoryResult, { result: R }>> {
    return this.#requests.send((id) => this.#writer.write(requestToWire(id, call)), expected)
  }

  async #read({ onEnvelope, onPresent }: Pushed): Promise<void> {
    let reason = new QuorumError('node-unreachable', 'The connection to the node was lost')
    const queue: PushedEnvelope[] = []
    let stored = Promise.resolve()
    try {
      for await (const frames of pipe(pull(this.#stream), unframe(directoryLimits.directoryFrame))) {
        for (const bytes of frames) {
          const frame = frameFromWire(bytes)
          if (frame?.frame === 'response') this.#requests.answered(frame.id, frame.result)
          else if (frame?.frame === 'envelope') queue.push(frame)
          else if (frame?.frame === 'present') for (const key of frame.peers) onPresent(peerFromPublicKey(key))
        }
        // An honest node holds no more than this for one peer, and pushes no envelope twice.
        if (queue.length > limits.heldPerRecipient) throw new QuorumError('bad-request', 'The node pushes too much')
        if (!this.#storing) stored = this.#store(queue, onEnvelope)
      }
    } catch (cause) {
      this.#reset = cause instanceof StreamResetError
      reason = new QuorumError('node-unreachable', 'The connection to the node was lost', { cause })
    }
    this.#ended.abort()
    this.#stream.abort(toError(reason))
    this.#requests.end(reason)
    await stored
  }

  /**
   * Stores envelopes in order and acknowledges each. One that cannot be stored now (a flood, a full disk) is retried.
   */
  async #store(queue: PushedEnvelope[], onEnvelope: (envelope: Uint8Array) => Promise<void>): Promise<void> {
    // Set back in the turn in which the queue is found empty: what comes after that must find nobody at work.
    this.#storing = true
    for (let next = queue[0]; next != null && !this.#ended.signal.aborted; next = queue[0]) {
      try {
        await onEnvelope(next.envelope)
      } catch (error) {
        this.#log('debug', 'an envelope waits', toError(error))
        await this.#retry.wait(this.#ended.signal)
        continue
      }
      this.#retry.reset()
      queue.shift()
      try {
        // The answer is not awaited: if this is lost, the envelope comes again and its sequence identifies it.
        await this.#writer.write(requestToWire(0, { call: 'collected', ids: [next.id] }))
      } catch (error) {
        this.#log('debug', 'an envelope could not be acknowledged', toError(error))
      }
    }
    this.#storing = false
  }
}
