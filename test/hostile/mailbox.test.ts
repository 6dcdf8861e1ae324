/** What strangers do with a node's mailboxes (docs/threats.md 96 to 98). Hostile bytes on them are in wire.test.ts. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import { identityFromSeed } from '../../protocol/identity/identity.ts'
import { mailboxLimits, mailboxRates } from '../../protocol/mailbox/limits.ts'
import { hashOf } from '../../protocol/mailbox/ticket.ts'
import { MailboxSession } from '../../protocol/mailbox/session.ts'
import { mailboxProtocol } from '../../protocol/net/policy.ts'
import { errorToData } from '../../protocol/base/errors.ts'
import { KiB } from '../../protocol/base/units.ts'
import { wireLimits } from '../../protocol/wire/limits.ts'
import { frame } from '../../protocol/wire/framing.ts'
import { Line } from '../support/attacker.ts'
import { bareHost, connectTo } from '../support/circuit.ts'
import { undo } from '../support/cleanup.ts'
import { guardProcess } from '../support/guard.ts'
import { startNode, until } from '../support/network.ts'
import { change } from '../support/numbers.ts'
import { startVictim } from '../support/victim.ts'

guardProcess()

/** MiB by which the victim's process may grow: what is held, and what it costs to hold and encrypt it. */
const mostGrowth = 48

/** A peer at `node` from a loopback address of its own. */
async function visit(t: TestContext, node: string, from: string, onParcel = async (): Promise<void> => {}) {
  const { peer, privateKey } = await identityFromSeed(randomBytes(32))
  const host = await bareHost(privateKey, from)
  undo(t).defer(() => host.stop())
  return { peer, host, session: await MailboxSession.open(await connectTo(host, node), onParcel) }
}

/** Identities of one address, each with a connection. */
const crowd = 120
/** The share of a node's places that an address keeps is smaller: they come from a few. */
const from = (n: number): string => `127.0.1.${1 + (n % 3)}`

async function crowdAt(t: TestContext, node: string) {
  const strangers = []
  for (let n = 0; n < crowd; n++) {
    const { peer, privateKey } = await identityFromSeed(randomBytes(32))
    const host = await bareHost(privateKey, from(n))
    undo(t).defer(() => host.stop())
    strangers.push({ peer, connection: await connectTo(host, node) })
  }
  return strangers
}

test('hostile 96: frames that never end take a bounded part of a node’s memory, and do not keep out others', async (t) => {
  const victim = await startVictim(t)
  const lines: Line[] = []
  const strangers = await crowdAt(t, victim.node)
  const { peak } = await victim.growth(async () => {
    const part = frame(randomBytes(wireLimits.parcel)).subarray(0, wireLimits.parcel - 10 * KiB)
    for (const { connection } of strangers) {
      for (let stream = 0; stream < mailboxLimits.streamsPerPeer; stream++) {
        const line = new Line(await connection.newStream(mailboxProtocol))
        lines.push(line)
        await line.write(part)
      }
    }
    await lines.at(-1)?.dropped()
    // Not because frames must end in time: earlier ones are still there.
    assert.ok(lines.some((line) => !line.over))
    const [bob, alice] = [await visit(t, victim.node, '127.0.0.8'), await visit(t, victim.node, '127.0.0.9')]
    const ticket = randomBytes(32)
    await bob.session.tickets([hashOf(ticket)])
    const large = randomBytes(wireLimits.parcel)
    assert.equal(await alice.session.leave(bob.peer, randomBytes(16), ticket, large), 'held')
  })
  victim.alive()
  t.diagnostic(`the process grew by ${peak.toFixed(1)} MiB`)
  assert.ok(peak < mostGrowth, `the process grew by ${peak} MiB at its highest`)
})

test('hostile 97: recipients that never read take a bounded part of a node’s memory, and do not keep out others', async (t) => {
  const victim = await startVictim(t)
  const ticket = randomBytes(32)
  // What is on its way to the first parcel's reader is in the streams' windows: the second one has to wait.
  const parcels = 2
  const strangers = await crowdAt(t, victim.node)
  for (const [n, { peer, connection }] of strangers.entries()) {
    const session = await MailboxSession.open(connection, async () => {})
    await session.tickets([hashOf(ticket)])
    for (let parcel = 0; parcel < parcels; parcel++) {
      const sealed = randomBytes(wireLimits.parcel)
      assert.equal(await session.leave(peer, randomBytes(16), ticket, sealed), 'held', `${n}`)
    }
    session.close()
    await session.closed
  }
  const { peak } = await victim.growth(async () => {
    for (const { connection } of strangers) {
      const stream = await connection.newStream(mailboxProtocol)
      stream.pause()
    }
    let arrived = 0
    const bob = await visit(t, victim.node, '127.0.0.8', async () => {
      arrived += 1
    })
    await bob.session.tickets([hashOf(ticket)])
    await bob.session.leave(bob.peer, randomBytes(16), ticket, randomBytes(wireLimits.parcel))
    await until(() => arrived === 1, 'what is for others is sent')
  })
  victim.alive()
  t.diagnostic(`the process grew by ${peak.toFixed(1)} MiB`)
  assert.ok(peak < mostGrowth, `the process grew by ${peak} MiB at its highest`)
})

test('hostile 98: calls, bytes and tickets of one address are bounded, whatever identities it has', async (t) => {
  change(t, mailboxLimits, { leftPerAddress: { tokens: 5000, per: 1e9 } })
  const address = (await startNode(t)).addresses()[0] ?? ''
  const codes = async (calls: (() => Promise<unknown>)[]): Promise<string[]> =>
    Promise.all(
      calls.map(async (call) => {
        try {
          return String(await call())
        } catch (error) {
          return errorToData(error).code
        }
      }),
    )
  const ticket = randomBytes(32)
  const bob = await visit(t, address, '127.0.0.7')
  const asked = Array.from(
    { length: 2 * mailboxRates.tickets.tokens },
    () => () => bob.session.tickets([hashOf(ticket)]),
  )
  const answers = await codes(asked)
  assert.ok(answers.filter((one) => one === 'undefined').length <= mailboxRates.tickets.tokens + 1, answers.join())
  assert.equal(answers.at(-1), 'rate-limited')
  // Whoever leaves something, and however they are called: the bytes are those of their address.
  let left = 0
  for (let identity = 0; identity < 4; identity++) {
    const alice = await visit(t, address, '127.0.0.9')
    const leave = () => alice.session.leave(bob.peer, randomBytes(16), ticket, randomBytes(1000))
    left += (await codes([leave, leave, leave])).filter((one) => one === 'held').length
  }
  assert.equal(left, 5)
  const other = await visit(t, address, '127.0.0.10')
  assert.equal(await other.session.leave(bob.peer, randomBytes(16), ticket, randomBytes(1000)), 'held')
})
