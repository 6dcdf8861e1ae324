/**
 * Hostile bytes on every protocol (docs/threats.md 1-9): chat as a friend, friend requests as a stranger, the
 * directory of a node. The offender is disconnected, memory stays bounded, honest friends continue to talk.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import { limits } from '../../protocol/base/limits.ts'
import { chatLimits } from '../../protocol/chat/limits.ts'
import { directoryLimits } from '../../protocol/directory/limits.ts'
import { mailboxLimits } from '../../protocol/mailbox/limits.ts'
import { netLimits } from '../../protocol/net/limits.ts'
import { chatProtocol, directoryProtocol, friendProtocol, mailboxProtocol } from '../../protocol/net/policy.ts'
import { bodyToWire, chatFrameFromWire } from '../../protocol/wire/chat.ts'
import { frameFromWire, requestToWire } from '../../protocol/wire/directory.ts'
import { FrameDecoder, frame } from '../../protocol/wire/framing.ts'
import { QuorumError } from '../../protocol/base/errors.ts'
import { befriended, helloFrame, startAttacker, type Attacker, type Line } from '../support/attacker.ts'
import { besides, type Pair } from '../support/bystanders.ts'
import { guardProcess } from '../support/guard.ts'
import { befriend, startPeer, until } from '../support/network.ts'
import { random } from '../support/random.ts'
import { startVictim, type Victim } from '../support/victim.ts'

guardProcess()

/** MiB by which the victim's process may grow during an attack. */
const mostGrowth = 16

interface Target {
  name: string
  /** Length in bytes of the longest accepted frame. */
  longest: number
  /** A new stream on a new connection, after the protocol's opening messages. */
  open(attacker: Attacker): Promise<Line>
}

test('hostile bytes on the wire', async (t) => {
  const victim = await startVictim(t)
  const friend = await startPeer(t, { nodes: [victim.node], name: 'friend' })
  const relayed = await Promise.all(
    ['one', 'two'].map((name) => startPeer(t, { nodes: [victim.node], name, direct: 'never' })),
  )
  const [one, two] = relayed
  assert.ok(one != null && two != null)
  await befriend(one, two)
  const { link } = await victim.call('invite')
  await friend.requestFriend({ to: link })
  await until(() => victim.events.some(({ event }) => event === 'friend-request'), 'the friend asks')
  await victim.call('acceptFriend', { peer: friend.id })
  const pairs: Pair[] = [
    { from: friend, to: victim.peer, received: () => victim.call('messages', { peer: friend.id, limit: 1000 }) },
    { from: one, to: two.id, received: () => two.messages({ peer: one.id, limit: 1000 }) },
  ]
  await until(async () => (await friend.friends())[0]?.online === true, 'the friend is there')
  const malloryFriend = await startAttacker(t)
  await victim.putFriend(befriended(malloryFriend.peer))
  const mallory = await startAttacker(t)
  const malloryMailbox = await startAttacker(t)

  const chat: Target = {
    name: 'chat',
    longest: chatLimits.chatFrame,
    async open(attacker) {
      const line = await attacker.open(await attacker.dial(victim.address), chatProtocol)
      await line.send(helloFrame())
      return line
    },
  }
  const requests: Target = {
    name: 'friend',
    longest: limits.envelope,
    open: async (attacker) => attacker.open(await attacker.dial(victim.address), friendProtocol),
  }
  const directory: Target = {
    name: 'directory',
    longest: directoryLimits.directoryFrame,
    open: async (attacker) => attacker.open(await attacker.dial(victim.node), directoryProtocol),
  }
  const mailbox: Target = {
    name: 'mailbox',
    longest: mailboxLimits.mailboxFrame,
    open: async (attacker) => attacker.open(await attacker.dial(victim.node), mailboxProtocol),
  }
  // Ten envelopes a minute from one peer: each attack over the friend protocol comes from a new one.
  // One after the other: an address has few connections of strangers.
  let stranger: Attacker | undefined
  const nextStranger = async (): Promise<Attacker> => {
    await stranger?.host.stop()
    stranger = await startAttacker(t)
    return stranger
  }
  const stage: Stage = {
    victim,
    pairs,
    targets: [
      { target: chat, attacker: async () => malloryFriend },
      { target: requests, attacker: nextStranger },
      { target: directory, attacker: async () => mallory },
      { target: mailbox, attacker: async () => malloryMailbox },
    ],
    mallory: malloryFriend,
    chat,
    directory,
  }
  // The first round of each attack costs memory that later rounds do not: compiled code, grown tables.
  for (const { target, attacker } of stage.targets) {
    for (let round = 0; round < 3; round++) {
      const line = await target.open(await attacker())
      await line.write(randomBytes(64 * 1024))
      line.abort()
    }
  }

  for (const [name, attack] of Object.entries(attacks)) {
    await t.test(name, async (sub) => {
      const { peak, kept } = await victim.growth(() => besides(sub, pairs, () => attack(stage, sub)))
      victim.alive()
      assert.ok(peak < mostGrowth, `the process grew by ${peak} MiB at its highest`)
      assert.ok(kept < mostGrowth, `the process keeps ${kept} MiB`)
      for (const { target, attacker } of stage.targets) {
        for (const connection of (await attacker()).host.getConnections()) connection.abort(new Error(target.name))
      }
    })
  }
  const strangers = (await victim.call('friends')).filter(({ state }) => state === 'incoming')
  assert.deepEqual(strangers, [], 'no garbage became a request')
})

interface Stage {
  victim: Victim
  pairs: readonly Pair[]
  targets: readonly { target: Target; attacker: () => Promise<Attacker> }[]
  mallory: Attacker
  chat: Target
  directory: Target
}
type Attack = (stage: Stage, t: TestContext) => Promise<void>

/** On each protocol: opens a new stream, runs `write`, and expects that the offender is disconnected. */
async function onEach({ targets }: Stage, write: (line: Line, target: Target) => Promise<unknown>): Promise<void> {
  for (const { target, attacker } of targets) {
    const line = await target.open(await attacker())
    await write(line, target)
    await line.dropped()
  }
}

/** A valid frame of exactly `length` bytes without meaning: one long unknown field, or padding. */
function filler(length: number, before: Uint8Array = new Uint8Array()): Uint8Array {
  const content = length - before.byteLength - 4
  // Field 15, length-delimited, with a length of three bytes.
  const header = [0x7a, (content & 0x7f) | 0x80, ((content >> 7) & 0x7f) | 0x80, content >> 14]
  return Buffer.concat([before, Buffer.from(header), Buffer.alloc(content)])
}

function uninvited(events: Victim['events']): unknown[] {
  return events.filter(({ event, data }) => event === 'message-received' && !data.text.startsWith('bystander'))
}

const bodyOf = (text: string, fields: { id?: string; sequence?: number } = {}): Uint8Array =>
  bodyToWire({
    id: fields.id ?? '0190a6b0-0000-7000-8000-000000000001',
    sequence: fields.sequence ?? 1,
    previous: new Uint8Array(),
    time: 1,
    content: { kind: 'text', text },
  })

/** A chat frame around `body`, encoded by hand. */
function messageFrame(body: Uint8Array): Uint8Array {
  const inner = Buffer.concat([Buffer.from([0x0a]), frame(body)])
  return Buffer.concat([Buffer.from([0x12]), frame(inner)])
}

const attacks: { [name: string]: Attack } = {
  'hostile 1: random bytes end the stream on which they arrived': (stage, t) => {
    const { bytes } = random(t)
    return onEach(stage, async (line) => {
      for (let sent = 0; sent < 4 * 1024 * 1024 && (await line.write(bytes(64 * 1024))); sent += 64 * 1024);
      if (!line.over) await line.stream.close()
    })
  },

  'hostile 2: a length of 2^32, 2^53 or 11 bytes is refused before allocating': async (stage) => {
    const lengths = [
      [0x80, 0x80, 0x80, 0x80, 0x10],
      [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10],
      [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
      [0xff, 0xff, 0xff, 0x7f],
    ].map((bytes) => Buffer.from(bytes))
    for (const length of lengths) {
      const before = process.memoryUsage().arrayBuffers
      assert.throws(
        () => new FrameDecoder(chatLimits.chatFrame).push(length),
        (error) => error instanceof QuorumError && error.code === 'too-large',
      )
      assert.ok(process.memoryUsage().arrayBuffers - before < 1024 * 1024)
      await onEach(stage, (line) => line.write(length))
    }
  },

  'hostile 3: the longest frame is accepted, one byte more is refused': async (stage) => {
    const chat = await stage.chat.open(stage.mallory)
    await chat.send(filler(stage.chat.longest))
    await chat.send(messageFrame(bodyOf('after the longest frame')))
    await until(() => uninvited(stage.victim.events).length === 1, 'the message behind the longest frame arrives')
    assert.equal(chat.over, false)
    await chat.send(filler(stage.chat.longest + 1))
    await chat.dropped()

    const directory = await stage.directory.open(stage.mallory)
    const knowledge = requestToWire(7, { call: 'knowledge' })
    await directory.send(filler(stage.directory.longest, knowledge))
    const answer = frameFromWire(await directory.frame(0))
    assert.ok(answer?.frame === 'response' && answer.id === 7 && answer.result.result === 'knowledge')
    await directory.send(filler(stage.directory.longest + 1, knowledge))
    await directory.dropped()
    assert.equal(directory.frames.length, 1)

    const requests = stage.targets[1] ?? assert.fail()
    const taken = await requests.target.open(await requests.attacker())
    await taken.send(filler(requests.target.longest))
    // Dropped permanently, and acknowledged as such: it is no envelope.
    await taken.frame(0)
    const refused = await requests.target.open(await requests.attacker())
    await refused.send(filler(requests.target.longest + 1))
    await refused.dropped()
    assert.equal(refused.frames.length, 0)
  },

  'hostile 4: nothing of a truncated frame is delivered': async (stage) => {
    const { received } = await theirs(stage)
    const whole = frame(messageFrame(bodyOf('cut off', { id: '0190a6b0-0000-7000-8000-000000000004' })))
    for (const end of ['close', 'abort'] as const) {
      await onEach(stage, async (line, target) => {
        await line.write(target === stage.chat ? whole.subarray(0, -1) : frame(filler(1000)).subarray(0, 500))
        if (end === 'close') await line.stream.close()
        else line.abort()
      })
    }
    assert.equal((await theirs(stage)).received, received)
  },

  'hostile 5: a million empty frames end the stream early': async (stage) => {
    // Each is one byte; the stream's window accepts the first million even if they are never read.
    const most = 16 * netLimits.streamWindow
    await onEach(stage, async (line) => {
      let sent = 0
      while (sent < most && (await line.write(Buffer.alloc(50_000)))) sent += 50_000
      assert.ok(sent < most, 'the sender is cut off')
      // A stream closed only on the victim's side would accept one more window of data that is never read.
      await until(() => line.stream.status === 'reset', 'the stream is reset')
    })
  },

  'hostile 6: unknown fields are ignored, of a repeated field the last counts, __proto__ is ordinary text': async (
    stage,
  ) => {
    const { received, receivedHash, line } = await theirs(stage)
    const id = '0190a6b0-0000-7000-8000-000000000006'
    const first = bodyToWire({
      id,
      sequence: received + 1,
      previous: receivedHash,
      time: 1,
      content: { kind: 'text', text: 'first' },
    })
    const last = Buffer.from('__proto__', 'utf8')
    const body = Buffer.concat([
      first,
      // Field 5 (text) once more; then field 1000, which is unknown.
      Buffer.from([0x2a, last.byteLength + 2, 0x0a, last.byteLength]),
      last,
      Buffer.from([0xc2, 0x3e, 3, 1, 2, 3]),
    ])
    await line.send(messageFrame(body))
    await until(() => uninvited(stage.victim.events).length === 2, 'the message arrives')
    const event = uninvited(stage.victim.events)[1]
    assert.ok(event != null && JSON.stringify(event).includes('"text":"__proto__"'))
    line.abort()
    for (const params of ['{"__proto__": {"polluted": true}}', '{"constructor": {"prototype": {"polluted": true}}}']) {
      await stage.victim.call('self', JSON.parse(params)).catch((error: { code: string }) => {
        assert.equal(error.code, 'bad-request')
      })
    }
    assert.equal(Reflect.get(await stage.victim.call('self'), 'polluted'), undefined)
    await assert.rejects(stage.victim.call('__proto__' as 'self'), { code: 'bad-request' })
  },

  'hostile 7: text that is not UTF-8 is refused': async (stage) => {
    const before = await theirs(stage)
    before.line.abort()
    const bad = [
      Buffer.from([0xff]),
      Buffer.from([0xc0, 0x80]),
      Buffer.from([0xed, 0xa0, 0x80]),
      Buffer.from([0xe2, 0x82]),
    ]
    for (const text of bad) {
      const good = bodyToWire({
        id: '0190a6b0-0000-7000-8000-000000000007',
        sequence: before.received + 1,
        previous: before.receivedHash,
        time: 1,
        content: { kind: 'text', text: '' },
      })
      const body = Buffer.concat([good, Buffer.from([0x2a, text.byteLength + 2, 0x0a, text.byteLength]), text])
      const message = await stage.chat.open(stage.mallory)
      await message.send(messageFrame(body))
      await message.dropped()
      // A hello with a name: field 1 of the frame, field 5 of the hello.
      const hello = await stage.mallory.open(await stage.mallory.dial(stage.victim.address), chatProtocol)
      const inner = Buffer.concat([Buffer.from([0x08, 1, 0x2a, text.byteLength]), text])
      await hello.send(Buffer.concat([Buffer.from([0x0a, inner.byteLength]), inner]))
      await hello.dropped()
      const handle = Buffer.concat([Buffer.from([0x12, text.byteLength]), text])
      const lookup = await stage.directory.open(stage.mallory)
      await lookup.send(Buffer.concat([Buffer.from([0x08, 1, 0x1a, handle.byteLength]), handle]))
      await lookup.dropped()
      assert.equal(lookup.frames.length, 0)
    }
    assert.equal((await theirs(stage)).received, before.received)
    assert.equal((await stage.victim.call('friends')).find(({ peer }) => peer === stage.mallory.peer)?.name, 'Mallory')
  },

  'hostile 8: a field repeated a million times is limited': async (stage) => {
    // As many addresses as fit a frame: empty ones cost two bytes, real ones fill the list.
    const address = Buffer.from('/ip4/192.0.2.1/tcp/1', 'utf8')
    for (const one of [Buffer.from([0x3a, 0]), Buffer.concat([Buffer.from([0x3a, address.byteLength]), address])]) {
      const fitting = Math.floor((chatLimits.chatFrame - 16) / one.byteLength)
      for (const times of [fitting, 1_000_000]) {
        const addresses = Buffer.alloc(times * one.byteLength, one)
        const inner = Buffer.concat([Buffer.from([0x08, 1, 0x2a, 7]), Buffer.from('Mallory'), addresses])
        const hello = Buffer.concat([Buffer.from([0x0a]), frame(inner)])
        if (times === fitting) {
          const decoded = chatFrameFromWire(hello)
          assert.ok(decoded.kind === 'hello' && decoded.hello.addresses.length <= limits.addressesTold)
        }
        const line = await stage.mallory.open(await stage.mallory.dial(stage.victim.address), chatProtocol)
        await line.send(hello)
        if (times > fitting) await line.dropped()
        else line.abort()
      }
    }
    const mail = (times: number): Uint8Array => {
      const collected = Buffer.concat([Buffer.from([0x0a]), frame(Buffer.alloc(times, 1))])
      return Buffer.concat([Buffer.from([0x08, 9, 0x2a]), frame(collected)])
    }
    const line = await stage.directory.open(stage.mallory)
    await line.send(mail(directoryLimits.directoryFrame - 32))
    const answer = frameFromWire(await line.frame(0))
    assert.ok(answer?.frame === 'response' && answer.id === 9)
    await line.send(mail(1_000_000))
    await line.dropped()
  },

  'hostile 9: an unknown version is answered with a clear error': async (stage) => {
    const line = await stage.mallory.open(await stage.mallory.dial(stage.victim.address), chatProtocol)
    await line.send(helloFrame({ version: 99 }))
    await line.dropped()
    const warned = (): boolean =>
      stage.victim.events.some(
        ({ event, data }) => event === 'warning' && data.code === 'unsupported-version' && /99/.test(data.message),
      )
    await until(warned, 'the victim reports the unsupported version')
    const connection = await stage.mallory.dial(stage.victim.address)
    await assert.rejects(stage.mallory.open(connection, '/quorum/chat/2.0.0'), { name: 'UnsupportedProtocolError' })
    // A request that only a later version knows: field 40 of the call.
    const directory = await stage.directory.open(stage.mallory)
    await directory.send(Buffer.from([0x08, 5, 0xc2, 0x02, 0]))
    const answer = frameFromWire(await directory.frame(0))
    assert.ok(answer?.frame === 'response' && answer.id === 5 && answer.result.result === 'error')
    assert.equal(answer.result.error.code, 'unsupported-version')
    assert.equal(directory.over, false, 'calls that both versions know still work')
  },
}

/** The last message of the hostile friend that the victim has, by the victim's hello on a new stream. */
async function theirs(stage: Stage): Promise<{ received: number; receivedHash: Uint8Array; line: Line }> {
  const line = await stage.chat.open(stage.mallory)
  const hello = chatFrameFromWire(await line.frame(0))
  assert.ok(hello.kind === 'hello')
  return { received: hello.hello.received, receivedHash: hello.hello.receivedHash, line }
}
