/**
 * One conversation on the wire. It may have several streams at once (two connections, two sides that opened one each):
 * everything that arrives on any of them counts, what is sent goes over the best. Nothing depends on which, because
 * sequences and hashes decide, not streams: a message is taken if it is the next one, ignored if it is a repetition,
 * refused if it contradicts what was said before.
 */
import type { Connection, Stream } from '@libp2p/interface'
import { pipe } from 'it-pipe'
import { QuorumError, toError, type ErrorCode } from './errors.ts'
import type { Emit, PeerEvent } from './events.ts'
import { digest } from './identity.ts'
import { limits } from './limits.ts'
import { FrameWriter } from './net/frame-writer.ts'
import { pull } from './net/streams.ts'
import { isRelayed } from './policy.ts'
import { TokenBucket } from './rate.ts'
import type { Draft, Message, OutgoingMessage, Store } from './store/store.ts'
import { bodyFromWire, bodyToWire, chatFrameFromWire, chatFrameToWire, chatVersion, type Hello } from './wire/chat.ts'
import type { Reach } from './wire/contact.ts'
import { unframe } from './wire/framing.ts'

export interface ConversationContext {
  /** Own PeerId, and the friend's. */
  self: string
  peer: string
  store: Store
  now: () => number
  emit: Emit
  name(): string
  reach(): Reach
  /** The friend told its name and where it is. */
  onHello(peer: string, hello: Hello): void
  /** The conversation opened or ended. */
  onPresence(peer: string): void
  /** No receipt came in time: is that connection still alive? Ends it if not. */
  probe(connection: Connection): void
}

interface Line {
  stream: Stream
  connection: Connection
  writer: FrameWriter
  opener: 'inbound' | 'outbound'
  /** Their hello has arrived: only then may anything be sent. */
  heard: boolean
  /** Highest own sequence written to this stream. */
  written: number
  idle: TokenBucket
  ended: PromiseWithResolvers<void>
}

/** What ends a stream and concerns the person, not just the program. */
const toldToPeople: ReadonlySet<ErrorCode> = new Set([
  'verification-failed',
  'unsupported-version',
  'disk-full',
  'not-writable',
])

export class Conversation {
  readonly #context: ConversationContext
  readonly #lines = new Set<Line>()
  #wasOnline = false
  #flushing = false
  #overdue: NodeJS.Timeout | undefined
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
    return serving?.ended.promise
  }

  /** Speaks on `stream` until it ends. Throws what ended it, if that was not its regular end. */
  async run(stream: Stream, connection: Connection, opener: Line['opener']): Promise<void> {
    const line: Line = {
      stream,
      connection,
      opener,
      writer: new FrameWriter(stream),
      heard: false,
      written: 0,
      idle: new TokenBucket(limits.chatIdleFrames, () => performance.now()),
      ended: Promise.withResolvers(),
    }
    this.#lines.add(line)
    try {
      await this.#sayHello(line)
      for await (const frames of pipe(pull(stream), unframe(limits.chatFrame))) this.#receive(line, frames)
      await stream.close()
    } catch (error) {
      stream.abort(toError(error))
      throw error
    } finally {
      this.#lines.delete(line)
      line.ended.resolve()
      this.#noticePresence()
      this.#flush()
    }
  }

  end(): void {
    clearTimeout(this.#overdue)
    clearTimeout(this.#theyType)
    for (const line of this.#lines) line.stream.abort(new QuorumError('cancelled', 'The conversation is closed'))
  }

  hello(): void {
    for (const line of this.#lines) this.#ignoreLoss(this.#sayHello(line))
  }

  /** Puts a message into the outbox; it goes at once if the friend is there. Returns it as it is then. */
  send(draft: Draft): Message {
    const { store, peer } = this.#context
    const message = store.queueMessage(peer, draft)
    this.#flush()
    return store.message(message.id) ?? message
  }

  markRead(upTo: number): void {
    const { store, peer, emit } = this.#context
    const changed = store.transaction(() => store.markReadByMe(peer, Math.min(upTo, store.conversation(peer).received)))
    if (changed.length === 0) return
    const line = this.#best()
    if (line != null) this.#sayReceipt(line)
    for (const message of changed) emit({ event: 'message-changed', data: message })
  }

  typing(active: boolean): void {
    const line = this.#best()
    if (line != null) this.#ignoreLoss(line.writer.write(chatFrameToWire({ kind: 'typing', active })))
  }

  /** What arrived together is stored together, and acknowledged when it is on disk. */
  #receive(line: Line, frames: readonly Uint8Array[]): void {
    const { store, peer, emit } = this.#context
    const events: PeerEvent[] = []
    const before = store.conversation(peer)
    let repeated = false
    let lost = false
    try {
      store.transaction(() => {
        for (const bytes of frames) {
          const outcome = this.#take(line, bytes, events)
          if (outcome === 'new') continue
          if (outcome === 'gap') lost = true
          if (outcome === 'repeated') repeated = true
          if (!line.idle.take()) throw new QuorumError('rate-limited', 'They send too much that says nothing')
        }
      })
    } catch (error) {
      if (error instanceof QuorumError && toldToPeople.has(error.code)) {
        emit({ event: 'warning', data: { code: error.code, message: error.message, peer } })
      }
      throw error
    }
    const after = store.conversation(peer)
    if (lost) this.#ignoreLoss(this.#sayHello(line))
    else if (repeated || after.received > before.received) this.#sayReceipt(line)
    for (const event of events) emit(event)
    if (after.delivered > before.delivered) this.#settled(after.delivered >= after.sent)
    this.#flush()
  }

  #take(line: Line, bytes: Uint8Array, events: PeerEvent[]): 'new' | 'idle' | 'repeated' | 'gap' {
    const frame = chatFrameFromWire(bytes)
    if (!line.heard && frame.kind !== 'hello') throw new QuorumError('bad-request', 'They spoke before saying hello')
    switch (frame.kind) {
      case 'hello':
        this.#onHello(line, frame.hello, events)
        return 'idle'
      case 'message':
        return this.#onMessage(frame.body, events)
      case 'receipt':
        return this.#onReceipt(frame.delivered, frame.read, events) ? 'new' : 'idle'
      case 'typing':
        this.#onTyping(frame.active)
        return 'idle'
      case 'unknown':
        return 'idle'
    }
  }

  #onHello(line: Line, hello: Hello, events: PeerEvent[]): void {
    const { store, peer, onHello } = this.#context
    if (hello.version !== chatVersion) {
      const message = `They use version ${hello.version} of the chat protocol, this is version ${chatVersion}: update the older one`
      throw new QuorumError('unsupported-version', message)
    }
    const { sent } = store.conversation(peer)
    if (hello.received > sent) {
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
    onHello(peer, hello)
    line.written = hello.received
    if (line.heard) return
    line.heard = true
    this.#noticePresence()
    this.#leaveWorse()
  }

  #noticePresence(): void {
    if (this.online === this.#wasOnline) return
    this.#wasOnline = this.online
    this.#context.onPresence(this.#context.peer)
  }

  #onMessage(bytes: Uint8Array, events: PeerEvent[]): 'new' | 'repeated' | 'gap' {
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
    const recalled = content.kind === 'recalled'
    const text = recalled ? '' : content.text
    const replyTo = recalled ? undefined : content.replyTo
    const stored = { id, seq, sentAt, text, hash, recalled, receivedAt: now(), ...(replyTo == null ? {} : { replyTo }) }
    const message = store.receiveMessage(peer, stored)
    if (!recalled) events.push({ event: 'message-received', data: message })
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
    this.#theyType = active ? setTimeout(() => this.#onTyping(false), limits.typing) : undefined
    this.#theyType?.unref()
    if (wasTyping !== active) emit({ event: 'typing', data: { peer, active } })
  }

  async #sayHello(line: Line): Promise<void> {
    const { store, peer, name, reach } = this.#context
    const { received, receivedHash, readByMe } = store.conversation(peer)
    const hello = { ...reach(), version: chatVersion, received, receivedHash, read: readByMe, name: name() }
    await line.writer.write(chatFrameToWire({ kind: 'hello', hello }))
  }

  #sayReceipt(line: Line): void {
    const { store, peer } = this.#context
    const { received, readByMe } = store.conversation(peer)
    this.#ignoreLoss(line.writer.write(chatFrameToWire({ kind: 'receipt', delivered: received, read: readByMe })))
  }

  /** Writes what waits to the best stream, as far as the window allows. */
  #flush(): void {
    if (this.#flushing) return
    const line = this.#best()
    if (line == null) return
    const frames = this.#next(line)
    if (frames.length === 0) return
    this.#flushing = true
    this.#overdue ??= setTimeout(() => this.#onOverdue(), limits.receipt)
    line.writer
      .write(...frames)
      // The line ends by itself then, and the next one starts at what was received.
      .catch(() => undefined)
      .finally(() => {
        this.#flushing = false
        this.#flush()
      })
  }

  /** The next messages for `line`, marked as sent before they leave. */
  #next(line: Line): Uint8Array[] {
    const { store, peer, emit } = this.#context
    const room = limits.chatWindow - (line.written - store.conversation(peer).delivered)
    if (room <= 0) return []
    const frames: Uint8Array[] = []
    const changed = store.transaction(() => {
      const { sent } = store.conversation(peer)
      const leaving: { seq: number; hash: Uint8Array }[] = []
      let previous = line.written === 0 ? new Uint8Array() : this.#hashOf(line.written)
      let size = 0
      for (const message of store.outgoing(peer, line.written, room)) {
        const body = bodyToWire({ ...contentOf(message), previous })
        size += body.byteLength
        if (frames.length > 0 && size > limits.chatWindowBytes) break
        previous = digest(body)
        frames.push(chatFrameToWire({ kind: 'message', body }))
        line.written = message.seq
        if (message.seq > sent) leaving.push({ seq: message.seq, hash: previous })
      }
      return leaving.length === 0 ? [] : store.markSent(peer, leaving)
    })
    for (const message of changed) emit({ event: 'message-changed', data: message })
    return frames
  }

  #hashOf(sequence: number): Uint8Array {
    const { store, peer } = this.#context
    const hash = store.bodyHash(peer, 'out', sequence)
    if (hash != null) return hash
    const { sent, sentHash } = store.conversation(peer)
    if (sequence === sent) return sentHash
    throw new QuorumError('internal', 'A message that was sent has no hash')
  }

  /** Receipts came: everything, or there is still something on its way. */
  #settled(all: boolean): void {
    clearTimeout(this.#overdue)
    this.#overdue = all ? undefined : setTimeout(() => this.#onOverdue(), limits.receipt)
  }

  #onOverdue(): void {
    this.#overdue = undefined
    const line = this.#best()
    if (line != null) this.#context.probe(line.connection)
  }

  /** The best path; on equal paths both sides must agree, so what the smaller PeerId began. */
  #best(): Line | undefined {
    return [...this.#lines]
      .filter((line) => line.heard && line.stream.status === 'open')
      .sort((a, b) => this.#rank(b) - this.#rank(a) || b.connection.timeline.open - a.connection.timeline.open)[0]
  }

  #rank(line: Line): number {
    const dialled = (line.connection.direction === 'outbound') === this.#smaller
    const opened = (line.opener === 'outbound') === this.#smaller
    return 4 * pathRank(line.connection) + 2 * Number(dialled) + Number(opened)
  }

  /** Whoever opened a stream that a better one replaced closes it. */
  #leaveWorse(): void {
    const best = this.#best()
    for (const line of this.#lines) {
      if (
        best == null ||
        line === best ||
        !line.heard ||
        line.opener === 'inbound' ||
        this.#rank(line) >= this.#rank(best)
      )
        continue
      this.#ignoreLoss(line.stream.close({ signal: AbortSignal.timeout(limits.stop) }))
    }
  }

  get #smaller(): boolean {
    return this.#context.self < this.#context.peer
  }

  /** What is written to a stream that dies is lost with it; the next stream's hello says what is missing. */
  #ignoreLoss(written: Promise<void>): void {
    written.catch(() => undefined)
  }
}

/** Direct before relayed. */
function pathRank(connection: Connection): number {
  return isRelayed(connection.remoteAddr.toString()) ? 0 : 1
}

function contentOf(message: OutgoingMessage) {
  const { id, seq: sequence, sentAt: time, state, text, replyTo } = message
  if (state === 'recalled') return { id, sequence, time, content: { kind: 'recalled' as const } }
  return { id, sequence, time, content: { kind: 'text' as const, text, ...(replyTo == null ? {} : { replyTo }) } }
}
