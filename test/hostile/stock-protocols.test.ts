/** Data for libp2p's own protocols: their handlers read without bound (docs/threats.md 79). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startAttacker, type Line } from '../support/attacker.ts'
import { guardProcess } from '../support/guard.ts'
import { startVictim } from '../support/victim.ts'

guardProcess()

/** MiB by which the victim's process may grow. */
const mostGrowth = 48
const MiB = 1024 * 1024
const hop = '/libp2p/circuit/relay/0.2.0/hop'
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
