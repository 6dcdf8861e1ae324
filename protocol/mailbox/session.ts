/**
 * /quorum/mailbox/1.0.0, the peer's side (docs/protocol.md): one stream to a node, over which parcels are left for
 * friends and the own ones arrive.
 */
import type { Connection, Stream } from '@libp2p/interface'
import { pipe } from 'it-pipe'
import { QuorumError, toError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { publicKeyOf } from '../identity/identity.ts'
import { FrameWriter } from '../net/frame-writer.ts'
import { mailboxProtocol } from '../net/policy.ts'
import { Requests } from '../net/requests.ts'
import { pull } from '../net/streams.ts'
import { unframe } from '../wire/framing.ts'
import {
  mailboxFrameFromWire,
  mailboxRequestToWire,
  type LeaveOutcome,
  type MailboxCall,
  type MailboxResult,
  type Parcel,
} from '../wire/mailbox.ts'
import { mailboxLimits } from './limits.ts'

export class MailboxSession {
  /** PeerId. */
  readonly node: string
  readonly #stream: Stream
  readonly #writer: FrameWriter
  readonly #requests = new Requests<MailboxResult>()
  /** Resolves when the session has ended; never rejects. */
  readonly closed: Promise<void>

  /**
   * Opens the stream on a connection to a node. `onParcel` is called for each parcel, one after the other, and is
   * awaited: what waits stays at the node. Nothing is deleted there until `taken`. Errors: those of opening a stream;
   * a node without mailboxes does not know the protocol.
   */
  static async open(connection: Connection, onParcel: (parcel: Parcel) => Promise<void>): Promise<MailboxSession> {
    const stream = await connection.newStream(mailboxProtocol, { signal: AbortSignal.timeout(limits.openStream) })
    return new MailboxSession(connection.remotePeer.toString(), stream, onParcel)
  }

  private constructor(node: string, stream: Stream, onParcel: (parcel: Parcel) => Promise<void>) {
    this.node = node
    this.#stream = stream
    this.#writer = new FrameWriter(stream)
    this.closed = this.#read(onParcel)
  }

  /** The hashes (16 bytes) of all tickets that this peer has given: replaces what it said before. */
  async tickets(hashes: Uint8Array[]): Promise<void> {
    await this.#request({ call: 'tickets', hashes }, 'done')
  }

  /** Leaves a parcel for PeerId `to`; on return the node has it on disk, or says why it does not hold it. */
  async leave(to: string, parcelId: Uint8Array, ticket: Uint8Array, sealed: Uint8Array): Promise<LeaveOutcome> {
    const call: MailboxCall = { call: 'leave', to: publicKeyOf(to), parcelId, ticket, sealed }
    return (await this.#request(call, 'left')).outcome
  }

  async withdraw(to: string, parcelId: Uint8Array, ticket: Uint8Array): Promise<void> {
    await this.#request({ call: 'withdraw', to: publicKeyOf(to), parcelId, ticket }, 'done')
  }

  /** These are on disk here, at most wireLimits.parcelsTogether: the node deletes them. */
  async taken(parcelIds: Uint8Array[]): Promise<void> {
    await this.#request({ call: 'taken', parcelIds }, 'done')
  }

  close(): void {
    this.#stream.abort(new Error('The session is over'))
  }

  #request<K extends MailboxResult['result']>(call: MailboxCall, expected: K) {
    return this.#requests.send((id) => this.#writer.write(mailboxRequestToWire(id, call)), expected)
  }

  async #read(onParcel: (parcel: Parcel) => Promise<void>): Promise<void> {
    let reason = new QuorumError('node-unreachable', 'The connection to the node was lost')
    try {
      // Parcels must not hold up responses for which a handler of a parcel waits.
      let handled = Promise.resolve()
      let waiting = 0
      for await (const frames of pipe(pull(this.#stream), unframe(mailboxLimits.mailboxFrame))) {
        for (const bytes of frames) {
          const frame = mailboxFrameFromWire(bytes)
          if (frame?.frame === 'response') this.#requests.answered(frame.id, frame.result)
          if (frame?.frame !== 'parcel') continue
          waiting += 1
          handled = handled.then(() => onParcel(frame.parcel)).finally(() => (waiting -= 1))
          handled.catch((error: unknown) => this.#stream.abort(toError(error)))
        }
        if (waiting >= mailboxLimits.unhandled) await handled
      }
      await handled
    } catch (cause) {
      reason = new QuorumError('node-unreachable', 'The connection to the node was lost', { cause })
    }
    this.#stream.abort(toError(reason))
    this.#requests.end(reason)
  }
}
