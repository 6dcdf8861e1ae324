/**
 * The sending side of one conversation: messages wait in the store, leave over the best stream as far as the window
 * allows, and count as sent before the first byte of them leaves this machine. Nothing is sent twice on one stream
 * unless the friend asks for it with a hello (docs/protocol.md, "/quorum/chat/1.0.0", Flow and Starting again).
 */
import type { Connection } from '@libp2p/interface'
import { errorToData, QuorumError, toError } from '../base/errors.ts'
import type { Emit } from '../api/events.ts'
import { digest } from '../identity/identity.ts'
import type { ChatStream } from './chat-stream.ts'
import { TokenBucket } from '../base/rate-limit.ts'
import type { Batch } from './inbox.ts'
import { chatLimits } from './limits.ts'
import type { StreamSet } from './stream-set.ts'
import type { Conversation as Position, Draft, Message, OutgoingMessage, Store } from '../store/store.ts'
import { bodyToWire, chatFrameToWire, type Body } from '../wire/chat.ts'
import type { Hello } from '../wire/hello.ts'

export interface OutboxContext {
  /** The friend's PeerId. */
  peer: string
  store: Store
  emit: Emit
  /** The friend holds something else than was sent: this store may be an older copy. Within the transaction. */
  onOlder(): void
  /**
   * No receipt came in time: checks whether that connection still carries anything, and ends it if not, unless `heard`
   * returns true by then, which means that something has arrived since.
   */
  probe(connection: Connection, heard: () => boolean): void
}

/** What a hello reports of the messages that the friend holds. */
type Held = Pick<Hello, 'received' | 'receivedHash' | 'number' | 'trail'>

/** A message in the form in which it leaves. */
export interface LeavingBody {
  seq: number
  /** Of `body`. */
  hash: Uint8Array
  body: Uint8Array
}

/** Messages that leave together. */
interface Departure {
  frames: Uint8Array[]
  /** Those that turned from queued to sent. */
  changed: Message[]
  /** Highest sequence among them. */
  written: number
}

export class Outbox {
  readonly #context: OutboxContext
  readonly #streams: StreamSet
  /**
   * What the friend holds of the own messages, by its last hello. If the store is an older copy of itself, that message
   * is missing in it, and its hash is known from here only.
   */
  #held: { sequence: number; hash: Uint8Array } = { sequence: 0, hash: new Uint8Array() }
  /** The number of the newest hello. */
  #heard = 0
  /** How often the friend may claim to hold something else than what was sent. */
  readonly #adoptions: TokenBucket
  #reported = false
  /** The friend claimed more than was ever sent, and was believed. */
  #continued = false

  constructor(context: OutboxContext, streams: StreamSet) {
    this.#context = context
    this.#streams = streams
    this.#adoptions = new TokenBucket(chatLimits.adoptions, () => performance.now())
  }

  /**
   * Queues a message. If the friend is online it leaves at once, with one commit for both steps. Returns the message as
   * it is then. `keep` runs in the same transaction. Errors: those of the store and of `keep`; then nothing is stored.
   */
  send(draft: Draft, keep: (message: string) => void = () => undefined): Message {
    const { store, peer } = this.#context
    const best = this.#streams.best()
    const stream = best?.writing === false ? best : undefined
    const { message, departure } = store.transaction(() => {
      const queued = store.queueMessage(peer, draft)
      keep(draft.id)
      return { message: queued, departure: stream == null ? undefined : this.#prepare(stream) }
    })
    if (stream != null && departure != null) this.#write(stream, departure)
    return store.message(message.id) ?? message
  }

  /** Queues messages that nobody waits for, in one transaction. Errors: those of the store; then nothing is stored. */
  sendAll(drafts: readonly Draft[]): void {
    const { store, peer } = this.#context
    store.transaction(() => drafts.forEach((draft) => store.queueMessage(peer, draft)))
    this.flush()
  }

  /**
   * Writes what waits to the best stream, as far as the window allows. Never throws: when the disk refuses, messages
   * stay queued, the person is told, and the stream ends; a new one is opened later.
   */
  flush(): void {
    const stream = this.#streams.best()
    if (stream == null || stream.writing) return
    try {
      this.#write(stream, this.#prepare(stream))
    } catch (error) {
      const { code, message } = errorToData(error)
      this.#context.emit({ event: 'warning', data: { code, message, peer: this.#context.peer } })
      stream.stream.abort(toError(error))
    }
  }

  /**
   * Compares what the friend holds of the own messages, by its hello on `stream` or by the newest parcel, with what was
   * sent. If it is other than that, one of the two stores is an older copy of itself: what may be missing there is sent
   * once more, behind what the friend holds. Messages are not signed, so the claim cannot be proved. Runs within the
   * transaction of `batch`. Errors: `bad-request` for a claim that cannot be true, `rate-limited` for too many,
   * `verification-failed` where an earlier version, which does not tell enough to go on, holds another message than the
   * one that was sent.
   */
  compare(held: Held, stream: ChatStream | undefined, batch: Batch): void {
    const { store, peer, emit } = this.#context
    const { received, receivedHash, number } = held
    const { sent, delivered } = batch.position
    const beyond = received > sent
    // A store does not become older while it is open, and no friend holds more than a full outbox beyond it.
    if (
      beyond &&
      ((stream != null && (this.#continued || stream.helloReceived)) || received > sent + chatLimits.outbox)
    ) {
      throw new QuorumError('bad-request', 'They claim to hold what was never sent')
    }
    const newest = stream == null || number > this.#heard
    if (newest) this.#heard = number
    const own = beyond ? undefined : this.#hashAt(received, batch.position)
    const same = own == null ? !beyond && number === 0 : Buffer.from(own).equals(receivedHash)
    if (same && this.#follows(received, batch.position)) {
      // It may be older than receipts on other streams, which have no number.
      const overtaken = stream == null ? this.#streams.online : received >= stream.acknowledgedBefore
      if (overtaken || stream?.helloReceived === true) return
      // Each time, every message after that is changed and reported: without it, they are sent all the same.
      if (received >= delivered || !newest || !this.#adoptions.take()) return
      const from = Math.max(received, delivered - chatLimits.sentAgain)
      const hash = this.#hashAt(from, batch.position)
      if (hash == null) return
      announce(store.rewind(peer, from, hash))
      batch.position = store.conversation(peer)
      return
    }
    if (!same && !beyond && number === 0) {
      throw new QuorumError(
        'verification-failed',
        'They hold another message than the one you sent: the conversation is stopped',
      )
    }
    if (!this.#adoptions.take()) throw new QuorumError('rate-limited', 'They claim too often to hold something else')
    if (!same) this.#context.onOlder()
    const agreed = same ? received : this.#agreed(held, batch.position)
    announce(store.adopt(peer, { received, hash: receivedHash, agreed }))
    batch.position = store.conversation(peer)
    for (const { id } of store.parcelsFor(peer)) store.updateParcel(id, { anew: true })
    for (const other of this.#streams) other.continueAfter(received)
    if (same) return
    const message =
      'They report messages from you that are not stored here: ' +
      'if no older copy of this profile was put back, their report is wrong'
    batch.effects.push(() => {
      this.#continued ||= beyond && stream != null
      if (this.#reported) return
      this.#reported = true
      emit({ event: 'warning', data: { code: 'store-corrupt', message, peer } })
    })

    function announce(messages: readonly Message[]): void {
      for (const data of messages) batch.effects.push(() => emit({ event: 'message-changed', data }))
    }
  }

  /** The next own message, if any was written, has the next sequence: some that were adopted once are missing here. */
  #follows(sequence: number, { queued }: Position): boolean {
    const [next] = this.#context.store.outgoing(this.#context.peer, sequence, 1)
    return next == null ? sequence >= queued : next.seq === sequence + 1
  }

  /** The last sequence at which both agree, as far as it can be told, and as what is sent again is bounded. */
  #agreed({ received, number, trail }: Held, position: Position): number {
    const { sent, delivered } = position
    if (number === 0) return sent
    const same = trail.find(({ sequence, hash }) => {
      const own = sequence > sent ? undefined : this.#hashAt(sequence, position)
      return own != null && Buffer.from(own.subarray(0, hash.byteLength)).equals(hash)
    })
    return Math.max(Math.min(same?.sequence ?? 0, received), delivered - chatLimits.sentAgain)
  }

  /** Hash of the own body `sequence`: where that message is missing here, it is known if the friend was last there. */
  #hashAt(sequence: number, { sent, sentHash, delivered, deliveredHash }: Position): Uint8Array | undefined {
    const { store, peer } = this.#context
    if (sequence === 0) return new Uint8Array()
    const hash = store.bodyHash(peer, 'out', sequence)
    if (hash != null) return hash
    if (sequence === delivered && deliveredHash.byteLength > 0) return deliveredHash
    return sequence === sent && sentHash.byteLength > 0 ? sentHash : undefined
  }

  /** The friend's hello on `stream` reports the own messages up to `sequence`: the stream continues after that one. */
  continueAfter(stream: ChatStream, sequence: number, hash: Uint8Array): void {
    stream.continueAfter(sequence)
    this.#held = { sequence, hash }
  }

  /**
   * Receipts arrived, up to `acknowledged`: what they cover is not written to any stream, and the wait for the rest
   * starts again.
   */
  onReceipt({ sent, delivered }: Position, acknowledged = delivered): void {
    for (const stream of this.#streams) {
      if (acknowledged <= stream.acknowledged) continue
      stream.acknowledged = acknowledged
      stream.written = Math.max(stream.written, acknowledged)
      if (stream.receiptTimer == null) continue
      clearTimeout(stream.receiptTimer)
      stream.receiptTimer = acknowledged >= sent ? undefined : this.#awaitReceipt(stream)
    }
  }

  /** The next messages for `stream`, marked as sent. They may leave only once that is on disk. */
  #prepare(stream: ChatStream): Departure {
    const { store, peer } = this.#context
    const position = store.conversation(peer)
    const departure: Departure = { frames: [], changed: [], written: stream.written }
    // Never more than a window, whatever the friend claims to have received, or to have lost.
    const room = chatLimits.chatWindow - (stream.written - stream.acknowledged)
    if (room <= 0) return departure
    const leaving = this.bodiesAfter(stream.written, room, chatLimits.chatWindowBytes, position)
    for (const { body } of leaving) departure.frames.push(chatFrameToWire({ kind: 'message', body }))
    departure.written = leaving.at(-1)?.seq ?? stream.written
    departure.changed = this.markSent(leaving, position)
    return departure
  }

  /**
   * The bodies after own sequence `after`, in order, as they leave: at most `count`, and `bytes` unless the first one
   * alone has more.
   */
  bodiesAfter(after: number, count: number, bytes: number, position: Position): LeavingBody[] {
    const { store, peer } = this.#context
    const leaving: LeavingBody[] = []
    let previous = this.#hashOf(after, position)
    let size = 0
    for (const message of store.outgoing(peer, after, count)) {
      // Below what was adopted once, sequences are missing here.
      if (message.seq !== after + leaving.length + 1) break
      const body = bodyToWire({ ...bodyOf(message), previous })
      size += body.byteLength
      if (leaving.length > 0 && size > bytes) break
      previous = digest(body)
      leaving.push({ seq: message.seq, hash: previous, body })
    }
    return leaving
  }

  /** They count as sent once this is on disk; returns the messages that changed. */
  markSent(leaving: readonly LeavingBody[], { sent }: Position): Message[] {
    const first = leaving.filter(({ seq }) => seq > sent).map(({ seq, hash }) => ({ seq, hash }))
    return first.length === 0 ? [] : this.#context.store.markSent(this.#context.peer, first)
  }

  #write(stream: ChatStream, { frames, changed, written }: Departure): void {
    if (frames.length === 0) return
    stream.written = written
    stream.writing = true
    stream.receiptTimer ??= this.#awaitReceipt(stream)
    stream.writer
      .write(...frames)
      // The stream ends then, and the next one starts after what the friend's hello reports.
      .catch(() => undefined)
      .finally(() => {
        stream.writing = false
        this.flush()
      })
    // After the write: a listener may send a message at once, which must not overtake these.
    for (const message of changed) this.#context.emit({ event: 'message-changed', data: message })
  }

  /** Hash of the own body `sequence`, which the next body names. */
  #hashOf(sequence: number, position: Position): Uint8Array {
    const hash = this.#hashAt(sequence, position)
    if (hash != null) return hash
    if (sequence === this.#held.sequence) return this.#held.hash
    throw new QuorumError('internal', 'A message that was sent has no hash')
  }

  #awaitReceipt(stream: ChatStream): NodeJS.Timeout {
    return setTimeout(() => {
      stream.receiptTimer = undefined
      const { framesReceived } = stream
      this.#context.probe(stream.connection, () => stream.framesReceived > framesReceived)
    }, chatLimits.receipt)
  }
}

function bodyOf(message: OutgoingMessage): Omit<Body, 'previous'> {
  const { id, seq: sequence, sentAt: time, state, content, text, replyTo } = message
  if (state === 'recalled') return { id, sequence, time, content: { kind: 'recalled' } }
  if (content != null) return { id, sequence, time, content }
  return { id, sequence, time, content: { kind: 'text', text, ...(replyTo == null ? {} : { replyTo }) } }
}
