/** A stranger that announces ten thousand addresses by identify (docs/threats.md 16). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { toError } from '../../protocol/base/errors.ts'
import { push } from '../../protocol/net/streams.ts'
import { frame } from '../../protocol/wire/framing.ts'
import { startAttacker, type Attacker } from '../support/attacker.ts'
import { besides } from '../support/bystanders.ts'
import { guardProcess } from '../support/guard.ts'
import { befriend, startNode, startPeer } from '../support/network.ts'
import { patience } from '../support/until.ts'
import { startVictim } from '../support/victim.ts'

guardProcess()

const identifyProtocol = '/ipfs/id/1.0.0'
/** Addresses in one announcement. */
const addresses = 10_000
/** Addresses in one of several messages: libp2p reads at most ten messages of 8 KiB. */
const fitting = 800
/** Identities that send an announcement, each in both forms. */
const liars = 12

/** An identify answer with `count` unique addresses: field 2, repeated. */
function claim(first: number, count: number): Uint8Array {
  return Buffer.concat(
    Array.from({ length: count }, (_, index) => {
      const number = first + index
      const { bytes } = multiaddr(`/ip4/5.${number >> 16}.${(number >> 8) & 255}.${number & 255}/tcp/4001`)
      return Buffer.concat([Buffer.from([0x12, bytes.byteLength]), bytes])
    }),
  )
}

/** Connects and sends the announcement when asked; resolves when it has been received or refused. */
async function lie(attacker: Attacker, target: string, messages: readonly Uint8Array[]): Promise<void> {
  const received = Promise.withResolvers<void>()
  const respond = async (stream: Stream): Promise<void> => {
    try {
      for (const message of messages) await push(stream, frame(message), AbortSignal.timeout(patience))
      await stream.close({ signal: AbortSignal.timeout(patience) })
    } catch (error) {
      // The other side ends the stream before everything is sent.
      stream.abort(toError(error))
    } finally {
      received.resolve()
    }
  }
  await attacker.host.handle(identifyProtocol, respond, { force: true, runOnLimitedConnection: true })
  const connection = await attacker.dial(target)
  await received.promise
  // The last announcement is still being read.
  await connection.newStream('/ipfs/ping/1.0.0', { signal: AbortSignal.timeout(patience) }).catch(() => undefined)
  connection.abort(new Error('the attacker leaves'))
}

test('hostile 16: ten thousand addresses in identify cost a peer and a node little, in one message or several', async (t) => {
  const victim = await startVictim(t)
  const node = await startNode(t)
  const nodes = node.addresses()
  const [one, two] = [await startPeer(t, { nodes }), await startPeer(t, { nodes })]
  await befriend(one, two)
  const pair = { from: one, to: two.id, received: () => two.messages({ peer: one.id, limit: 1000 }) }
  const atOnce = [claim(0, addresses)]
  const bits = Array.from({ length: Math.ceil(addresses / fitting) }, (_, bit) => claim(bit * fitting, fitting))
  const lies = async (target: string, count: number): Promise<void> => {
    for (let number = 0; number < count; number += 1) {
      for (const messages of [atOnce, bits]) await lie(await startAttacker(t), target, messages)
    }
  }
  for (const target of [victim.address, victim.node]) {
    // The first announcement also costs memory for code that runs for the first time.
    await lies(target, 3)
    const { kept, peak } = await victim.growth(() => besides(t, [pair], () => lies(target, liars)))
    victim.alive()
    t.diagnostic(`${kept.toFixed(1)} MiB stay, ${peak.toFixed(1)} at the most`)
    assert.ok(kept < 16, `${kept} MiB stay`)
  }
  assert.equal((await victim.call('self')).nodes[0]?.state, 'connected')
})
