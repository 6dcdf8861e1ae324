/** Attacks on a listening port that send no valid protocol data (docs/threats.md 10 to 14). */
import assert from 'node:assert/strict'
import net from 'node:net'
import { describe, test, type TestContext } from 'node:test'
import { limits } from '../../protocol/base/limits.ts'
import { netLimits } from '../../protocol/net/limits.ts'
import { chatProtocol } from '../../protocol/net/policy.ts'
import { befriended, helloFrame, startAttacker } from '../support/attacker.ts'
import { besides } from '../support/bystanders.ts'
import { undo } from '../support/cleanup.ts'
import { guardProcess } from '../support/guard.ts'
import { befriend, reservations, startNode, startPeer, until } from '../support/network.ts'
import { startVictim } from '../support/victim.ts'
import { portOf } from '../support/addresses.ts'
import { random } from '../support/random.ts'

guardProcess()

/** Sockets per second. */
const silentRate = 50
/** A loopback address that no other participant uses: limits count per address. */
const elsewhere = '127.0.0.2'
/**
 * A stream flood: several rounds of bursts, each round on its own connection. A time limit in milliseconds ends a round
 * on a busy machine.
 */
const storm = { rounds: 3, lasts: 1500, bursts: 10, streams: 50 }
/** Connections from one address: fewer than libp2p accepts in a second, so that Quorum's own limit refuses them. */
const identities = 40

/** Sockets of a test, and the ends of these sockets, which it waits for. */
function sockets(t: TestContext): (port: number, from?: string) => { socket: net.Socket; ended: Promise<void> } {
  const all: net.Socket[] = []
  undo(t).defer(() => {
    for (const socket of all) socket.destroy()
  })
  return (port, from) => {
    const socket = net.connect({ host: '127.0.0.1', port, ...(from == null ? {} : { localAddress: from }) })
    all.push(socket)
    const { promise: ended, resolve } = Promise.withResolvers<void>()
    // Data must be read: an end after unread bytes is not reported. A reset is an end too.
    socket
      .resume()
      .on('error', () => socket.destroy())
      .on('close', () => resolve())
    return { socket, ended }
  }
}

// In parallel: most of the time is spent waiting for the handshake timeout.
describe('data that is no handshake', { concurrency: true }, () => {
  for (const [what, first] of [
    ['hostile 10: garbage instead of protocol negotiation', (t) => random(t).bytes(4096)],
    ['hostile 10: a negotiation of unknown protocols', () => Buffer.from('\x13/multistream/1.0.0\n\x06/nope\n')],
    ['hostile 12: a byte a second instead of a handshake', undefined],
  ] satisfies [string, ((t: TestContext) => Buffer) | undefined][]) {
    test(`${what}: the connection is closed, at a peer and at a node`, async (t) => {
      const open = sockets(t)
      const node = await startNode(t)
      const peer = await startPeer(t, { nodes: node.addresses() })
      const ports = [portOf(node.addresses()[0]), portOf((await peer.self()).listen[0])]
      await Promise.all(
        ports.map(async (port) => {
          const { socket, ended } = open(port)
          const begun = performance.now()
          if (first == null) {
            const honest = Buffer.from('\x13/multistream/1.0.0\n')
            let at = 0
            const drip = setInterval(() => socket.write(honest.subarray(at, ++at)), 1000)
            undo(t).defer(() => clearInterval(drip))
          } else socket.write(first(t))
          await ended
          // Only printed: on a busy machine the timer fires late.
          const seconds = ((performance.now() - begun) / 1000).toFixed(1)
          t.diagnostic(`cut after ${seconds} s; the limit is ${limits.handshake / 1000} s`)
        }),
      )
      await until(async () => (await peer.self()).nodes[0]?.state === 'connected', 'the two are well')
    })
  }
})

test('hostile 11: while 50 silent sockets open every second, honest peers connect, find each other and talk', async (t) => {
  const node = await startNode(t)
  const port = portOf(node.addresses()[0])
  const open = sockets(t)
  let made = 0
  const storm = setInterval(() => {
    open(port, elsewhere)
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
    await until(() => inside() <= netLimits.strangerConnections, 'those above the cap are put out')
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
