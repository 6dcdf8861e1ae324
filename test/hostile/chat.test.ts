/** A hostile friend: its attacks over the chat protocol (docs/threats.md 36-38 and related ones). */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { test, type TestContext } from 'node:test'
import { v7 as uuid } from 'uuid'
import type { PeerEvent } from '../../protocol/api/events.ts'
import { digest } from '../../protocol/identity/identity.ts'
import { openMemoryStore } from '../../protocol/index.ts'
import { limits } from '../../protocol/base/limits.ts'
import { chatLimits } from '../../protocol/chat/limits.ts'
import { netLimits } from '../../protocol/net/limits.ts'
import { chatProtocol } from '../../protocol/net/policy.ts'
import type { Store } from '../../protocol/store/store.ts'
import { bodyToWire, chatFrameFromWire, chatFrameToWire, type Body, type ChatFrame } from '../../protocol/wire/chat.ts'
import { frame, frameAll } from '../../protocol/wire/framing.ts'
import { befriended, helloFrame, startAttacker, type Attacker, type Line } from '../support/attacker.ts'
import { undo } from '../support/cleanup.ts'
import { guardProcess } from '../support/guard.ts'
import { befriend, friendOf, online, startNode, startPeer, tell, until, type TestPeer } from '../support/network.ts'
import { portOf } from '../support/addresses.ts'
import { bucket } from '../support/numbers.ts'

guardProcess()

const tenYears = 10 * 365 * 24 * 60 * 60 * 1000

interface Scene {
  peer: TestPeer
  store: Store
  mallory: Attacker
  /** A new stream on a new connection, after the hello. */
  open(hello?: Parameters<typeof helloFrame>[0]): Promise<Line>
}

/** A peer whose friend is an attacker. */
async function scene(t: TestContext): Promise<Scene> {
  const store = openMemoryStore()
  const peer = await startPeer(t, { store })
  const mallory = await startAttacker(t)
  store.putFriend(befriended(mallory.peer))
  const listen = (await peer.self()).listen[0] ?? assert.fail('it does not listen')
  return {
    peer,
    store,
    mallory,
    async open(hello) {
      const line = await mallory.open(await mallory.dial(listen), chatProtocol)
      await line.send(helloFrame(hello))
      return line
    },
  }
}

const said = (text: string, sequence: number, previous: Uint8Array, id = uuid()): Uint8Array =>
  bodyToWire({ id, sequence, previous, time: 1, content: { kind: 'text', text } } satisfies Body)
const message = (body: Uint8Array): Uint8Array => chatFrameToWire({ kind: 'message', body })
const framesOf = (line: Line, kind: ChatFrame['kind']): ChatFrame[] =>
  line.frames.map(chatFrameFromWire).filter((one) => one.kind === kind)
const received = (peer: TestPeer): string[] =>
  peer.events.flatMap(({ event, data }) => (event === 'message-received' ? data.text : []))
const warned = (peer: TestPeer, code: string): PeerEvent[] =>
  peer.events.filter(({ event, data }) => event === 'warning' && data.code === code)

for (const [name, wrong] of Object.entries({ 'ten years ahead': tenYears, 'ten years behind': -tenYears })) {
  test(`hostile 36: with a clock ${name}, requests and messages still arrive both ways, in order`, async (t) => {
    let off = wrong
    const node = await startNode(t)
    const store = openMemoryStore()
    const one = await startPeer(t, { nodes: node.addresses() })
    const two = await startPeer(t, { nodes: node.addresses(), store, now: () => Date.now() + off })
    const { link } = await one.invite({})
    // The time of the node decides whether it has expired.
    await until(() => warned(two, 'wrong-clock').length === 1, 'the node has told its time')
    await two.requestFriend({ to: link })
    await until(async () => (await friendOf(one, two))?.state === 'incoming', 'the request arrives')
    await one.acceptFriend({ peer: two.id })
    await online(one, two)
    for (let n = 0; n < 3; n++) {
      await tell(one, two, `one ${n}`)
      await tell(two, one, `two ${n}`)
    }
    // After the clock is corrected, messages are still ordered by sequence number.
    off = 0
    for (let n = 3; n < 6; n++) {
      await tell(two, one, `two ${n}`)
      await tell(one, two, `one ${n}`)
    }
    for (const [peer, other] of [
      [one, two],
      [two, one],
    ] as const) {
      const all = await peer.messages({ peer: other.id })
      for (const direction of ['in', 'out'] as const) {
        const own = all.filter((m) => m.direction === direction)
        assert.deepEqual(
          own.map(({ seq }) => seq),
          [1, 2, 3, 4, 5, 6],
        )
        assert.deepEqual(
          own.map(({ text }) => Number(text.slice(-1))),
          [0, 1, 2, 3, 4, 5],
        )
      }
    }
    // They disconnect and reconnect in the other direction; keys are renewed once, not with every message.
    await two.removeFriend({ peer: one.id })
    await one.removeFriend({ peer: two.id })
    await until(async () => (await one.friends()).length === 0, 'both are gone')
    const again = await two.invite({})
    await one.requestFriend({ to: again.link })
    await until(async () => (await friendOf(two, one))?.state === 'incoming', 'asked again')
    await two.acceptFriend({ peer: one.id })
    await online(one, two)
    for (let n = 0; n < 10; n++) await two.setProfile({ name: `renamed ${n}` })
    assert.ok(store.sealingKeys().length <= 2, `${store.sealingKeys().length} sealing keys`)
  })
}

test('hostile 37: a repeated id with the same body is shown once; with another body it is refused and flagged', async (t) => {
  const { peer, store, mallory, open } = await scene(t)
  const line = await open()
  const id = uuid()
  const first = said('first', 1, new Uint8Array(), id)
  for (let times = 1; times <= 3; times++) {
    await line.send(message(first))
    await until(() => framesOf(line, 'receipt').length === times, 'each time it is receipted')
  }
  assert.deepEqual(received(peer), ['first'])
  const contradictions: { [name: string]: Uint8Array } = {
    'another text under the same id': said('other', 1, new Uint8Array(), id),
    'another id at the same position': said('first', 1, new Uint8Array()),
    'a message that does not follow': said('second', 2, digest(Buffer.from('something else'))),
  }
  for (const [name, body] of Object.entries(contradictions)) {
    const fresh = await open()
    const before = framesOf(fresh, 'hello').length
    await fresh.send(message(body))
    await until(() => framesOf(fresh, 'hello').length > before, `${name} is answered with what is here`)
  }
  await until(() => warned(peer, 'verification-failed').length === 2, 'each kind is flagged once')
  assert.deepEqual(received(peer), ['first'])
  assert.deepEqual(
    (await peer.messages({ peer: mallory.peer })).map(({ text }) => text),
    ['first'],
  )
  assert.equal(store.conversation(mallory.peer).received, 1)
  const honest = await open()
  await honest.send(message(said('second', 2, digest(first))))
  await until(() => received(peer).length === 2, 'the conversation continues at the same position')
})

test('hostile 38: replayed bytes of an old session open no session and deliver nothing', async (t) => {
  const { peer, mallory } = await scene(t)
  const target = portOf((await peer.self()).listen[0])
  const recorded: Buffer[] = []
  const tap = net.createServer((client) => {
    const server = net.connect(target, '127.0.0.1')
    client.on('data', (bytes) => {
      recorded.push(bytes)
      server.write(bytes)
    })
    server.on('data', (bytes) => client.write(bytes))
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      from.on('error', () => to.destroy())
      from.on('close', () => to.destroy())
    }
  })
  tap.listen(0, '127.0.0.1')
  await once(tap, 'listening')
  undo(t).defer(() => void tap.close())
  const { port } = tap.address() as net.AddressInfo
  const line = await mallory.open(await mallory.dial(`/ip4/127.0.0.1/tcp/${port}/p2p/${peer.id}`), chatProtocol)
  await line.send(helloFrame())
  await line.send(message(said('once', 1, new Uint8Array())))
  await until(() => received(peer).length === 1, 'the message arrives')
  await mallory.host.stop()
  await until(async () => (await peer.friends())[0]?.path === 'none', 'the session is over')
  const before = peer.events.length

  for (const bytes of [
    Buffer.concat(recorded),
    Buffer.concat(recorded.slice(0, 3)),
    recorded.at(-1) ?? Buffer.alloc(1),
  ]) {
    await replay(target, [bytes])
  }
  // Also segment by segment, as they were recorded.
  await replay(target, recorded)
  assert.equal(peer.events.length, before)
  assert.deepEqual(received(peer), ['once'])
  assert.equal((await peer.connection({ peer: mallory.peer })).path, 'none')
})

/** Writes the pieces to the listener; resolves when the connection is over. */
async function replay(port: number, pieces: readonly Buffer[]): Promise<void> {
  const over = Promise.withResolvers<void>()
  const socket = net.connect(port, '127.0.0.1')
  // A reset counts as an end too.
  socket.on('error', () => socket.destroy())
  socket.on('close', () => over.resolve())
  socket.resume()
  for (const bytes of pieces) if (socket.writable) socket.write(bytes)
  socket.end()
  await over.promise
}

test('hostile: sequence gaps and receipts for messages never sent deliver nothing and end the stream', async (t) => {
  const { peer, store, mallory, open } = await scene(t)
  const gaps = await open()
  for (const sequence of [2, 5, 1_000_000, Number.MAX_SAFE_INTEGER]) {
    await gaps.send(message(said('from the future', sequence, digest(Buffer.from('?')))))
  }
  await until(() => framesOf(gaps, 'hello').length > 1, 'the victim asks again for the missing messages')
  for (const [delivered, read] of [
    [1, 0],
    [0, 1],
    [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  ] as const) {
    const line = await open()
    await line.send(chatFrameToWire({ kind: 'receipt', delivered, read }))
    await line.dropped()
  }
  assert.deepEqual(received(peer), [])
  assert.equal(store.conversation(mallory.peer).received, 0)
})

test('hostile: a hello that claims to have any number of messages does not stop the victim from writing', async (t) => {
  const { peer, mallory, open } = await scene(t)
  for (const claim of [1, 1000, 2 ** 40, 2 ** 52, Number.MAX_SAFE_INTEGER - 1, Number.MAX_SAFE_INTEGER]) {
    const line = await open({ received: claim, receivedHash: digest(Buffer.from(`${claim}`)) })
    await until(() => line.over || framesOf(line, 'hello').length > 0, 'it is answered')
    await peer.sendMessage({ peer: mallory.peer, text: `after ${claim}` })
    await peer.sendMessage({ peer: mallory.peer, text: `again after ${claim}` })
  }
  const numbers = (await peer.messages({ peer: mallory.peer })).map(({ seq }) => seq)
  assert.equal(new Set(numbers).size, 12)
  assert.ok(numbers.every(Number.isSafeInteger))
})

test('hostile: a friend that has lost all messages gets them again window by window, not all at once', async (t) => {
  const { store, mallory, open } = await scene(t)
  const count = 5000
  store.transaction(() => {
    for (let n = 1; n <= count; n++) {
      store.queueMessage(mallory.peer, { id: uuid(), text: `number ${n}`, sentAt: 1 })
    }
    let previous = new Uint8Array()
    const bodies = store.outgoing(mallory.peer, 0, count).map(({ id, seq, text, sentAt }) => {
      const content = { kind: 'text', text } as const
      previous = new Uint8Array(digest(bodyToWire({ id, sequence: seq, previous, time: sentAt, content })))
      return { seq, hash: previous }
    })
    store.markSent(mallory.peer, bodies)
    store.markDelivered(mallory.peer, count)
  })
  const asked: number[] = []
  const outgoing = store.outgoing.bind(store)
  t.mock.method(store, 'outgoing', (peer: string, after: number, limit: number) => {
    asked.push(limit)
    return outgoing(peer, after, limit)
  })
  const line = await open()
  const messages = (): number => framesOf(line, 'message').length
  await until(() => messages() === chatLimits.chatWindow, 'a window is sent')
  // All of it counts as delivered once; the next window waits for the receipt of this one nevertheless.
  await line.send(chatFrameToWire({ kind: 'receipt', delivered: chatLimits.chatWindow, read: 0 }))
  await until(() => messages() === 2 * chatLimits.chatWindow, 'the next window is sent')
  assert.ok(Math.max(...asked) <= chatLimits.chatWindow, `${Math.max(...asked)} messages are read at once`)
})

test('hostile: floods of hellos and typing are cut off, and a new stream does not reset the limit', async (t) => {
  const { peer, open } = await scene(t)
  const storm = [
    ...Array.from({ length: 500 }, (_, n) => helloFrame({ name: `name ${n}` })),
    ...Array.from({ length: 500 }, (_, n) => chatFrameToWire({ kind: 'typing', active: n % 2 === 0 })),
  ]
  const bytes = frameAll(storm)
  let whole = 0
  const idle = bucket(chatLimits.chatIdleFrames)
  for (let stream = 0; stream < 8; stream++) {
    const line = await open()
    for (let round = 0; round < 4 && (await line.write(bytes)); round++) whole += 1
    await line.write(frame(message(said('too late', 9, digest(Buffer.from('?'))))))
    await line.dropped()
  }
  const emitted = peer.events.filter(({ event }) => event === 'typing' || event === 'friend-changed').length
  assert.ok(emitted <= idle(), `${emitted} events from ${whole} storms of ${storm.length}`)
})

test('hostile: names and addresses in a hello are bounded', async (t) => {
  const { peer, store, mallory, open } = await scene(t)
  const address = (n: number): string => `/ip4/192.0.2.1/tcp/${n}`
  const many = Array.from({ length: 1000 }, (_, n) => address(n + 1))
  const bad = ['not an address', '/ip4/999.0.0.1/tcp/1', `/dns4/${'a'.repeat(600)}/tcp/1`, '']
  // Encoded by hand, since an honest encoder refuses so many: nodes are field 6, addresses field 7.
  const strings = (field: number, list: readonly string[]): Buffer =>
    Buffer.concat(list.flatMap((one) => [Buffer.from([(field << 3) | 2]), frame(Buffer.from(one))]))
  const inner = Buffer.concat([Buffer.from([0x08, 1]), strings(6, [...bad, ...many]), strings(7, [...bad, ...many])])
  const line = await open()
  await line.send(Buffer.concat([Buffer.from([0x0a]), frame(inner)]))
  await until(() => (store.friend(mallory.peer)?.addresses.length ?? 0) > 0, 'the hello is received')
  const row = store.friend(mallory.peer)
  assert.ok((row?.addresses.length ?? 99) <= limits.addressesTold && (row?.nodes.length ?? 99) <= limits.addressesTold)
  assert.ok([...(row?.addresses ?? []), ...(row?.nodes ?? [])].every((one) => !bad.includes(one)))
  const long = await open({ name: 'x'.repeat(limits.nameCharacters + 1) })
  await long.dropped()
  assert.ok(((await peer.friends())[0]?.name.length ?? 0) <= limits.nameCharacters)
})

test('hostile: after ten thousand streams are opened and reset, a peer works as before', async (t) => {
  const { peer, mallory, open } = await scene(t)
  const node = await startNode(t)
  await peer.addNode({ address: node.addresses()[0] ?? '' })
  const friend = await startPeer(t, { nodes: node.addresses() })
  await befriend(peer, friend)
  const listen = (await peer.self()).listen[0] ?? ''
  const connection = await mallory.dial(listen)
  let tried = 0
  for (let round = 0; round < 100 && connection.status === 'open'; round++) {
    // A hundred at a time exceed every limit; one at a time stays within them.
    await Promise.allSettled(
      Array.from({ length: 100 }, async () => {
        tried += 1
        const line = await mallory.open(connection, chatProtocol)
        line.abort()
      }),
    )
    if (connection.status === 'open') (await mallory.open(connection, chatProtocol).catch(() => undefined))?.abort()
    if (round % 25 === 0) await tell(friend, peer, `round ${round}`)
  }
  assert.ok(tried === 10_000 || connection.status !== 'open')
  const line = await open()
  await until(() => framesOf(line, 'hello').length > 0, 'one stream is served as before')
  await tell(friend, peer, 'after the storm')
  await tell(peer, friend, 'and back')
})

test('hostile: neither strangers, nor peers with a pending request, nor one friend can occupy all connections', async (t) => {
  const { peer, store, mallory } = await scene(t)
  const node = await startNode(t)
  await peer.addNode({ address: node.addresses()[0] ?? '' })
  const pending = await startAttacker(t)
  store.putFriend(befriended(pending.peer, { state: 'incoming' }))
  const listen = (await peer.self()).listen[0] ?? ''
  for (const attacker of [pending, mallory]) {
    // In batches: fifty connections a second from one address exceed the rate limit.
    for (let dialled = 0; dialled < 40; dialled += 1) await Promise.allSettled([attacker.dial(listen)])
    const held = (): number => attacker.host.getConnections().filter(({ status }) => status === 'open').length
    await until(() => held() <= netLimits.strangerConnections, `${held()} connections of one peer are held`)
  }
  const friend = await startPeer(t, { nodes: node.addresses() })
  await befriend(peer, friend)
  await tell(friend, peer, 'there is room')
})
