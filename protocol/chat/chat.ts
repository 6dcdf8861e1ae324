/**
 * /quorum/chat/1.0.0 for all friends: finds the conversation of a stream, keeps a stream open on each connection to a
 * friend, and serves the calls of the API. What happens on the streams of one conversation is conversation.ts; the
 * protocol is in docs/protocol.md, "/quorum/chat/1.0.0".
 */
import type { Connection, Stream } from '@libp2p/interface'
import { v7 as uuid } from 'uuid'
import { Conversation, type ConversationContext } from './conversation.ts'
import type { HeldReason } from '../api/model.ts'
import { QuorumError, toError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { chatLimits } from './limits.ts'
import { Mail, type MailOptions } from './mail.ts'
import { peerInLog } from '../base/log.ts'
import { chatProtocol } from '../net/policy.ts'
import { pause, Retry } from '../base/backoff.ts'
import type { Draft, Message, MessageContent } from '../store/store.ts'
import type { AboutTransfer, OnQueued } from '../store/transfer-message.ts'
import { features, type Hello } from '../wire/hello.ts'
import { understands } from './words.ts'

export interface ChatOptions
  extends Omit<ConversationContext, 'peer' | 'onMail'>, Pick<MailOptions, 'isFriend' | 'taken' | 'log'> {}

export class Chat {
  readonly #options: ChatOptions
  readonly #conversations = new Map<string, Conversation>()
  readonly #opening = new Set<string>()
  readonly #stopped = new AbortController()
  /** What is left for friends who are away. */
  readonly mail: Mail

  constructor(options: ChatOptions) {
    this.#options = options
    this.mail = new Mail({ ...options, conversation: (peer) => this.#conversation(peer) })
  }

  stop(): void {
    this.#stopped.abort()
    this.mail.end()
    for (const conversation of this.#conversations.values()) conversation.end()
  }

  /** The friend has said hello on a chat stream that is open. */
  online(peer: string): boolean {
    return this.#conversations.get(peer)?.online ?? false
  }

  /** Why nothing more of what the friend writes is taken. */
  held(peer: string): HeldReason | undefined {
    return this.#conversations.get(peer)?.held
  }

  /** Handler of /quorum/chat/1.0.0. The policy has checked already that the stream is a friend's. */
  async receive(stream: Stream, connection: Connection): Promise<void> {
    this.#stopped.signal.throwIfAborted()
    await this.#conversation(connection.remotePeer.toString()).run(stream, connection, 'inbound')
  }

  /**
   * A friend is connected: keeps a chat stream open for as long as the connection lives, unless a path that is as good
   * has one. The side that dialled opens it; with `atOnce` this side does so without waiting, whichever dialled.
   */
  async keep(connection: Connection, atOnce = false): Promise<void> {
    if (this.#opening.has(connection.id)) return
    this.#opening.add(connection.id)
    const peer = connection.remotePeer.toString()
    const retry = new Retry(chatLimits.streamRetry)
    try {
      if (connection.direction === 'inbound' && !atOnce) await pause(chatLimits.openGrace, this.#stopped.signal)
      while (this.#alive(connection)) {
        const conversation = this.#conversation(peer)
        const served = conversation.served(connection)
        if (served != null) {
          await served
          retry.reset()
        } else await this.#open(connection, conversation, retry)
        if (this.#alive(connection)) await retry.wait(this.#stopped.signal)
      }
    } finally {
      this.#opening.delete(connection.id)
    }
  }

  /** A node can be reached, and has said what time it is. */
  nodeReady(): void {
    for (const conversation of this.#conversations.values()) conversation.nodeReady()
    this.mail.nodeReady()
  }

  /** Ends the conversation with a peer that is no longer a friend. */
  end(peer: string): void {
    const { store, onTicket, log } = this.#options
    const conversation = this.#conversation(peer)
    conversation.end()
    this.mail.forget(peer)
    if (store.word(peer).number === 0) {
      this.#conversations.delete(peer)
      return
    }
    const withdrawn = conversation.withdrawParcels()
    this.#conversations.delete(peer)
    store.forgetMail(peer)
    onTicket()
    withdrawn.catch((error: unknown) => log('debug', 'parcels could not be withdrawn', toError(error)))
  }

  /** The own name or address changed: tells the friends that are online. */
  hello(): void {
    const conversations = [...this.#conversations.values()]
    let hellos: (() => void)[]
    try {
      // One flush of the disk for all of them.
      hellos = this.#options.store.transaction(() => conversations.map((conversation) => conversation.prepareHello()))
    } catch (error) {
      // A full disk undoes all: then one by one, which needs none.
      this.#options.log('debug', 'hellos could not be stored together', toError(error))
      hellos = conversations.map((conversation) => conversation.prepareHello())
    }
    for (const send of hellos) send()
  }

  /** Errors: `not-friend`, `too-large`, `not-found` (replyTo), `rate-limited` (outbox full), those of the store. */
  send(peer: string, text: string, replyTo?: string): Message {
    const { store, now, isFriend } = this.#options
    if (!isFriend(peer)) throw new QuorumError('not-friend', 'They have not accepted you as a friend yet')
    // A lone half of a surrogate pair has no UTF-8 form.
    const wellFormed = text.toWellFormed()
    if (Buffer.byteLength(wellFormed) > limits.messageText) {
      throw new QuorumError('too-large', 'A message can hold 64 KiB of text: send the rest as a file')
    }
    if (replyTo != null && store.message(replyTo)?.peer !== peer) {
      throw new QuorumError('not-found', 'The message you reply to is not in this conversation')
    }
    return this.#queue(peer, { id: uuid(), text: wellFormed, sentAt: now(), ...(replyTo == null ? {} : { replyTo }) })
  }

  /**
   * Sends an offer of files or news about a transfer. `keep` runs in the transaction that queues it. Errors:
   * `rate-limited` (outbox full), those of the store and of `keep`; then nothing is sent.
   */
  sendTransfer(peer: string, about: AboutTransfer, keep: OnQueued): Message {
    return this.#queue(peer, { ...about, id: uuid(), sentAt: this.#options.now() }, keep)
  }

  /**
   * Sends a message about a group: an invitation, which is shown, or a consent. `keep` as above. Errors: `not-friend`,
   * `unsupported-version` where the friend has not said that it knows groups, `rate-limited`, those of the store.
   */
  sendGroup(peer: string, content: MessageContent, keep: OnQueued): Message {
    const { store, isFriend, now } = this.#options
    if (!isFriend(peer)) throw new QuorumError('not-friend', 'They are not a friend (yet)')
    if (!understands(store, peer, features.groups))
      throw new QuorumError('unsupported-version', 'Their Quorum does not know groups yet')
    return this.#queue(peer, { id: uuid(), text: '', sentAt: now(), content }, keep)
  }

  /** Sends news about several transfers, all in one transaction. Errors: `rate-limited`, those of the store. */
  sendNews(peer: string, news: readonly AboutTransfer[]): void {
    this.#needRoom(peer)
    const sentAt = this.#options.now()
    this.#conversation(peer).sendAll(news.map((about) => ({ ...about, id: uuid(), sentAt })))
  }

  #queue(peer: string, draft: Draft, keep?: OnQueued): Message {
    this.#needRoom(peer)
    return this.#conversation(peer).send(draft, keep)
  }

  #needRoom(peer: string): void {
    const { queued, delivered } = this.#options.store.conversation(peer)
    if (queued - delivered < chatLimits.outbox) return
    throw new QuorumError('rate-limited', 'Too many messages wait for them already')
  }

  /** Takes a message back. Errors: `not-found`, `bad-request` when it has left this machine already. */
  recall(id: string): Message {
    const { store, emit } = this.#options
    const found = store.message(id)
    if (found == null || found.direction !== 'out')
      throw new QuorumError('not-found', 'There is no such message of yours')
    const message = store.recall(id)
    if (message == null) throw new QuorumError('bad-request', 'It has left already and cannot be recalled')
    emit({ event: 'message-changed', data: message })
    return message
  }

  /** `upTo`: a message id, or a sequence of the friend's. Errors: `not-found`. */
  markRead(peer: string, upTo: string | number): void {
    const { store } = this.#options
    let sequence = upTo
    if (typeof sequence === 'string') {
      const message = store.message(sequence)
      if (message?.peer !== peer) throw new QuorumError('not-found', 'There is no such message in this conversation')
      // An own message: everything received so far was on the screen together with it.
      sequence = message.direction === 'in' ? message.seq : store.conversation(peer).received
    }
    this.#conversation(peer).markRead(sequence)
  }

  /** The person wants what the friend writes, although it is very much: the allowance is whole again. */
  receiveMore(peer: string): void {
    this.#conversations.get(peer)?.receiveMore()
  }

  /** A friend says in an envelope where it stands. Errors: those of the store. */
  hearStand(peer: string, word: Hello): void {
    const { log } = this.#options
    try {
      this.#conversation(peer).hearStand(word)
    } catch (error) {
      if (!(error instanceof QuorumError) || error.code !== 'bad-request') throw error
      log('debug', `a word of ${peerInLog(peer)} does not count`, error)
    }
  }

  typing(peer: string, active: boolean): void {
    this.#conversations.get(peer)?.typing(active)
  }

  async #open(connection: Connection, conversation: Conversation, retry: Retry): Promise<void> {
    const { log } = this.#options
    try {
      const signal = AbortSignal.any([AbortSignal.timeout(limits.openStream), this.#stopped.signal])
      const stream = await connection.newStream(chatProtocol, { signal, runOnLimitedConnection: true })
      const openedAt = performance.now()
      try {
        await conversation.run(stream, connection, 'outbound')
      } finally {
        if (performance.now() - openedAt > chatLimits.streamRetry.longest) retry.reset()
      }
    } catch (error) {
      log('debug', `chat with ${peerInLog(connection.remotePeer.toString())} ended`, toError(error))
    }
  }

  #alive(connection: Connection): boolean {
    const peer = connection.remotePeer.toString()
    return connection.status === 'open' && !this.#stopped.signal.aborted && this.#options.isFriend(peer)
  }

  #conversation(peer: string): Conversation {
    let conversation = this.#conversations.get(peer)
    if (conversation == null) {
      const { onPresence } = this.#options
      conversation = new Conversation({
        ...this.#options,
        peer,
        onMail: (friend) => this.mail.nudge(friend),
        onPresence: (friend) => {
          onPresence(friend)
          this.mail.presence(friend)
        },
      })
      this.#conversations.set(peer, conversation)
    }
    return conversation
  }
}
