/**
 * The receiving side of one conversation, as a state machine over the store: frames go in, and what they change is
 * stored in one transaction. A message is stored if it is the next one and names the hash of the one before, is
 * acknowledged again if it is a repetition, and is refused if it contradicts what was received before
 * (docs/protocol.md, "/quorum/chat/1.0.0", Messages and Receipts). It sends nothing: the caller answers the friend and
 * runs the effects, because by then everything is on disk.
 */
import { randomUUID } from 'node:crypto'
import { QuorumError, type ErrorCode } from '../base/errors.ts'
import type { Emit } from '../api/events.ts'
import type { HeldReason } from '../api/model.ts'
import { TokenBucket } from '../base/rate-limit.ts'
import { digest } from '../identity/identity.ts'
import { Intake } from './intake.ts'
import { chatLimits } from './limits.ts'
import type { Conversation as Position, Draft, MessageContent, Store } from '../store/store.ts'
import { bodyFromWire, chatFrameFromWire, type Body } from '../wire/chat.ts'
import type { Hello } from '../wire/hello.ts'

export interface InboxContext {
  /** The friend's PeerId. */
  peer: string
  store: Store
  now: () => number
  emit: Emit
  /**
   * The message `id` carries an offer of files, or news about a transfer. Called within the transaction that stores it;
   * errors refuse the message.
   */
  onTransfer(peer: string, content: MessageContent, id: string): TransferMessage
  /**
   * The message is about a group. Called within the transaction that stores it; errors refuse the message. Returns what
   * is to be done once it is on disk.
   */
  onGroup(peer: string, content: MessageContent): () => void
  /** What the friend writes is held, or taken again. */
  onHeld(peer: string): void
}

/** What is stored of a message about a transfer, and what to do once it is on disk. */
interface TransferMessage {
  transfer: string
  text: string
  files?: readonly string[]
  announce(): void
}

/** The stream that a batch arrived on, as far as it concerns receiving. */
export interface Source {
  /** The friend's hello has arrived on it. */
  helloReceived(): boolean
  /** Called within the transaction; errors refuse the batch. */
  onHello(hello: Hello, batch: Batch): void
  /** Called once the batch is on disk. */
  onTyping(active: boolean): void
}

/** A transaction that is being built from frames. */
export interface Batch {
  /** The row of the conversation: read once, then kept equal to the row in the store. */
  position: Position
  /** What is to happen, in order, once the transaction is on disk. Nothing of it happens if the transaction fails. */
  readonly effects: (() => void)[]
  /** As `Inbox.held`, once the transaction is on disk. */
  held: HeldReason | undefined
  /** As in `Received`. */
  acknowledged?: number
}

/** A batch that is on disk. */
export interface Received {
  position: Position
  /** What the friend must be told: a hello where a message is missing, a receipt for what is new or was repeated. */
  answer: 'hello' | 'receipt' | 'none'
  /** The friend acknowledged own messages up to here, for the first time or once more. */
  acknowledged?: number
  effects: readonly (() => void)[]
}

/**
 * What a frame was: something new, nothing new, a message received before, a message with a gap before it, one that is
 * another than the one received or does not follow it, or one that is not taken for now.
 */
type Outcome = 'new' | 'idle' | 'repeated' | ParcelStop

/** Why the rest of a parcel was not looked at. */
export type ParcelStop = 'gap' | 'contradiction' | 'held'

/** Errors that end a stream and concern the person, not only the program. */
const reportedToPerson: ReadonlySet<ErrorCode> = new Set([
  'verification-failed',
  'unsupported-version',
  'disk-full',
  'not-writable',
])

export class Inbox {
  readonly #context: InboxContext
  /** Per friend, not per stream: a new stream brings no new allowance. */
  readonly #idle: TokenBucket
  readonly #intake: Intake
  /** What was reported once in this run. */
  readonly #reported = new Set<string>()
  #held: HeldReason | undefined

  /** `clock`: milliseconds, monotonic. */
  constructor(context: InboxContext, clock: () => number = () => performance.now()) {
    this.#context = context
    this.#idle = new TokenBucket(chatLimits.chatIdleFrames, clock)
    this.#intake = new Intake(context.store, context.now, clock)
  }

  /** Why nothing more is taken: set when a message is refused, until `release`. */
  get held(): HeldReason | undefined {
    return this.#held
  }

  /** Divides frames that have arrived into parts that `receive` takes one after the other. */
  parts(frames: readonly Uint8Array[]): Uint8Array[][] {
    return this.#intake.parts(frames)
  }

  /** Milliseconds to wait before `frames` are given to `receive`: 0 counts them as arrived. */
  wait(frames: readonly Uint8Array[]): number {
    return this.#intake.wait(frames.map(({ byteLength }) => byteLength))
  }

  /**
   * Takes messages again, if there is room for them again; `anyway`: the person wants them, so only a full disk is in
   * the way. Returns whether they are taken: the caller sends a hello then, and the friend sends what was held.
   */
  release(anyway: boolean): boolean {
    const { store, peer, now, onHeld } = this.#context
    if (this.#held == null) return false
    if (anyway) store.setTaken(peer, { taken: 0, takenAt: now() })
    const recovered = this.#intake.recovered(store.conversation(peer))
    if (!recovered && !anyway) return false
    this.#held = recovered ? undefined : 'disk-full'
    onHeld(peer)
    return recovered
  }

  /**
   * Stores the frames that arrived together, all of them or none. Errors: `bad-request` and `verification-failed` for
   * what breaks the protocol, `rate-limited` for too much that changes nothing, those of the codec, of the store and of
   * the callbacks. The caller ends the stream then; the person is told here where the error concerns them.
   */
  receive(frames: readonly Uint8Array[], source: Source): Received {
    const outcomes = new Set<Outcome>()
    const { batch, before } = this.#commit((building) => {
      for (const bytes of frames) {
        const outcome = this.#take(bytes, source, building)
        outcomes.add(outcome)
        if (outcome !== 'new' && !this.#idle.take()) {
          throw new QuorumError('rate-limited', 'They send too much that says nothing')
        }
      }
    })
    const { position, effects, acknowledged } = batch
    const toAcknowledge = outcomes.has('repeated') || position.received > before.received
    return {
      position,
      // A hello reports what is on disk as well.
      answer: outcomes.has('gap') || outcomes.has('contradiction') ? 'hello' : toAcknowledge ? 'receipt' : 'none',
      ...(acknowledged != null && { acknowledged }),
      effects,
    }
  }

  /**
   * Stores the bodies of a parcel as far as they follow, by the same rules, and runs `rest` in the same transaction
   * with why it ended before the last one. Errors as of `receive`, and of `rest`; then nothing is stored.
   */
  receiveParcel(
    bodies: readonly Uint8Array[],
    rest: (batch: Batch, stopped: ParcelStop | undefined) => void,
  ): Pick<Received, 'position' | 'effects'> & { stopped: ParcelStop | undefined } {
    let stopped: ParcelStop | undefined
    const { batch } = this.#commit((building) => {
      stopped = undefined
      for (const bytes of bodies) {
        const outcome = this.#onMessage(bytes, building)
        if (outcome === 'new' || outcome === 'repeated') continue
        stopped = outcome
        break
      }
      rest(building, stopped)
    })
    return { position: batch.position, effects: batch.effects, stopped }
  }

  /** Runs `work` in one transaction. What it wants to happen then is in the batch. */
  #commit(work: (batch: Batch) => void): { batch: Batch; before: Position } {
    const { store, peer, emit, onHeld } = this.#context
    const before = store.conversation(peer)
    const batch: Batch = { position: before, effects: [], held: this.#held }
    try {
      store.transaction(() => {
        work(batch)
        if (batch.position.taken !== before.taken) store.setTaken(peer, batch.position)
      })
    } catch (error) {
      if (error instanceof QuorumError && reportedToPerson.has(error.code)) {
        emit({ event: 'warning', data: { code: error.code, message: error.message, peer } })
      }
      throw error
    }
    const { held } = batch
    if (held !== this.#held) {
      this.#held = held
      batch.effects.push(() => onHeld(peer))
    }
    return { batch, before }
  }

  /**
   * The friend has own messages up to `delivered` on disk, and read them up to `read`. Returns whether that is news.
   * Errors: `bad-request` for what was never sent.
   */
  acknowledge(delivered: number, read: number, batch: Batch): boolean {
    const { store, peer, emit } = this.#context
    const { position, effects } = batch
    if (delivered > position.sent || read > delivered) {
      throw new QuorumError('bad-request', 'They acknowledge what was never sent')
    }
    batch.acknowledged = Math.max(batch.acknowledged ?? 0, delivered)
    const changed = [...store.markDelivered(peer, delivered), ...store.markReadByThem(peer, read)]
    for (const message of changed) effects.push(() => emit({ event: 'message-changed', data: message }))
    if (delivered <= position.delivered && read <= position.readByThem) return false
    const stored = store.conversation(peer)
    const { deliveredHash, readByThem } = stored
    batch.position = { ...position, delivered: stored.delivered, deliveredHash, readByThem }
    return true
  }

  #take(bytes: Uint8Array, source: Source, batch: Batch): Outcome {
    const frame = chatFrameFromWire(bytes)
    if (!source.helloReceived() && frame.kind !== 'hello') {
      throw new QuorumError('bad-request', 'They spoke before saying hello')
    }
    switch (frame.kind) {
      case 'hello':
        source.onHello(frame.hello, batch)
        return 'idle'
      case 'message':
        return this.#onMessage(frame.body, batch)
      case 'receipt':
        return this.acknowledge(frame.delivered, frame.read, batch) ? 'new' : 'idle'
      case 'typing':
        batch.effects.push(() => source.onTyping(frame.active))
        return 'idle'
      case 'unknown':
        return 'idle'
    }
  }

  #onMessage(bytes: Uint8Array, batch: Batch): Exclude<Outcome, 'idle'> {
    const { store, peer } = this.#context
    const { received, receivedHash } = batch.position
    const body = bodyFromWire(bytes)
    const hash = digest(bytes)
    if (body.sequence <= received) {
      const known = store.bodyHash(peer, 'in', body.sequence)
      if (known != null && Buffer.from(known).equals(hash)) return 'repeated'
      return this.#contradicts('They sent another message in the place of an earlier one: it was refused', batch)
    }
    // Nothing is taken before `release`: else each byte that comes back would be news.
    if (batch.held != null) return 'held'
    if (body.sequence > received + 1) return 'gap'
    if (!Buffer.from(body.previous).equals(receivedHash)) {
      return this.#contradicts('A message does not follow the one before it: it was refused', batch)
    }
    const admitted = this.#intake.admit(batch.position, bytes.byteLength, body.content.kind === 'offer')
    if ('held' in admitted) {
      batch.held = admitted.held
      return 'held'
    }
    this.#store(bytes, body, hash, batch)
    batch.position = { ...batch.position, ...admitted.allowance, received: body.sequence, receivedHash: hash }
    return 'new'
  }

  /** One of the two stores is an older copy of itself: the answer says what is here, and the friend adopts it. */
  #contradicts(message: string, batch: Batch): 'contradiction' {
    this.#reportOnce(message, batch)
    return 'contradiction'
  }

  #reportOnce(message: string, { effects }: Batch): void {
    const { emit, peer } = this.#context
    effects.push(() => {
      if (this.#reported.has(message)) return
      this.#reported.add(message)
      emit({ event: 'warning', data: { code: 'verification-failed', message, peer } })
    })
  }

  #store(bytes: Uint8Array, body: Body, hash: Uint8Array, batch: Batch): void {
    const { store, peer, now, emit, onTransfer, onGroup } = this.#context
    const { effects } = batch
    const { id, sequence: seq, time: sentAt, content } = body
    const arrived = { id, seq, sentAt, hash, receivedAt: now(), recalled: content.kind === 'recalled' }
    const known = store.receivedWithId(peer, id)
    if (known !== undefined) {
      // What an older copy of the friend's store has not sent had left it already: it comes once more, under a new
      // sequence. Of this one only the place in the chain is kept. Refused, it would come again and again.
      store.receiveMessage(peer, { ...arrived, id: randomUUID(), recalled: true, text: '' })
      if (content.kind === 'text' && !known.recalled && content.text !== known.text)
        this.#reportOnce('They sent another text under the id of an earlier message: it was refused', batch)
      return
    }
    switch (content.kind) {
      case 'recalled':
        store.receiveMessage(peer, { ...arrived, text: '' })
        break
      case 'text': {
        const message = store.receiveMessage(peer, { ...arrived, ...textOf(content) })
        effects.push(() => emit({ event: 'message-received', data: message }))
        break
      }
      case 'unknown': {
        // Refused, it would come again and again, and nothing after it. A later version may read what is kept of it.
        const stored = { kind: content.kind, bytes }
        const message = store.receiveMessage(peer, { ...arrived, text: '', content: stored })
        effects.push(() => emit({ event: 'message-received', data: message }))
        break
      }
      case 'invitation':
      case 'joining': {
        const announce = onGroup(peer, content)
        const message = store.receiveMessage(peer, { ...arrived, text: '', content })
        if (content.kind === 'invitation') effects.push(() => emit({ event: 'message-received', data: message }))
        effects.push(announce)
        break
      }
      case 'offer':
      case 'news': {
        const { transfer, text, files, announce } = onTransfer(peer, content, id)
        // The content is stored with the transfer. Here it is only noted that the message is no text.
        const stored = { kind: content.kind, bytes: new Uint8Array() }
        const message = store.receiveMessage(peer, { ...arrived, text, transfer, content: stored, files })
        if (content.kind === 'offer') effects.push(() => emit({ event: 'message-received', data: message }))
        effects.push(announce)
      }
    }
  }
}

function textOf({ text, replyTo }: Pick<Draft, 'text' | 'replyTo'>): Pick<Draft, 'text' | 'replyTo'> {
  return { text, ...(replyTo == null ? {} : { replyTo }) }
}
