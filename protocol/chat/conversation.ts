/**
 * One conversation on the wire. It may have several streams at once (two connections, two sides that opened one each):
 * everything that arrives on any of them counts, what is sent goes over the best. Nothing depends on which, because
 * sequences and hashes decide, not streams: a message is taken if it is the next one, ignored if it is a repetition,
 * refused if it contradicts what was said before.
 */
import type { Connection, Stream } from '@libp2p/interface'
import { pipe } from 'it-pipe'
import { Line, pathRank, type Opener } from './chat-stream.ts'
import { errorToData, QuorumError, toError, type ErrorCode } from '../base/errors.ts'
import type { Emit, PeerEvent } from '../api/events.ts'
import { digest } from '../identity/identity.ts'
import { limits } from '../base/limits.ts'
import { chatLimits } from './limits.ts'
import { pull } from '../net/streams.ts'
import { TokenBucket } from '../base/rate-limit.ts'
import type { Draft, Message, MessageContent, OutgoingMessage, Store } from '../store/store.ts'
import {
  bodyFromWire,
  bodyToWire,
  chatFrameFromWire,
  chatFrameToWire,
  chatVersion,
  type Body,
  type Hello,
} from '../wire/chat.ts'
import type { PeerAddress } from '../wire/contact.ts'
import { unframe } from '../wire/framing.ts'

export interface ConversationContext {
  /** Own PeerId, and the friend's. */
  self: string
  peer: string
  store: Store
  now: () => number
  emit: Emit
  name(): string
  peerAddress(to: string): PeerAddress
  /** The friend learns what we have read, and that we are writing. */
  readReceipts: boolean
  typingMarks: boolean
  /** The friend told its name and where it is. */
  onHello(peer: string, hello: Hello): void
  /** The conversation opened or ended. */
  onPresence(peer: string): void
  /**
   * An offer of files came with the message `id`, or news about a transfer. Called within the transaction that stores
   * it; errors refuse the message.
   */
  onTransfer(peer: string, content: MessageContent, id: string): TransferMessage
  /** No receipt came in time: is that connection still alive? Ends it if not, unless something was `heard` meanwhile. */
  probe(connection: Connection, heard: () => boolean): void
}

/** What is kept of a message about a transfer, and what to do when it is on disk. */
interface TransferMessage {
  transfer: string
  text: string
  announce(): void
}

/** What ends a stream and concerns the person, not just the program. */
const toldToPeople: ReadonlySet<ErrorCode> = new Set([
  'verification-failed',
  'unsupported-version',
  'disk-full',
  'not-writable',
])

/** What a frame was: something new, nothing new, something had already, or something with a hole before it. */
type Outcome = 'new' | 'idle' | 'repeated' | 'gap'

/** Messages that leave together. */
interface Batch {
  frames: Uint8Array[]
  /** Those that turned from queued to sent. */
  changed: Message[]
  /** Highest sequence among them. */
  written: number
}

export class Conversation {
  readonly #context: ConversationContext
  readonly #lines = new Set<Line>()
  /** Of the friend, not of a stream: a new stream is no fresh start. */
  readonly #idle = new TokenBucket(chatLimits.chatIdleFrames, () => performance.now())
  /** What they hold of ours, as they last said: in an older copy of the store that message is missing. */
  #held: { sequence: number; hash: Uint8Array } = { sequence: 0, hash: new Uint8Array() }
  #wasOnline = false
  #theyType: NodeJS.Timeout | undefined

  constructor(context: ConversationContext) {
    this.#context = context
  }

  get online(): boolean {
    return [...this.#lines].some((line) => line.heard)
  }

  /** If no stream is to be opened on `connection` (it has one, or a path as good has): until that one has ended. */
  served(connection: Connection): Promise<void> | undefined {
    const serving = [...this.#lines].find(
      (line) =>
        line.connection.id === connection.id || (line.heard && pathRank(line.connection) >= pathRank(connection)),
    )
    return serving?.ended
  }

  /** Speaks on `stream` until it ends. Throws what ended it, if that was not its regular end. */
  async run(stream: Stream, connection: Connection, opener: Opener): Promise<void> {
    const line = new Line(stream, connection, opener, this.#context.self < this.#context.peer)
    this.#lines.add(line)
    const late = setTimeout(() => {
      if (!line.heard) stream.abort(new QuorumError('bad-request', 'They did not say hello in time'))
    }, limits.handshake)
    try {
      await this.#sayHello(line)
      for await (const frames of pipe(pull(stream), unframe(chatLimits.chatFrame))) this.#receive(line, frames)
      await stream.close()
    } catch (error) {
      stream.abort(toError(error))
      throw error
    } finally {
      clearTimeout(late)
      this.#lines.delete(line)
      line.end()
      this.#noticePresence()
      this.#flush()
    }
  }

  end(): void {
    clearTimeout(this.#theyType)
    for (const line of this.#lines) line.stream.abort(new QuorumError('cancelled', 'The conversation is closed'))
  }

  hello(): void {
    for (const line of this.#lines) this.#ignoreLoss(this.#sayHello(line))
  }

  /**
   * Puts a message into the outbox; it goes at once if the friend is there, with one commit for both. Returns it as it
   * is then. `keep` runs in the same transaction. Errors: those of the store and of `keep`; then nothing is kept.
   */
  send(draft: Draft, keep: (message: string) => void = () => undefined): Message {
    const { store, peer } = this.#context
    const best = this.#best()
    const line = best?.flushing === false ? best : undefined
    const { message, batch } = store.transaction(() => {
      const queued = store.queueMessage(peer, draft)
      keep(draft.id)
      return { message: queued, batch: line == null ? undefined : this.#prepare(line) }
    })
    if (line != null && batch != null) this.#write(line, batch)
    return store.message(message.id) ?? message
  }

  markRead(upTo: number): void {
    const { store, peer, emit, readReceipts } = this.#context
    const changed = store.transaction(() => store.markReadByMe(peer, Math.min(upTo, store.conversation(peer).received)))
    if (changed.length === 0) return
    // A receipt at this moment would say it, whatever it says.
    const line = readReceipts ? this.#best() : undefined
    if (line != null) this.#sayReceipt(line)
    for (const message of changed) emit({ event: 'message-changed', data: message })
  }

  typing(active: boolean): void {
    const line = this.#context.typingMarks ? this.#best() : undefined
    if (line != null) this.#ignoreLoss(line.writer.write(chatFrameToWire({ kind: 'typing', active })))
  }

  /** What arrived together is stored together, and acknowledged and announced when it is on disk. */
  #receive(line: Line, frames: readonly Uint8Array[]): void {
    const { store, peer, emit } = this.#context
    line.frames += frames.length
    line.doubted = false
    const before = store.conversation(peer)
    const afterwards: (() => void)[] = []
    const outcomes = new Set<Outcome>()
    try {
      store.transaction(() => {
        for (const bytes of frames) {
          const outcome = this.#take(line, bytes, afterwards)
          outcomes.add(outcome)
          if (outcome !== 'new' && !this.#idle.take()) {
            throw new QuorumError('rate-limited', 'They send too much that says nothing')
          }
        }
      })
    } catch (error) {
      if (error instanceof QuorumError && toldToPeople.has(error.code)) {
        emit({ event: 'warning', data: { code: error.code, message: error.message, peer } })
      }
      throw error
    }
    const after = store.conversation(peer)
    if (outcomes.has('gap')) this.#ignoreLoss(this.#sayHello(line))
    else if (outcomes.has('repeated') || after.received > before.received) this.#sayReceipt(line)
    if (after.delivered > before.delivered) this.#settled(after.delivered, after.sent)
    for (const announce of afterwards) announce()
    this.#flush()
  }

  /** `afterwards` gets what is to happen once it is on disk. */
  #take(line: Line, bytes: Uint8Array, afterwards: (() => void)[]): Outcome {
    const frame = chatFrameFromWire(bytes)
    if (!line.heard && frame.kind !== 'hello') throw new QuorumError('bad-request', 'They spoke before saying hello')
    const { emit } = this.#context
    const events: PeerEvent[] = []
    afterwards.push(() => {
      for (const event of events) emit(event)
    })
    switch (frame.kind) {
      case 'hello':
        this.#onHello(line, frame.hello, events, afterwards)
        return 'idle'
      case 'message':
        return this.#onMessage(frame.body, events, afterwards)
      case 'receipt':
        return this.#onReceipt(frame.delivered, frame.read, events) ? 'new' : 'idle'
      case 'typing':
        afterwards.push(() => this.#onTyping(frame.active))
        return 'idle'
      case 'unknown':
        return 'idle'
    }
  }

  #onHello(line: Line, hello: Hello, events: PeerEvent[], afterwards: (() => void)[]): void {
    const { store, peer, onHello } = this.#context
    if (hello.version !== chatVersion) {
      const message = `They use version ${hello.version} of the chat protocol, this is version ${chatVersion}: update the older one`
      throw new QuorumError('unsupported-version', message)
    }
    const { sent } = store.conversation(peer)
    if (hello.received > sent) {
      // A repeated hello cannot know more than the first did; and nobody holds more than an outbox ever does.
      if (line.heard || hello.received > sent + chatLimits.outbox) {
        throw new QuorumError('bad-request', 'They claim to hold what was never sent')
      }
      // They hold more of ours than we know: our store is an older copy. Continue behind what they have.
      store.continueAfter(peer, hello.received, hello.receivedHash)
      const message = 'Messages you sent them are missing here: this profile is an older copy of itself'
      events.push({ event: 'warning', data: { code: 'store-corrupt', message, peer } })
    } else if (hello.received > 0) {
      const hash = store.bodyHash(peer, 'out', hello.received)
      if (hash != null && !Buffer.from(hash).equals(hello.receivedHash)) {
        throw new QuorumError(
          'verification-failed',
          'They hold another message than the one you sent: the conversation is stopped',
        )
      }
    }
    this.#onReceipt(hello.received, hello.read, events)
    if (!line.heard) this.#doubtOthers(line, hello.received)
    line.written = hello.received
    this.#held = { sequence: hello.received, hash: hello.receivedHash }
    line.heard = true
    afterwards.push(() => {
      onHello(peer, hello)
      this.#noticePresence()
      this.#leaveWorse()
    })
  }

  #noticePresence(): void {
    if (this.online === this.#wasOnline) return
    this.#wasOnline = this.online
    this.#context.onPresence(this.#context.peer)
  }

  #onMessage(bytes: Uint8Array, events: PeerEvent[], afterwards: (() => void)[]): 'new' | 'repeated' | 'gap' {
    const { store, peer, now } = this.#context
    const body = bodyFromWire(bytes)
    const hash = digest(bytes)
    const { received, receivedHash } = store.conversation(peer)
    if (body.sequence <= received) {
      const known = store.bodyHash(peer, 'in', body.sequence)
      if (known != null && Buffer.from(known).equals(hash)) return 'repeated'
      throw new QuorumError(
        'verification-failed',
        'They sent another message in the place of an earlier one: it was refused',
      )
    }
    if (body.sequence > received + 1) return 'gap'
    if (!Buffer.from(body.previous).equals(receivedHash)) {
      throw new QuorumError('verification-failed', 'A message does not follow the one before it: it was refused')
    }
    const { id, sequence: seq, time: sentAt, content } = body
    const arrived = { id, seq, sentAt, hash, receivedAt: now(), recalled: content.kind === 'recalled' }
    switch (content.kind) {
      case 'recalled':
        store.receiveMessage(peer, { ...arrived, text: '' })
        break
      case 'text': {
        const message = store.receiveMessage(peer, { ...arrived, ...textOf(content) })
        events.push({ event: 'message-received', data: message })
        break
      }
      case 'offer':
      case 'news': {
        const { transfer, text, announce } = this.#context.onTransfer(peer, content, id)
        // What it said is kept where it belongs; here only that it is no text.
        const kept = { kind: content.kind, bytes: new Uint8Array() }
        const message = store.receiveMessage(peer, { ...arrived, text, transfer, content: kept })
        if (content.kind === 'offer') events.push({ event: 'message-received', data: message })
        afterwards.push(announce)
      }
    }
    return 'new'
  }

  /** True if it told anything new. */
  #onReceipt(delivered: number, read: number, events: PeerEvent[]): boolean {
    const { store, peer } = this.#context
    const before = store.conversation(peer)
    if (delivered > before.sent || read > delivered) {
      throw new QuorumError('bad-request', 'They acknowledge what was never sent')
    }
    const changed = [...store.markDelivered(peer, delivered), ...store.markReadByThem(peer, read)]
    for (const message of changed) events.push({ event: 'message-changed', data: message })
    return delivered > before.delivered || read > before.readByThem
  }

  #onTyping(active: boolean): void {
    const { peer, emit } = this.#context
    const wasTyping = this.#theyType != null
    clearTimeout(this.#theyType)
    this.#theyType = active ? setTimeout(() => this.#onTyping(false), chatLimits.typing) : undefined
    this.#theyType?.unref()
    if (wasTyping !== active) emit({ event: 'typing', data: { peer, active } })
  }

  async #sayHello(line: Line): Promise<void> {
    const { store, peer, name, peerAddress } = this.#context
    const { received, receivedHash } = store.conversation(peer)
    const read = this.#toldRead()
    const hello = { ...peerAddress(peer), version: chatVersion, received, receivedHash, read, name: name() }
    await line.writer.write(chatFrameToWire({ kind: 'hello', hello }))
  }

  #sayReceipt(line: Line): void {
    const { received } = this.#context.store.conversation(this.#context.peer)
    const read = this.#toldRead()
    this.#ignoreLoss(line.writer.write(chatFrameToWire({ kind: 'receipt', delivered: received, read })))
  }

  /** Up to where the friend may know that we have read. What was told once is not taken back by telling less. */
  #toldRead(): number {
    const { store, peer, readReceipts } = this.#context
    return readReceipts ? store.conversation(peer).readByMe : 0
  }

  /**
   * Writes what waits to the best stream, as far as the window allows. Never throws: when the disk refuses, messages
   * stay queued, the person is told, and the stream ends, to be opened again later.
   */
  #flush(): void {
    const line = this.#best()
    if (line == null || line.flushing) return
    try {
      this.#write(line, this.#prepare(line))
    } catch (error) {
      const { code, message } = errorToData(error)
      this.#context.emit({ event: 'warning', data: { code, message, peer: this.#context.peer } })
      line.stream.abort(toError(error))
    }
  }

  /** The next messages for `line`, marked as sent. They leave only when that is on disk. */
  #prepare(line: Line): Batch {
    const { store, peer } = this.#context
    const { sent, delivered } = store.conversation(peer)
    const batch: Batch = { frames: [], changed: [], written: line.written }
    // Never more than a window, whatever they say they have received.
    const room = chatLimits.chatWindow - Math.max(0, line.written - delivered)
    if (room <= 0) return batch
    const leaving: { seq: number; hash: Uint8Array }[] = []
    let previous = line.written === 0 ? new Uint8Array() : this.#hashOf(line.written)
    let size = 0
    for (const message of store.outgoing(peer, line.written, room)) {
      const body = bodyToWire({ ...bodyOf(message), previous })
      size += body.byteLength
      if (batch.frames.length > 0 && size > chatLimits.chatWindowBytes) break
      previous = digest(body)
      batch.frames.push(chatFrameToWire({ kind: 'message', body }))
      batch.written = message.seq
      if (message.seq > sent) leaving.push({ seq: message.seq, hash: previous })
    }
    if (leaving.length > 0) batch.changed = store.markSent(peer, leaving)
    return batch
  }

  #write(line: Line, { frames, changed, written }: Batch): void {
    if (frames.length === 0) return
    line.written = written
    line.flushing = true
    line.overdue ??= setTimeout(() => this.#onOverdue(line), chatLimits.receipt)
    line.writer
      .write(...frames)
      // The line ends by itself then, and the next one starts at what was received.
      .catch(() => undefined)
      .finally(() => {
        line.flushing = false
        this.#flush()
      })
    // After the write: a listener may send at once, and must not overtake it.
    for (const message of changed) this.#context.emit({ event: 'message-changed', data: message })
  }

  #hashOf(sequence: number): Uint8Array {
    const { store, peer } = this.#context
    const hash = store.bodyHash(peer, 'out', sequence)
    if (hash != null) return hash
    const { sent, sentHash } = store.conversation(peer)
    if (sequence === sent) return sentHash
    if (sequence === this.#held.sequence) return this.#held.hash
    throw new QuorumError('internal', 'A message that was sent has no hash')
  }

  /** Receipts came: what they cover need not be written anywhere, and waiting for the rest begins anew. */
  #settled(delivered: number, sent: number): void {
    for (const line of this.#lines) {
      line.written = Math.max(line.written, delivered)
      if (line.overdue == null) continue
      clearTimeout(line.overdue)
      line.overdue = delivered >= sent ? undefined : setTimeout(() => this.#onOverdue(line), chatLimits.receipt)
    }
  }

  #onOverdue(line: Line): void {
    line.overdue = undefined
    const { frames } = line
    this.#context.probe(line.connection, () => line.frames > frames)
  }

  /** Who opens one more line may know that the others are dead, as after a change of address; we would notice later. */
  #doubtOthers(line: Line, received: number): void {
    for (const other of this.#lines) if (other !== line && other.written > received) other.doubted = true
  }

  #best(): Line | undefined {
    const worse = (one: Line, than: Line): number =>
      Number(one.doubted) - Number(than.doubted) ||
      than.rank - one.rank ||
      than.connection.timeline.open - one.connection.timeline.open
    return [...this.#lines].filter((line) => line.usable).sort(worse)[0]
  }

  /** Whoever opened a stream that a better one replaced closes it. */
  #leaveWorse(): void {
    const best = this.#best()
    if (best == null) return
    for (const line of this.#lines) {
      const replaced = line.heard && line.rank < best.rank
      if (replaced && line.opener === 'outbound') {
        this.#ignoreLoss(line.stream.close({ signal: AbortSignal.timeout(limits.stop) }))
      }
    }
  }

  /** What is written to a stream that dies is lost with it; the next stream's hello says what is missing. */
  #ignoreLoss(written: Promise<void>): void {
    written.catch(() => undefined)
  }
}

function textOf({ text, replyTo }: Pick<Draft, 'text' | 'replyTo'>): Pick<Draft, 'text' | 'replyTo'> {
  return { text, ...(replyTo == null ? {} : { replyTo }) }
}

function bodyOf(message: OutgoingMessage): Omit<Body, 'previous'> {
  const { id, seq: sequence, sentAt: time, state, content } = message
  if (state === 'recalled') return { id, sequence, time, content: { kind: 'recalled' } }
  if (content != null) return { id, sequence, time, content }
  return { id, sequence, time, content: { kind: 'text', ...textOf(message) } }
}
