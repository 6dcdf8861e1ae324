/** /quorum/mailbox/1.0.0 between peers and a node: what waits there, for whom, and what is sent to whom and when. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import { openMailboxes, type Mailboxes } from '../../node/mailboxes.ts'
import { MiB } from '../../protocol/base/units.ts'
import { identityFromSeed } from '../../protocol/identity/identity.ts'
import type { RelayNode } from '../../protocol/index.ts'
import { mailboxLimits } from '../../protocol/mailbox/limits.ts'
import { hashOf } from '../../protocol/mailbox/ticket.ts'
import { MailboxSession } from '../../protocol/mailbox/session.ts'
import { wireLimits } from '../../protocol/wire/limits.ts'
import type { Parcel } from '../../protocol/wire/mailbox.ts'
import { bareHost, connectTo } from '../support/circuit.ts'
import { undo } from '../support/cleanup.ts'
import { guardProcess } from '../support/guard.ts'
import { startNode, until } from '../support/network.ts'
import { change } from '../support/numbers.ts'
import { refused } from '../support/refused.ts'

guardProcess()

interface Visit {
  peer: string
  session: MailboxSession
  /** All parcels so far. */
  parcels: Parcel[]
}

async function nodeWithStore(t: TestContext): Promise<{ node: RelayNode; store: Mailboxes }> {
  const store = openMailboxes(':memory:')
  const node = await startNode(t, { store })
  undo(t).defer(async () => {
    await node.stop()
    store.close()
  })
  return { node, store }
}

/** A peer at the node. `seed`: of an identity that was there before. */
async function visit(t: TestContext, node: RelayNode, seed = randomBytes(32)): Promise<Visit> {
  const { peer, privateKey } = await identityFromSeed(seed)
  const host = await bareHost(privateKey)
  undo(t).defer(() => host.stop())
  const parcels: Parcel[] = []
  const session = await MailboxSession.open(await connectTo(host, node.addresses()[0] ?? ''), async (parcel) => {
    parcels.push(parcel)
  })
  return { peer, session, parcels }
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

test('what is left for somebody who is away is sent when they come, in order, and again until they have it', async (t) => {
  const { node } = await nodeWithStore(t)
  const seed = randomBytes(32)
  const ticket = randomBytes(32)
  const before = await visit(t, node, seed)
  await before.session.tickets([hashOf(ticket)])
  before.session.close()
  await before.session.closed
  const alice = await visit(t, node)
  const sent = Array.from({ length: 20 }, () => ({ id: randomBytes(16), sealed: randomBytes(2000) }))
  sent.push({ id: randomBytes(16), sealed: randomBytes(wireLimits.parcel) })
  for (const { id, sealed } of sent) {
    assert.equal(await alice.session.leave(before.peer, id, ticket, sealed), 'held')
  }
  const bob = await visit(t, node, seed)
  await until(() => bob.parcels.length === sent.length, 'all arrive')
  assert.deepEqual(
    bob.parcels.map(({ parcelId, ticketHash, sealed }) => [text(parcelId), text(ticketHash), sealed.byteLength]),
    sent.map(({ id, sealed }) => [text(id), text(hashOf(ticket)), sealed.byteLength]),
  )
  assert.deepEqual(
    bob.parcels.map(({ sealed }) => Buffer.from(sealed)),
    sent.map(({ sealed }) => sealed),
  )
  bob.session.close()
  const again = await visit(t, node, seed)
  await until(() => again.parcels.length === sent.length, 'nothing was taken')
  await again.session.taken(sent.slice(1).map(({ id }) => id))
  again.session.close()
  const last = await visit(t, node, seed)
  await until(() => last.parcels.length === 1, 'one was not taken')
  assert.equal(text(last.parcels[0]?.parcelId ?? randomBytes(16)), text(sent[0]?.id ?? randomBytes(16)))
  assert.deepEqual(alice.parcels, [])
})

test('who is there gets it at once; a newer session of theirs takes the place of the older one', async (t) => {
  const { node } = await nodeWithStore(t)
  const seed = randomBytes(32)
  const ticket = randomBytes(32)
  const [older, alice] = [await visit(t, node, seed), await visit(t, node)]
  await older.session.tickets([hashOf(ticket)])
  await alice.session.leave(older.peer, randomBytes(16), ticket, randomBytes(10))
  await until(() => older.parcels.length === 1, 'it is sent')
  const newer = await visit(t, node, seed)
  await older.session.closed
  await alice.session.leave(older.peer, randomBytes(16), ticket, randomBytes(10))
  await until(() => newer.parcels.length === 2, 'both are sent')
  assert.equal(older.parcels.length, 1)
})

test('without the ticket nobody leaves or withdraws anything, and an unknown peer is answered the same', async (t) => {
  const { node, store } = await nodeWithStore(t)
  const [bob, alice, mallory] = [await visit(t, node), await visit(t, node), await visit(t, node)]
  const [ticket, id] = [randomBytes(32), randomBytes(16)]
  await bob.session.tickets([hashOf(ticket)])
  bob.session.close()
  await bob.session.closed
  const { peer: nobody } = await identityFromSeed(randomBytes(32))
  assert.equal(await mallory.session.leave(bob.peer, randomBytes(16), randomBytes(32), randomBytes(9)), 'no-ticket')
  assert.equal(await mallory.session.leave(nobody, randomBytes(16), randomBytes(32), randomBytes(9)), 'no-ticket')
  // The hash is what a seized node has.
  const fromDisk = Buffer.concat([hashOf(ticket), Buffer.alloc(16)])
  assert.equal(await mallory.session.leave(bob.peer, randomBytes(16), fromDisk, randomBytes(9)), 'no-ticket')
  await alice.session.leave(bob.peer, id, ticket, randomBytes(9))
  await mallory.session.withdraw(bob.peer, id, randomBytes(32))
  await mallory.session.taken([id])
  assert.equal(store.parcels.parcels(bob.peer).length, 1)
  await alice.session.withdraw(bob.peer, id, ticket)
  assert.equal(store.parcels.parcels(bob.peer).length, 0)
})

test('a friend who fills their part is told so; others still leave something', async (t) => {
  change(t, mailboxLimits, { perTicket: { parcels: 4, bytes: 1 * MiB } })
  const { node } = await nodeWithStore(t)
  const [bob, alice] = [await visit(t, node), await visit(t, node)]
  const [hers, another] = [randomBytes(32), randomBytes(32)]
  await bob.session.tickets([hashOf(hers), hashOf(another)])
  bob.session.close()
  await bob.session.closed
  const outcomes = []
  for (let n = 0; n < 6; n++) {
    outcomes.push(await alice.session.leave(bob.peer, randomBytes(16), hers, randomBytes(9)))
  }
  assert.deepEqual(outcomes, ['held', 'held', 'held', 'held', 'full', 'full'])
  assert.equal(await alice.session.leave(bob.peer, randomBytes(16), another, randomBytes(9)), 'held')
})

test('a handler that is slow gets what waits bit by bit, and its answers are not held up', async (t) => {
  const { node } = await nodeWithStore(t)
  const seed = randomBytes(32)
  const ticket = randomBytes(32)
  const [bob, alice] = [await visit(t, node, seed), await visit(t, node)]
  await bob.session.tickets([hashOf(ticket)])
  bob.session.close()
  await bob.session.closed
  const count = 4 * mailboxLimits.unhandled
  for (let n = 0; n < count; n++) await alice.session.leave(bob.peer, randomBytes(16), ticket, randomBytes(100))
  const { privateKey } = await identityFromSeed(seed)
  const host = await bareHost(privateKey)
  undo(t).defer(() => host.stop())
  const open = Promise.withResolvers<void>()
  let handled = 0
  const slow = await MailboxSession.open(await connectTo(host, node.addresses()[0] ?? ''), async () => {
    await open.promise
    handled += 1
  })
  open.resolve()
  await until(() => handled === count, 'all are handled')
  await slow.taken([randomBytes(16)])
})

test('a handler that fails ends the session, and what it was for waits at the node', async (t) => {
  const { node, store } = await nodeWithStore(t)
  const seed = randomBytes(32)
  const ticket = randomBytes(32)
  const [bob, alice] = [await visit(t, node, seed), await visit(t, node)]
  await bob.session.tickets([hashOf(ticket)])
  bob.session.close()
  await bob.session.closed
  await alice.session.leave(bob.peer, randomBytes(16), ticket, randomBytes(100))
  const { privateKey } = await identityFromSeed(seed)
  const host = await bareHost(privateKey)
  undo(t).defer(() => host.stop())
  const failing = await MailboxSession.open(await connectTo(host, node.addresses()[0] ?? ''), () =>
    Promise.reject(new Error('The disk is full')),
  )
  await failing.closed
  await assert.rejects(failing.taken([]), refused('node-unreachable'))
  assert.equal(store.parcels.parcels(bob.peer).length, 1)
})

test('a node whose store has no parcels does not know the protocol', async (t) => {
  const whole = openMailboxes(':memory:')
  undo(t).defer(() => whole.close())
  const { parcels: _, ...store } = whole
  const node = await startNode(t, { store })
  await assert.rejects(visit(t, node), /protocol/iu)
})
