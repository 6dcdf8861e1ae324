/**
 * Conversations over a real connection, with their stores and events. The other side is another conversation, or a
 * script that sends the frames of the test one by one.
 */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { Stream } from '@libp2p/interface'
import { Conversation, type ConversationContext } from '../../protocol/chat/conversation.ts'
import type { PeerEvent } from '../../protocol/api/events.ts'
import * as hpke from '../../protocol/identity/hpke.ts'
import { digest } from '../../protocol/identity/identity.ts'
import { SealingKeys } from '../../protocol/identity/sealing.ts'
import { chatLimits } from '../../protocol/chat/limits.ts'
import { FrameWriter } from '../../protocol/net/frame-writer.ts'
import { pull } from '../../protocol/net/streams.ts'
import type { Message, Store } from '../../protocol/store/store.ts'
import {
  bodyToWire,
  chatFrameFromWire,
  chatFrameToWire,
  chatVersion,
  type Body,
  type ChatFrame,
} from '../../protocol/wire/chat.ts'
import type { Hello } from '../../protocol/wire/hello.ts'
import { unframe } from '../../protocol/wire/framing.ts'
import { openStream, startLink, type Side } from './link.ts'
import { until } from './network.ts'
import { alice, bob } from './people.ts'

export const now = Date.UTC(2026, 0, 1)
export const id = (at: number): string => `01890a5d-ac96-774b-bcce-${String(at).padStart(12, '0')}`
export const nothing = new Uint8Array()

export interface Talker {
  conversation: Conversation
  store: Store
  events: PeerEvent[]
  said(text: string): Message
  texts(): string[]
}

export function context(store: Store, self: string, peer: string, events: PeerEvent[]): ConversationContext {
  const identity = self === alice.peer ? alice : bob
  return {
    identity,
    hpke,
    sealing: new SealingKeys(identity, store, () => now),
    atNodes: async () => {},
    onMail: () => {},
    self,
    peer,
    store,
    now: () => now,
    age: () => now,
    onTicket: () => {},
    stand: () => {},
    emit: (event) => events.push(event),
    name: () => 'somebody',
    peerAddress: () => ({ nodes: [], addresses: [] }),
    readReceipts: () => true,
    typingMarks: () => true,
    onHello: () => {},
    onPresence: () => {},
    onHeld: () => {},
    onTransfer: () => assert.fail('no peer sent anything about a transfer'),
    onGroup: () => assert.fail('no peer sent anything about a group'),
    probe: () => assert.fail('no receipt came in time'),
  }
}

function talker(
  t: TestContext,
  { identity, store }: Side,
  peer: string,
  instead: Partial<ConversationContext> = {},
): Talker {
  const events: PeerEvent[] = []
  const conversation = new Conversation({ ...context(store, identity.peer, peer, events), ...instead })
  t.after(() => conversation.end())
  let count = 0
  return {
    conversation,
    store,
    events,
    said(text) {
      count += 1
      const sender = identity === alice ? 0 : 100_000
      return conversation.send({ id: id(sender + count), text, sentAt: now })
    },
    texts: () => store.messages(peer, 1000).map(({ direction, text }) => `${direction} ${text}`),
  }
}

export const warnings = (events: PeerEvent[]): string[] =>
  events.flatMap(({ event, data }) => (event === 'warning' ? [data.code] : []))
export const named = <E extends PeerEvent['event']>(events: PeerEvent[], name: E) =>
  events.filter((one): one is PeerEvent & { event: E } => one.event === name)

export async function honest(t: TestContext) {
  const link = await startLink(t)
  const a = talker(t, link.dialler, bob.peer)
  const b = talker(t, link.listener, alice.peer)
  const meet = async () => {
    const [out, into] = await openStream(link)
    const ended = Promise.allSettled([
      a.conversation.run(out, link.dialler.connection, 'outbound'),
      b.conversation.run(into, link.listener.connection, 'inbound'),
    ])
    await until(() => a.conversation.online && b.conversation.online, 'both are online')
    return { out, into, ended }
  }
  return { a, b, meet }
}

export function helloWith(more: Partial<Hello> = {}): { kind: 'hello'; hello: Hello } {
  const empty = {
    nodes: [],
    addresses: [],
    received: 0,
    receivedHash: nothing,
    read: 0,
    name: '',
    number: 0,
    trail: [],
    features: [],
    counted: 0,
  }
  return { kind: 'hello', hello: { ...empty, version: chatVersion, ...more } }
}

export class Script {
  readonly frames: ChatFrame[] = []
  readonly stream: Stream
  readonly #writer: FrameWriter

  constructor(stream: Stream) {
    this.stream = stream
    this.#writer = new FrameWriter(stream)
    void this.#read()
  }

  /** Errors of the stream are the other side's answer; the test looks at that side. */
  send(...frames: Exclude<ChatFrame, { kind: 'unknown' }>[]): void {
    this.write(...frames.map(chatFrameToWire))
  }

  /** Sends arbitrary bytes, one frame for each argument, in a single write. */
  write(...payloads: Uint8Array[]): void {
    this.#writer.write(...payloads).catch(() => undefined)
  }

  hello(more: Partial<Hello> = {}): void {
    this.send(helloWith(more))
  }

  of<K extends ChatFrame['kind']>(kind: K) {
    return this.frames.filter((frame): frame is ChatFrame & { kind: K } => frame.kind === kind)
  }

  async #read(): Promise<void> {
    try {
      for await (const batch of unframe(chatLimits.chatFrame)(pull(this.stream))) {
        this.frames.push(...batch.map(chatFrameFromWire))
      }
    } catch (error) {
      assert.ok(error instanceof Error)
    }
  }
}

export async function scripted(t: TestContext, instead: Partial<ConversationContext> = {}) {
  const link = await startLink(t)
  const b = talker(t, link.listener, alice.peer, instead)
  /** One more stream that appears to run on `connection`. */
  const open = async (connection = link.listener.connection) => {
    const [out, into] = await openStream(link)
    const ended = b.conversation.run(into, connection, 'inbound').then(
      () => undefined,
      (error: unknown) => error,
    )
    return { out, ended }
  }
  const { out, ended } = await open()
  return { b, a: new Script(out), ended, open, link }
}

export function body(sequence: number, previous: Uint8Array, text = `text ${sequence}`): Uint8Array {
  const said: Body = { id: id(sequence), sequence, previous, time: now, content: { kind: 'text', text } }
  return bodyToWire(said)
}
export const first = body(1, nothing)
export const second = body(2, digest(first))
export const say = (bytes: Uint8Array) => ({ kind: 'message', body: bytes }) as const
