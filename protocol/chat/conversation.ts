/**
 * One conversation on the wire: runs its streams, exchanges hellos, and reports presence and typing. What arrives goes
 * through the inbox, what is sent through the outbox, and the stream set chooses the stream. There may be several
 * streams at once (two connections, or two sides that opened one each). Everything that arrives on any of them counts.
 * Nothing depends on which stream is used, because sequences and hashes decide. Described in docs/protocol.md,
 * "/quorum/chat/1.0.0".
 */
import type { Connection, Stream } from '@libp2p/interface'
import { pipe } from 'it-pipe'
import type { HeldReason } from '../api/model.ts'
import { QuorumError, toError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { Yielder } from '../base/yield.ts'
import { ChatStream, type Opener } from './chat-stream.ts'
import { Inbox, type Batch, type InboxContext } from './inbox.ts'
import { chatLimits } from './limits.ts'
import { ParcelReader, type ParcelOutcome, type ParcelReaderOptions } from './parcel-reader.ts'
import { ParcelWriter, type MailDue, type ParcelWriterOptions } from './parcel-writer.ts'
import type { Parcel } from '../wire/mailbox.ts'
import { Outbox, type OutboxContext } from './outbox.ts'
import { StreamSet } from './stream-set.ts'
import { abortAfter } from '../net/deadline.ts'
import { pull } from '../net/streams.ts'
import type { KeyPair } from '../identity/hpke.ts'
import type { Conversation as Position, Draft, Message } from '../store/store.ts'
import { chatFrameToWire, chatVersion } from '../wire/chat.ts'
import { unframe } from '../wire/framing.ts'
import type { Hello } from '../wire/hello.ts'
import { Words, type WordsOptions } from './words.ts'

export interface ConversationContext
  extends
    InboxContext,
    Omit<OutboxContext, 'onOlder'>,
    WordsOptions,
    Pick<ParcelWriterOptions, 'identity' | 'hpke' | 'atNodes'>,
    Pick<ParcelReaderOptions, 'sealing'> {
  /** The own PeerId. */
  self: string
  /** The friend learns that somebody is writing. */
  typingMarks(): boolean
  /** The friend announced its name and its address. */
  onHello(peer: string, hello: Hello): void
  /** The conversation opened or ended. */
  onPresence(peer: string): void
  /** Something may have to be left for the friend, or to be withdrawn. */
  onMail(peer: string): void
}

export class Conversation {
  readonly #context: ConversationContext
  readonly #streams = new StreamSet()
  readonly #inbox: Inbox
  readonly #outbox: Outbox
  readonly #words: Words
  readonly #writer: ParcelWriter
  readonly #reader: ParcelReader
  /** Keys for the friend are being made. */
  #making = false
  #wasOnline = false
  #ended = false
  /** Runs while messages of the friend are held. */
  #heldCheck: NodeJS.Timeout | undefined
  /** Runs while the friend is shown as typing. */
  #typing: NodeJS.Timeout | undefined

  constructor(context: ConversationContext) {
    this.#context = context
    this.#inbox = new Inbox({ ...context, onHeld: (peer) => this.#onHeld(peer) })
    this.#words = new Words(context)
    this.#outbox = new Outbox({ ...context, onOlder: () => this.#words.older() }, this.#streams)
    const parts = { ...context, inbox: this.#inbox, outbox: this.#outbox, words: this.#words }
    this.#writer = new ParcelWriter(parts)
    this.#reader = new ParcelReader({ ...parts, onWord: (word) => context.onHello(context.peer, word) })
  }

  /** The friend's hello has arrived on an open stream. */
  get online(): boolean {
    return this.#streams.online
  }

  /** As `Inbox.held`. */
  get held(): HeldReason | undefined {
    return this.#inbox.held
  }

  /** As `StreamSet.served`. */
  served(connection: Connection): Promise<void> | undefined {
    return this.#streams.served(connection)
  }

  /** Serves `stream` until it ends. Throws what ended it, if that was not its regular end. */
  async run(libp2pStream: Stream, connection: Connection, opener: Opener): Promise<void> {
    const { self, peer, store } = this.#context
    const stream = new ChatStream(libp2pStream, connection, opener, self < peer, store.conversation(peer).delivered)
    this.#streams.add(stream)
    const late = new QuorumError('bad-request', 'They did not say hello in time')
    using helloDeadline = abortAfter(libp2pStream, limits.handshake, late)
    try {
      await this.#sendHello(stream)
      for await (const arrived of pipe(pull(libp2pStream), unframe(chatLimits.chatFrame))) {
        const turn = new Yielder()
        for (const frames of this.#inbox.parts(arrived)) {
          for (let wait = this.#inbox.wait(frames); wait > 0; wait = this.#inbox.wait(frames)) await stream.pause(wait)
          if (turn.due) await turn.yield()
          if (this.#ended) throw ended()
          this.#receive(stream, frames)
          if (stream.helloReceived) helloDeadline[Symbol.dispose]()
        }
      }
      await libp2pStream.close()
    } catch (error) {
      libp2pStream.abort(toError(error))
      throw error
    } finally {
      this.#streams.delete(stream)
      stream.end()
      this.#reportPresence()
      this.#outbox.flush()
    }
  }

  end(): void {
    this.#ended = true
    clearTimeout(this.#typing)
    clearInterval(this.#heldCheck)
    for (const { stream } of this.#streams) stream.abort(ended())
  }

  /** The own name or address changed: tells the friend on every stream. */
  hello(): void {
    this.prepareHello()()
  }

  /** As `hello`, in two steps: what is stored for it now, and a function that sends it. */
  prepareHello(): () => void {
    const hellos = [...this.#streams].map((stream) => ({ stream, hello: this.#words.tell(true) }))
    return () => {
      for (const { stream, hello } of hellos) ignoreLoss(this.#writeHello(stream, hello))
    }
  }

  /** As `Outbox.send`. */
  send(draft: Draft, keep?: (message: string) => void): Message {
    const message = this.#outbox.send(draft, keep)
    this.#context.onMail(this.#context.peer)
    return message
  }

  /** As `Outbox.sendAll`. */
  sendAll(drafts: readonly Draft[]): void {
    this.#outbox.sendAll(drafts)
    this.#context.onMail(this.#context.peer)
  }

  /** As `ParcelWriter.due`. */
  get mailDue(): MailDue {
    return this.#writer.due
  }

  /** Destroys the keys for the friend that are past their time. */
  destroyExpired(): void {
    this.#context.store.transaction(() => this.#words.keys.destroyExpired())
  }

  /** As `ParcelWriter.write`. */
  writeParcels(): Promise<void> {
    return this.#writer.write()
  }

  /** As `ParcelWriter.withdrawAll`. */
  withdrawParcels(): Promise<void> {
    return this.#writer.withdrawAll()
  }

  /** As `ParcelReader.read`. */
  async readParcel(parcel: Parcel): Promise<ParcelOutcome> {
    const outcome = await this.#reader.read(parcel)
    this.#outbox.flush()
    return outcome
  }

  /** As `ParcelReader.hear`. */
  hearStand(word: Hello): void {
    this.#reader.hear(word)
    this.#outbox.flush()
    this.#context.onMail(this.#context.peer)
  }

  /** As `ParcelReader.reportHole`. */
  reportHole(ids: readonly Uint8Array[]): void {
    this.#reader.reportHole(ids)
  }

  /** The friend is online: it learns by a hello what it is owed. */
  tellWord(): void {
    this.hello()
    this.#words.told()
  }

  /** The person read the friend's messages up to sequence `upTo`; beyond what is here counts as all of it. */
  markRead(upTo: number): void {
    const { store, peer, emit, readReceipts } = this.#context
    const { changed, position } = store.transaction(() => {
      const before = store.conversation(peer)
      const readByMe = Math.min(upTo, before.received)
      return {
        changed: store.markReadByMe(peer, readByMe),
        position: { ...before, readByMe: Math.max(before.readByMe, readByMe) },
      }
    })
    if (changed.length === 0) return
    // With read receipts off, a receipt at this moment would reveal the reading by its time, whatever it contains.
    const stream = readReceipts() ? this.#streams.best() : undefined
    if (stream != null) this.#sendReceipt(stream, position)
    for (const message of changed) emit({ event: 'message-changed', data: message })
  }

  /** The person wants what is held. */
  receiveMore(): void {
    if (this.#inbox.release(true)) this.hello()
  }

  typing(active: boolean): void {
    const stream = this.#context.typingMarks() ? this.#streams.best() : undefined
    if (stream != null) ignoreLoss(stream.writer.write(chatFrameToWire({ kind: 'typing', active })))
  }

  /** What arrived together is stored together, and acknowledged and announced once it is on disk. */
  #receive(stream: ChatStream, frames: readonly Uint8Array[]): void {
    stream.framesReceived += frames.length
    stream.suspect = false
    let said: Hello | undefined
    const { position, answer, acknowledged, effects } = this.#inbox.receive(frames, {
      helloReceived: () => stream.helloReceived,
      onHello: (hello, batch) => {
        this.#onHello(stream, hello, batch)
        said = hello
      },
      onTyping: (active) => this.#onTyping(active),
    })
    if (answer === 'hello') ignoreLoss(this.#sendHello(stream))
    else if (answer === 'receipt') this.#sendReceipt(stream, position)
    if (acknowledged != null) {
      this.#outbox.onReceipt(position, acknowledged)
      this.#context.onMail(this.#context.peer)
    }
    // Of several, the last one counts: each is stored in a transaction of its own.
    if (said != null) this.#helloStored(stream, said)
    for (const effect of effects) effect()
    this.#outbox.flush()
  }

  /** Runs within the transaction of `batch`. */
  #onHello(stream: ChatStream, hello: Hello, batch: Batch): void {
    if (hello.version !== chatVersion) {
      const versions = `version ${hello.version} of the chat protocol, this is version ${chatVersion}`
      throw new QuorumError('unsupported-version', `They use ${versions}: update the older one`)
    }
    this.#outbox.compare(hello, stream, batch)
    this.#inbox.acknowledge(hello.received, hello.read, batch)
    if (!stream.helloReceived) this.#streams.suspectOthers(stream, hello.received)
    this.#outbox.continueAfter(stream, hello.received, hello.receivedHash)
    stream.helloReceived = true
  }

  #helloStored(stream: ChatStream, hello: Hello): void {
    const { peer, onHello } = this.#context
    this.#words.hearLive(hello)
    onHello(peer, hello)
    this.#reportPresence()
    this.#streams.closeReplaced()
    if (this.#words.parcels) ignoreLoss(this.#giveKeys(stream))
  }

  /** A node can be reached: a friend who is online gets what is missing to leave something there. */
  nodeReady(): void {
    const stream = this.#streams.best()
    if (stream != null && this.#words.parcels) ignoreLoss(this.#giveKeys(stream))
  }

  /** Tells the friend its ticket, and brings its one-time keys up to their number. */
  async #giveKeys(stream: ChatStream): Promise<void> {
    const limited = stream.connection.limits != null
    const missing = this.#words.keys.wanted(true, limited) >= chatLimits.keysMissing
    if (this.#making || (!missing && stream.ticketTold)) return
    this.#making = true
    try {
      const pairs = missing ? await this.#words.keys.make(true, limited) : []
      if ((pairs.length > 0 || !stream.ticketTold) && !this.#ended) await this.#sendHello(stream, pairs)
    } finally {
      this.#making = false
    }
  }

  #onHeld(peer: string): void {
    clearInterval(this.#heldCheck)
    // What had arrived before the end is still received, but the store may be closed by the time of a check.
    if (this.held != null && !this.#ended) {
      this.#heldCheck = setInterval(() => {
        if (this.#inbox.release(false)) this.hello()
      }, chatLimits.heldCheck).unref()
    }
    this.#context.onHeld(peer)
  }

  #reportPresence(): void {
    if (this.online === this.#wasOnline) return
    this.#wasOnline = this.online
    this.#context.onPresence(this.#context.peer)
  }

  #onTyping(active: boolean): void {
    const { peer, emit } = this.#context
    const wasTyping = this.#typing != null
    clearTimeout(this.#typing)
    this.#typing = active ? setTimeout(() => this.#onTyping(false), chatLimits.typing) : undefined
    this.#typing?.unref()
    if (wasTyping !== active) emit({ event: 'typing', data: { peer, active } })
  }

  async #sendHello(stream: ChatStream, pairs: readonly KeyPair[] = []): Promise<void> {
    await this.#writeHello(stream, this.#words.tell(true, pairs))
  }

  #writeHello(stream: ChatStream, hello: Hello): Promise<void> {
    stream.ticketTold ||= hello.mail != null
    return stream.writer.write(chatFrameToWire({ kind: 'hello', hello }))
  }

  #sendReceipt(stream: ChatStream, position: Position): void {
    const read = this.#words.readToTell(position)
    ignoreLoss(stream.writer.write(chatFrameToWire({ kind: 'receipt', delivered: position.received, read })))
  }
}

function ended(): QuorumError {
  return new QuorumError('cancelled', 'The conversation is closed')
}

/** What is written to a stream that dies is lost with it; the hello of the next stream tells what is missing. */
function ignoreLoss(written: Promise<void>): void {
  written.catch(() => undefined)
}
