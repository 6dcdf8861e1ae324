/** A stranger that claims ten thousand addresses when it is asked who it is (docs/threats.md 16). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Connection, Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { push } from '../../protocol/net/streams.ts'
import { frame } from '../../protocol/wire/framing.ts'
import { startAttacker, type Attacker } from '../support/attacker.ts'
import { besides } from '../support/bystanders.ts'
import { guardProcess } from '../support/guard.ts'
import { befriend, startNode, startPeer, until } from '../support/network.ts'
import { startVictim } from '../support/victim.ts'

guardProcess()

const identifyProtocol = '/ipfs/id/1.0.0'
const pushProtocol = '/ipfs/id/push/1.0.0'
/** Addresses in all; and in one message, so that it is as long as libp2p takes. */
const addresses = 10_000
const fitting = 500

/** An answer of identify: field 2, repeated. */
function identity(first: number, count: number): Uint8Array {
  return Buffer.concat(
    Array.from({ length: count }, (_, index) => {
      const number = first + index
      const { bytes } = multiaddr(`/ip4/5.${number >> 16}.${(number >> 8) & 255}.${number & 255}/tcp/4001`)
      return Buffer.concat([Buffer.from([0x12, bytes.byteLength]), bytes])
    }),
  )
}

/** From now on the attacker answers like that. Returns how often it was asked. */
async function claims(attacker: Attacker, answer: () => Uint8Array): Promise<() => number> {
  let asked = 0
  const respond = async (stream: Stream): Promise<void> => {
    asked += 1
    // The other side may have had enough before all is said.
    await push(stream, frame(answer()), AbortSignal.timeout(5000)).catch(() => undefined)
    await stream.close().catch(() => stream.abort(new Error('the attacker leaves')))
  }
  await attacker.host.handle(identifyProtocol, (stream) => respond(stream), {
    force: true,
    runOnLimitedConnection: true,
  })
  return () => asked
}

/** Tells without being asked. */
async function pushes(attacker: Attacker, connection: Connection, claim: Uint8Array): Promise<void> {
  const line = await attacker.open(connection, pushProtocol).catch(() => undefined)
  await line?.send(claim).catch(() => false)
  await line?.stream.close().catch(() => line.abort())
}

test('hostile 16: ten thousand addresses in identify cost a peer and a node little, at once or bit by bit', async (t) => {
  const victim = await startVictim(t)
  const node = await startNode(t)
  const nodes = node.addresses()
  const [one, two] = [await startPeer(t, { nodes }), await startPeer(t, { nodes })]
  await befriend(one, two)
  const pair = { from: one, to: two.id, received: () => two.messages({ peer: one.id, limit: 1000 }) }
  const all = identity(0, addresses)
  for (const target of [victim.address, victim.node]) {
    const { kept, peak } = await victim.growth(() =>
      besides([pair], async () => {
        const attacker = await startAttacker(t)
        let said = 0
        const asked = await claims(attacker, () => (asked() % 2 === 1 ? all : identity(0, fitting)))
        for (let round = 1; round <= 4; round += 1) {
          const connection = await attacker.dial(target)
          await until(() => asked() >= round, 'it is asked who it is')
          await pushes(attacker, connection, all)
          for (; said < (round * addresses) / 4; said += fitting) {
            await pushes(attacker, connection, identity(said, fitting))
          }
          connection.abort(new Error('the attacker leaves'))
        }
        assert.ok(said >= addresses)
      }),
    )
    victim.alive()
    t.diagnostic(`${kept.toFixed(1)} MiB stay, ${peak.toFixed(1)} at the most`)
    assert.ok(kept < 16, `${kept} MiB stay`)
  }
  assert.equal((await victim.call('self')).nodes[0]?.state, 'connected')
})
