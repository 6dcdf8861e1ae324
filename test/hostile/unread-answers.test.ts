/** Peers of one address that ask a node without end and read none of its answers (docs/threats.md 106). */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { limits } from '../../protocol/base/limits.ts'
import { directoryLimits, directoryRates } from '../../protocol/directory/limits.ts'
import { sign } from '../../protocol/identity/identity.ts'
import { directoryProtocol } from '../../protocol/net/policy.ts'
import { flag, initialWindow } from '../../protocol/net/yamux/frames.ts'
import { recordToWire } from '../../protocol/wire/contact.ts'
import { requestToWire } from '../../protocol/wire/directory.ts'
import { frame } from '../../protocol/wire/framing.ts'
import { startAttacker, type Attacker } from '../support/attacker.ts'
import type { SignedBytes } from '../../protocol/wire/codec.ts'
import { guardProcess } from '../support/guard.ts'
import { dialRaw, frames } from '../support/raw-muxer.ts'
import { startVictim } from '../support/victim.ts'
import { until } from '../support/until.ts'

guardProcess()

/** Peers of one address: some fewer than it may have connections at a full node. */
const crowd = 48
/** Lookups of each, whose answers are more than a window; and then requests as long as they may be. */
const lookups = 75
const paddedAfterwards = 100
/** Milliseconds after which a window that does not move is taken to be full, and a node to have read all it reads. */
const unmoved = 1000
/** MiB that may be in use for all of them. */
const most = 12

/** A request as long as a frame may be: with a field that no version knows. */
function padded(request: Uint8Array): Uint8Array {
  const room = directoryLimits.directoryFrame - request.byteLength - 8
  const field = Buffer.from([0xfa, 0x7f, (room & 0x7f) | 0x80, ((room >> 7) & 0x7f) | 0x80, room >> 14])
  return frame(Buffer.concat([request, field, Buffer.alloc(room)]))
}

/** A record with as many addresses as there may be: every answer with it is long. */
function longRecord({ identity }: Attacker): SignedBytes {
  const [nodes, addresses] = [limits.nodesTold, limits.addressesTold].map((many) =>
    Array.from(
      { length: many },
      (_, n) => `/dns4/${`${'x'.repeat(50)}.`.repeat(3)}org/tcp/${4001 + n}/p2p/${identity.peer}`,
    ),
  )
  const record = { sequence: 1, ttl: limits.recordTtl, nodes: nodes ?? [], addresses: addresses ?? [] }
  const wire = recordToWire(record)
  // Else a peer may not ask often enough to be owed more than its window takes.
  assert.ok(wire.byteLength * directoryRates.lookup.tokens > 400_000, `${wire.byteLength} bytes`)
  return sign(identity, 'quorum-record', wire)
}

/** Lines of multistream-select, by which a stream gets its protocol. */
const negotiation = ['/multistream/1.0.0', directoryProtocol].map((line) => frame(Buffer.from(`${line}\n`)))

/**
 * A directory session of a stranger that grants nothing: what its first window takes is all that it is sent. It sends
 * as much as the node grants, and returns whether all of it was sent before the node had enough.
 */
async function strangerAt(t: TestContext, address: string) {
  const raw = await dialRaw(t, address)
  await raw.write(frames({ flags: flag.syn, stream: 1, data: Buffer.concat(negotiation) }))
  let sent = 0
  return {
    raw,
    async send(request: Uint8Array): Promise<boolean> {
      const room = (): boolean => sent + request.byteLength <= initialWindow + raw.granted
      for (let waited = 0; !room() && waited < unmoved; waited += 10) await pause(10)
      if (raw.isReset(1) || !room()) return false
      sent += request.byteLength
      return raw.write(frames({ stream: 1, data: request }))
    },
  }
}

for (const over of ['TCP', 'WebSocket'] as const) {
  const scene = async (t: TestContext) => {
    const victim = await startVictim(t)
    const { address } = victim.doors.find(({ name }) => name === `a node over ${over}`) ?? assert.fail()
    const mallory = await startAttacker(t)
    const line = await mallory.open(await mallory.dial(address), directoryProtocol)
    await line.send(requestToWire(1, { call: 'announce', record: longRecord(mallory), handle: '' }))
    await line.frame(0)
    const lookup = requestToWire(2, { call: 'lookup', peer: mallory.identity.publicKey })
    // The victim's peer has a session, and the one that announced.
    const sessions = async (): Promise<number> => (await victim.nodeStats()).directorySessions - 2
    return { victim, address, lookup, sessions }
  }

  test(`hostile 106: a peer that reads no answers is dropped when it is owed a few of them (${over})`, async (t) => {
    const { victim, address, lookup, sessions } = await scene(t)
    const stranger = await strangerAt(t, address)
    await until(async () => (await sessions()) === 1, 'it has a session')
    for (let n = 0; n < directoryRates.lookup.tokens; n += 1) if (!(await stranger.send(frame(lookup)))) break
    await until(async () => (await sessions()) === 0, 'its session has ended')
    assert.ok(stranger.raw.isReset(1))
    victim.alive()
  })

  test(`hostile 106: what a crowd asks for and does not read takes little memory (${over})`, async (t) => {
    const { victim, address, lookup, sessions } = await scene(t)
    const strangers: Awaited<ReturnType<typeof strangerAt>>[] = []
    for (let n = 0; n < crowd; n += 1) strangers.push(await strangerAt(t, address))
    await until(async () => (await sessions()) === crowd, 'all have sessions')
    const before = await victim.inUse()
    const flood = async ({ send }: (typeof strangers)[number]): Promise<void> => {
      for (let n = 0; n < lookups; n += 1) if (!(await send(frame(lookup)))) return
      for (let n = 0; n < paddedAfterwards; n += 1) if (!(await send(padded(lookup)))) return
    }
    await Promise.all(strangers.map(flood))
    const answered = async () => Object.values((await victim.nodeStats()).requests).reduce((sum, many) => sum + many, 0)
    for (let last = -1, now = await answered(); now !== last; now = await answered()) {
      last = now
      await pause(unmoved)
    }
    const more = (await victim.inUse()) - before
    t.diagnostic(`${more.toFixed(1)} MiB more are in use; ${await sessions()} sessions go on`)
    assert.ok(more < most, `${more.toFixed(1)} MiB more are in use`)
    victim.alive()
  })
}
