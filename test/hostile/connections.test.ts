/** Attacks on a listening port that send no valid protocol data (docs/threats.md 10 to 14), over every transport. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { describe, test, type TestContext } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { limits } from '../../protocol/base/limits.ts'
import { netLimits } from '../../protocol/net/limits.ts'
import { flag } from '../../protocol/net/yamux/frames.ts'
import { chatProtocol } from '../../protocol/net/policy.ts'
import { befriended, helloFrame, startAttacker } from '../support/attacker.ts'
import { besides } from '../support/bystanders.ts'
import { undo } from '../support/cleanup.ts'
import { bothTransports, doorsOf } from '../support/doors.ts'
import { guardProcess } from '../support/guard.ts'
import { change, hour } from '../support/numbers.ts'
import { befriend, reservations, startNode, startPeer, until } from '../support/network.ts'
import { random } from '../support/random.ts'
import { frames, dialRaw } from '../support/raw-muxer.ts'
import { frameKind, rawSockets, webSocketFrame, webSocketHeader } from '../support/raw-socket.ts'
import { startVictim } from '../support/victim.ts'

guardProcess()

/** Sockets per second. */
const silentRate = 50
/**
 * A stream flood: several rounds of bursts, each round on its own connection. A time limit in milliseconds ends a round
 * on a busy machine.
 */
const storm = { rounds: 3, lasts: 1500, bursts: 10, streams: 50 }
/** Connections from one address: fewer than libp2p accepts in a second, so that Quorum's own limit refuses them. */
const identities = 40
/** MiB by which the victim's process may grow during an attack. */
const mostGrowth = 16
const MiB = 1024 * 1024

// In parallel: most of the time is spent waiting for the handshake timeout.
describe('data that is no handshake', { concurrency: true }, () => {
  for (const [what, first] of [
    ['hostile 10: garbage instead of protocol negotiation', (t) => random(t).bytes(4096)],
    ['hostile 10: a negotiation of unknown protocols', () => Buffer.from('\x13/multistream/1.0.0\n\x06/nope\n')],
    ['hostile 12: a byte a second instead of a handshake', undefined],
  ] satisfies [string, ((t: TestContext) => Buffer) | undefined][]) {
    test(`${what}: the connection is closed, at a peer and at a node, over TCP and WebSocket`, async (t) => {
      const open = rawSockets(t)
      const node = await startNode(t, { listen: bothTransports })
      const peer = await startPeer(t, { nodes: node.addresses(), listen: bothTransports })
      const doors = [...doorsOf('a node', node.addresses()), ...doorsOf('a peer', (await peer.self()).listen)]
      assert.equal(doors.length, 4)
      await Promise.all(
        doors.map(async (door) => {
          const { write, ended } = await open(door)
          const begun = performance.now()
          if (first == null) {
            const honest = Buffer.from('\x13/multistream/1.0.0\n')
            let at = 0
            const drip = setInterval(() => write(honest.subarray(at, ++at)), 1000)
            undo(t).defer(() => clearInterval(drip))
          } else write(first(t))
          await ended
          // Only printed: on a busy machine the timer fires late.
          const seconds = ((performance.now() - begun) / 1000).toFixed(1)
          t.diagnostic(`${door.name}: cut after ${seconds} s; the limit is ${limits.handshake / 1000} s`)
        }),
      )
      await until(async () => (await peer.self()).nodes[0]?.state === 'connected', 'the two are well')
    })
  }
})

test('hostile 11: while 50 silent sockets open every second, honest peers connect, find each other and talk', async (t) => {
  const node = await startNode(t, { listen: bothTransports })
  const doors = doorsOf('a node', node.addresses())
  const open = rawSockets(t)
  let made = 0
  const storm = setInterval(() => {
    const door = doors[made % doors.length] ?? assert.fail()
    void open(door)
    made += 1
  }, 1000 / silentRate)
  undo(t).defer(() => clearInterval(storm))
  await until(() => made > 3 * silentRate, 'the storm is on')
  const nodes = node.addresses()
  const peers = await Promise.all(Array.from({ length: 10 }, () => startPeer(t, { nodes })))
  const begun = performance.now()
  await until(async () => (await reservations(...peers)) === peers.length, 'ten of ten are at the node')
  const [alice, bob] = peers
  assert.ok(alice && bob)
  await befriend(alice, bob)
  t.diagnostic(`ten of ten and two friends after ${Math.round(performance.now() - begun)} ms, ${made} silent sockets`)
})

test('hostile 61: a large WebSocket message, or a handshake that does not end, is cut before it takes memory', async (t) => {
  const victim = await startVictim(t)
  const open = rawSockets(t)
  const { kept, peak } = await victim.growth(async () => {
    for (const door of victim.doors) {
      const { socket, ended } = await open(door)
      // 100 MiB in one message; over TCP the same without a frame.
      if (door.over === 'WebSocket') socket.write(webSocketHeader(frameKind.binary, 100 * MiB))
      const piece = Buffer.alloc(MiB)
      const sending = setInterval(() => socket.writableLength < 4 * MiB && socket.write(piece), 1)
      await ended
      clearInterval(sending)
      t.diagnostic(`${door.name}: cut after ${(socket.bytesWritten / MiB).toFixed(1)} MiB`)
    }
  })
  victim.alive()
  assert.ok(peak < 3 * mostGrowth && kept < mostGrowth, `${peak} MiB at most, ${kept} MiB stay`)
})

test('hostile 61: pings, empty and text messages instead of data end a WebSocket', async (t) => {
  const victim = await startVictim(t)
  const open = rawSockets(t)
  const nothing = Buffer.alloc(0)
  for (const door of victim.doors.filter(({ over }) => over === 'WebSocket')) {
    for (const kind of [frameKind.ping, frameKind.binary, frameKind.text]) {
      const { socket, ended } = await open(door)
      socket.write(Buffer.concat(Array.from({ length: 1000 }, () => webSocketFrame(kind, nothing))))
      await ended
    }
  }
  victim.alive()
})

test('hostile 62: a connection that is given up leaves no socket behind', async (t) => {
  const victim = await startVictim(t)
  const sockets = (): number => fs.readdirSync(`/proc/${victim.pid}/fd`).filter((fd) => isSocket(victim.pid, fd)).length
  // The two sockets by which the victim's peer is at the victim's node.
  await until(async () => (await victim.call('self')).nodes[0]?.reserved === true, 'the victim is at its node')
  const before = sockets()
  for (const door of victim.doors) {
    for (let count = 0; count < 5; count += 1) {
      const connection = await dialRaw(t, door.address)
      await connection.write(Buffer.alloc(64, 9))
      await until(() => connection.over, `${door.name} ends a connection that sends nonsense`)
    }
    await until(
      () => sockets() <= before,
      () => `${door.name}: ${sockets()} sockets, ${before} before`,
    )
  }
})

test('hostile 14: one address takes at most its share of the sockets of a node, and others still come in', async (t) => {
  const node = await startNode(t, { listen: bothTransports })
  const doors = doorsOf('a node', node.addresses())
  const open = rawSockets(t)
  const [most] = netLimits.nodeInbound.socketsPerAddress
  const all = await Promise.all(
    Array.from({ length: most + 40 }, (_, at) => open(doors[at % doors.length] ?? assert.fail())),
  )
  const inside = (): number => all.filter(({ socket }) => !socket.destroyed).length
  await until(() => inside() <= most, 'those above the share of one address are put out')
  assert.ok(node.stats().socketsRefused >= 40, 'the operator is told')
  const peer = await startPeer(t, { nodes: node.addresses() })
  await until(async () => (await reservations(peer)) === 1, 'another address comes in')
})

test('hostile 13: streams opened and reset at once, pings and empty frames end the connection', async (t) => {
  const victim = await startVictim(t)
  const [one, two] = [await startPeer(t, { nodes: [victim.node] }), await startPeer(t, { nodes: [victim.node] })]
  await befriend(one, two)
  const pair = { from: one, to: two.id, received: () => two.messages({ peer: one.id, limit: 1000 }) }
  const negotiation = Buffer.from('\x13/multistream/1.0.0\n')
  const floods = {
    'streams opened and reset': (stream: number) =>
      frames({ type: 1, flags: 1, stream }, { stream, data: negotiation }, { type: 1, flags: 8, stream }),
    'streams opened': (stream: number) => frames({ type: 1, flags: 1, stream }),
    pings: (value: number) => frames({ type: 2, flags: 1, length: value }),
    'windows of nothing': () => frames({ type: 1, stream: 1 }),
    'empty data': () => frames({ stream: 1 }),
  }
  const flood = async (): Promise<void> => {
    for (const door of victim.doors) {
      for (const [what, frame] of Object.entries(floods)) {
        const connection = await dialRaw(t, door.address)
        let sent = 0
        const burst = (): Buffer => Buffer.concat(Array.from({ length: 200 }, () => frame(1 + 2 * sent++)))
        while (await connection.write(burst())) await turn()
        t.diagnostic(`${door.name}: ended after ${sent} × ${what}`)
      }
    }
  }
  // What stays after the first round is also code that ran for the first time.
  const rounds = [
    await victim.growth(() => besides(t, [pair], flood)),
    await victim.growth(() => besides(t, [pair], flood)),
  ]
  victim.alive()
  for (const { peak, kept } of rounds) {
    t.diagnostic(`${peak.toFixed(1)} MiB at most, ${kept.toFixed(1)} MiB stay`)
    assert.ok(peak < 3 * mostGrowth, `${peak} MiB at most`)
  }
  assert.ok((rounds[1]?.kept ?? Infinity) < mostGrowth, `${rounds[1]?.kept} MiB stay`)
})

test('hostile 13: the connections of one address share what they may open; each keeps a little', async (t) => {
  const [own, shared, opens] = [8, 20, 60]
  change(t, netLimits, {
    muxOpenings: { tokens: own, per: hour },
    muxOpeningsPerAddress: { tokens: shared, per: hour },
  })
  const node = await startNode(t)
  const [address = assert.fail()] = node.addresses()
  const streams = Array.from({ length: opens }, (_, at) => ({ type: 1, flags: flag.syn, stream: 1 + 2 * at }))
  for (const accepted of [own + shared, own]) {
    const connection = await dialRaw(t, address)
    // libp2p takes few streams before it knows the connection; then it asks who this is.
    await until(() => connection.opened > 0, 'the connection is ready')
    await connection.write(frames(...streams))
    const refused = (): boolean => connection.resets >= opens - accepted
    await until(refused, () => `${connection.resets} of ${opens} are refused`)
    assert.equal(connection.resets, opens - accepted)
  }
  const peer = await startPeer(t, { nodes: [address] })
  await until(async () => (await reservations(peer)) === 1, 'its own few streams are enough for a peer to come in')
})

test('hostile 63: streams that do not say what they are for get little memory, and no more of them are taken', async (t) => {
  const victim = await startVictim(t)
  const block = Buffer.alloc(60_000)
  const stall = async (): Promise<void> => {
    for (const door of victim.doors) {
      const connection = await dialRaw(t, door.address)
      for (let stream = 1; stream < 4 * netLimits.muxUnnamedStreams; stream += 2) {
        const opened = frames({ type: 1, flags: 1, stream })
        // Each waits for the rest of a line of the negotiation.
        const data = Array.from({ length: 4 }, () => frames({ stream, data: block }))
        // A peer ends the connection of a stranger after a while.
        if (!(await connection.write(Buffer.concat([opened, ...data])))) break
      }
    }
  }
  // The first round also costs memory for code that runs for the first time.
  const rounds = [await victim.growth(stall), await victim.growth(stall)]
  victim.alive()
  for (const { peak, kept } of rounds) t.diagnostic(`${peak.toFixed(1)} MiB at most, ${kept.toFixed(1)} MiB stay`)
  const { peak = Infinity, kept = Infinity } = rounds[1] ?? {}
  assert.ok(peak < 3 * mostGrowth && kept < mostGrowth, `${peak} MiB at most, ${kept} MiB stay`)
})

test('hostile 13: floods of streams that are opened and reset stop neither the peer nor its other connections', async (t) => {
  const victim = await startVictim(t)
  const attacker = await startAttacker(t)
  const [one, two] = [await startPeer(t, { nodes: [victim.node] }), await startPeer(t, { nodes: [victim.node] })]
  await befriend(one, two)
  const pair = { from: one, to: two.id, received: () => two.messages({ peer: one.id, limit: 1000 }) }
  let opened = 0
  const storms = async (rounds: number): Promise<void> => {
    for (let round = 0; round < rounds; round += 1) {
      const connection = await attacker.dial(victim.address)
      const over = performance.now() + storm.lasts
      for (let burst = 0; burst < storm.bursts && performance.now() < over; burst += 1) {
        const lines = await Promise.all(
          Array.from({ length: storm.streams }, () => attacker.open(connection, chatProtocol).catch(() => undefined)),
        )
        for (const line of lines) line?.abort()
        opened += lines.length
      }
      connection.abort(new Error('the attacker leaves'))
    }
  }
  // The first flood also costs memory for code that runs for the first time.
  await storms(1)
  const grown = async (): Promise<number> =>
    (await victim.growth(() => besides(t, [pair], () => storms(storm.rounds)))).kept
  // Resident memory changes in steps of that size: a real leak shows after every flood.
  const kept = Math.min(await grown(), await grown())
  victim.alive()
  t.diagnostic(`${opened} streams, ${kept.toFixed(1)} MiB stay`)
  assert.ok(opened >= storm.rounds * storm.streams, `${opened} streams`)
  assert.ok(kept < 16, `${kept} MiB stay`)
  assert.equal((await victim.call('self')).nodes[0]?.state, 'connected')
})

test('hostile 14: of many identities from one address few are accepted; friends stay connected and can connect', async (t) => {
  const victim = await startVictim(t)
  const friend = await startPeer(t, { nodes: [victim.node] })
  const { link } = await victim.call('invite')
  await friend.requestFriend({ to: link })
  const asked = async (): Promise<boolean> => (await victim.call('friends'))[0]?.state === 'incoming'
  await until(asked, 'the request arrived')
  await victim.call('acceptFriend', { peer: friend.id })
  const path = async (): Promise<string> => (await friend.connection({ peer: victim.peer })).path
  await until(async () => (await path()) === 'direct', 'the friend is connected directly')

  const crowd = await Promise.all(Array.from({ length: identities }, () => startAttacker(t)))
  const come = async (): Promise<number> => {
    const dials = await Promise.allSettled(crowd.map((one) => one.dial(victim.address)))
    return dials.filter(({ status }) => status === 'fulfilled').length
  }
  const inside = (): number => crowd.flatMap(({ host }) => host.getConnections()).length
  const { kept } = await victim.growth(async () => {
    const dialled = await come()
    await until(() => inside() <= netLimits.strangersPerAddress[0], 'those above the cap are put out')
    t.diagnostic(`${dialled} of ${identities} dials ended well, ${inside()} stay`)
    assert.ok(inside() > 0, 'there was room for strangers before')
  })
  assert.ok(kept < 16, `${kept} MiB stay`)

  // A friend connects from the same address while strangers are refused.
  const late = await startAttacker(t)
  await victim.putFriend(befriended(late.peer))
  const line = await late.open(await late.dial(victim.address), chatProtocol)
  await line.send(helloFrame())
  await line.frame(0)
  assert.equal(await path(), 'direct')
  const { id } = await friend.sendMessage({ peer: victim.peer, text: 'still here' })
  const delivered = async (): Promise<boolean> =>
    (await friend.messages({ peer: victim.peer })).some((one) => one.id === id && one.state === 'delivered')
  await until(delivered, 'the message of the friend arrives')
  victim.alive()
})

function isSocket(pid: number, fd: string): boolean {
  try {
    return fs.readlinkSync(`/proc/${pid}/fd/${fd}`).startsWith('socket:')
  } catch (error) {
    // Closed meanwhile.
    assert.equal((error as NodeJS.ErrnoException).code, 'ENOENT')
    return false
  }
}
