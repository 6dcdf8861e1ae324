/** Data for libp2p's own protocols: their handlers read without bound (docs/threats.md 79). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Line, startAttacker } from '../support/attacker.ts'
import { guardProcess } from '../support/guard.ts'
import { until } from '../support/until.ts'
import { startVictim } from '../support/victim.ts'

guardProcess()

/** MiB by which the victim's process may grow. */
const mostGrowth = 48
const MiB = 1024 * 1024
const hop = '/libp2p/circuit/relay/0.2.0/hop'
const stop = '/libp2p/circuit/relay/0.2.0/stop'
const ping = '/ipfs/ping/1.0.0'
/** A message of 4 MiB begins, and does not end. */
const endless = Uint8Array.of(0xff, 0xff, 0xff, 0x01)

test('hostile 79: a message without end for a protocol of libp2p takes no memory, at a node and at a peer', async (t) => {
  const victim = await startVictim(t)
  for (const door of victim.doors) {
    const mallory = await startAttacker(t)
    const connection = await mallory.dial(door.address)
    const protocol = door.name.startsWith('a node') ? hop : ping
    const { peak } = await victim.growth(async () => {
      const lines: Line[] = []
      for (let n = 0; n < 48 && connection.status === 'open'; n++) {
        const line = await mallory.open(connection, protocol, false).catch(() => undefined)
        if (line != null) lines.push(line)
      }
      assert.ok(lines.length > 0)
      await Promise.all(
        lines.map(async (line) => {
          await line.write(endless)
          for (let sent = 0; sent < 3 * MiB; sent += 256 * 1024)
            if (!(await line.write(new Uint8Array(256 * 1024)))) break
        }),
      )
      await Promise.all(lines.map((line) => line.dropped()))
    })
    t.diagnostic(`${door.name}: ${peak.toFixed(1)} MiB`)
    assert.ok(peak < mostGrowth, `${door.name}: ${peak} MiB`)
  }
  victim.alive()
})

test('hostile 79: an answer without end to the request for a circuit takes no memory of a node', async (t) => {
  const victim = await startVictim(t)
  const [callee, caller] = [await startAttacker(t), await startAttacker(t)]
  const asked: Line[] = []
  await callee.host.handle(
    stop,
    async (stream) => {
      const line = new Line(stream, false)
      asked.push(line)
      await line.write(endless)
      for (let sent = 0; sent < 3 * MiB && (await line.write(new Uint8Array(256 * 1024)));) sent += 256 * 1024
    },
    { maxInboundStreams: 1000, force: true },
  )
  const id = callee.host.peerId.toMultihash().bytes
  const reserve = Uint8Array.of(8, 0)
  const connect = Buffer.concat([Uint8Array.of(8, 1, 18, id.length + 2, 10, id.length), id])
  const { peak } = await victim.growth(async () => {
    const reservation = await callee.open(await callee.dial(victim.node), hop)
    await reservation.send(reserve)
    await reservation.frame(0)
    const connection = await caller.dial(victim.node)
    for (let n = 0; n < 48; n++) await (await caller.open(connection, hop)).send(connect)
    await until(
      () => asked.length >= 16,
      () => `${asked.length} are asked`,
    )
    await Promise.all(asked.map((line) => line.dropped()))
  })
  t.diagnostic(`${asked.length} asked, ${peak.toFixed(1)} MiB`)
  assert.ok(peak < mostGrowth, `${peak} MiB`)
  victim.alive()
})
