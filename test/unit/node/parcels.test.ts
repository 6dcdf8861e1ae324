/** Parcels at a node: who may leave them, what gives way to what, and what a node's file tells. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { nodeLimits } from '../../../node/limits.ts'
import { openMailboxes, type Mailboxes } from '../../../node/mailboxes.ts'
import { MiB } from '../../../protocol/base/units.ts'
import { mailboxLimits } from '../../../protocol/mailbox/limits.ts'
import { folder } from '../../support/cleanup.ts'
import { change } from '../../support/numbers.ts'
import { refused } from '../../support/refused.ts'

// The calls are made one after the other here.
Object.assign(nodeLimits, { writeWindow: 0 })

const now = 1_800_000_000_000
const ticket = (n: number): Uint8Array => new Uint8Array(16).fill(n)
const id = (n: number): Uint8Array => new Uint8Array(new Uint32Array(4).fill(n).buffer)

function inMemory(t: TestContext): Mailboxes {
  const mail = openMailboxes(':memory:')
  t.after(() => mail.close())
  return mail
}

const one = (n: number, hash: Uint8Array, size = 10) => ({
  parcelId: id(n),
  ticketHash: hash,
  sealed: new Uint8Array(size).fill(n),
})

test('a parcel is held under a ticket that its recipient gave, once, until it is taken or withdrawn', async (t) => {
  const { parcels } = inMemory(t)
  assert.equal(await parcels.leave('bob', one(1, ticket(1)), now), 'no-ticket', 'nobody knows bob')
  await parcels.setTickets('bob', [ticket(1), ticket(2)], now)
  assert.equal(await parcels.leave('bob', one(1, ticket(3)), now), 'no-ticket')
  assert.equal(await parcels.leave('carol', one(1, ticket(1)), now), 'no-ticket', 'it is a ticket of bob')
  assert.equal(await parcels.leave('bob', one(1, ticket(1)), now), 'held')
  assert.equal(await parcels.leave('bob', one(1, ticket(1)), now + 1), 'held', 'again')
  assert.equal(await parcels.leave('bob', one(2, ticket(2)), now + 2), 'held')
  const held = parcels.parcels('bob')
  assert.deepEqual(
    held.map(({ parcelId, ticketHash, bytes, heldSince }) => [parcelId, ticketHash, bytes, heldSince]),
    [
      [id(1), ticket(1), 10, now],
      [id(2), ticket(2), 10, now + 2],
    ],
  )
  assert.deepEqual(parcels.nextParcel('bob', 0), held[0])
  assert.deepEqual(parcels.nextParcel('bob', held[0]?.id ?? 0), held[1])
  assert.equal(parcels.nextParcel('bob', held[1]?.id ?? 0), undefined)
  assert.deepEqual(parcels.parcel('bob', id(2), ticket(2)), new Uint8Array(10).fill(2))
  assert.equal(parcels.parcel('bob', id(2), ticket(1)), undefined)
  await parcels.withdraw('bob', id(1), ticket(2))
  await parcels.take('carol', [id(1), id(2)])
  assert.equal(parcels.parcels('bob').length, 2, 'neither a wrong ticket nor another peer takes one')
  await parcels.withdraw('bob', id(1), ticket(1))
  await parcels.take('bob', [id(2), id(9)])
  assert.deepEqual(parcels.parcels('bob'), [])
})

test('a ticket that is not named any more takes what lies under it with it', async (t) => {
  const { parcels } = inMemory(t)
  await parcels.setTickets('bob', [ticket(1), ticket(2)], now)
  await parcels.leave('bob', one(1, ticket(1)), now)
  await parcels.leave('bob', one(2, ticket(2)), now)
  await parcels.setTickets('bob', [ticket(2), ticket(3)], now)
  assert.deepEqual(
    parcels.parcels('bob').map(({ parcelId }) => parcelId),
    [id(2)],
  )
  assert.equal(await parcels.leave('bob', one(3, ticket(1)), now), 'no-ticket')
  assert.equal(await parcels.leave('bob', one(3, ticket(3)), now), 'held')
  await parcels.setTickets('bob', [], now)
  assert.deepEqual(parcels.parcels('bob'), [])
})

test('one friend has a bounded number of parcels and bytes, and is told', async (t) => {
  const { parcels } = inMemory(t)
  change(t, mailboxLimits, { perTicket: { parcels: 3, bytes: 5000 } })
  await parcels.setTickets('bob', [ticket(1), ticket(2)], now)
  for (let n = 1; n <= 3; n++) assert.equal(await parcels.leave('bob', one(n, ticket(1)), now), 'held')
  assert.equal(await parcels.leave('bob', one(4, ticket(1)), now), 'full')
  assert.equal(await parcels.leave('bob', one(4, ticket(2), 4600), now), 'held')
  assert.equal(await parcels.leave('bob', one(5, ticket(2), 200), now), 'full')
  await parcels.withdraw('bob', id(2), ticket(1))
  assert.equal(await parcels.leave('bob', one(6, ticket(1)), now), 'held')
})

test('of a full mailbox, the oldest of the friend with the most gives way; who has the most is refused', async (t) => {
  const { parcels } = inMemory(t)
  change(t, mailboxLimits, { perRecipient: { parcels: 5, bytes: 1 * MiB } })
  await parcels.setTickets('bob', [ticket(1), ticket(2)], now)
  for (let n = 1; n <= 5; n++) await parcels.leave('bob', one(n, ticket(1)), now)
  assert.equal(await parcels.leave('bob', one(6, ticket(1)), now), 'full')
  assert.equal(await parcels.leave('bob', one(7, ticket(2)), now), 'held')
  assert.equal(await parcels.leave('bob', one(8, ticket(2)), now), 'held')
  assert.deepEqual(
    parcels.parcels('bob').map(({ parcelId }) => parcelId),
    [id(3), id(4), id(5), id(7), id(8)],
  )
  assert.equal(await parcels.leave('bob', one(9, ticket(2)), now), 'full', 'both would have as much')
})

test('parcels and tickets expire, are forgotten with their owner, and are there after a restart', async (t) => {
  const file = path.join(folder(t), 'held.db')
  const first = openMailboxes(file)
  await first.parcels.setTickets('bob', [ticket(1)], now)
  await first.parcels.leave('bob', one(1, ticket(1)), now)
  first.close()
  const mail = openMailboxes(file)
  t.after(() => mail.close())
  const { parcels } = mail
  assert.equal(parcels.parcels('bob').length, 1)
  await mail.expire(now + mailboxLimits.heldFor)
  assert.equal(await parcels.leave('bob', one(2, ticket(1)), now + mailboxLimits.heldFor), 'held', 'on the last day')
  // The same tickets once more: bob was there.
  await parcels.setTickets('bob', [ticket(1)], now + 5)
  await mail.expire(now + mailboxLimits.heldFor + 1)
  assert.deepEqual(
    parcels.parcels('bob').map(({ parcelId }) => parcelId),
    [id(2)],
  )
  await mail.expire(now + mailboxLimits.heldFor + 6)
  assert.equal(await parcels.leave('bob', one(3, ticket(1)), now), 'no-ticket', 'bob was away for too long')
  await parcels.setTickets('bob', [ticket(1)], now)
  await mail.forget('bob')
  assert.deepEqual(parcels.parcels('bob'), [])
  assert.equal(await parcels.leave('bob', one(4, ticket(1)), now), 'no-ticket')
})

test('one address fills only its share of the disk, and gives way when it is full', async (t) => {
  change(t, mailboxLimits, { held: 20_000, heldPerAddress: 15_000, ticketsPerAddress: 1000 })
  const { parcels } = inMemory(t)
  for (const name of ['bob', 'carol', 'dave']) await parcels.setTickets(name, [ticket(1)], now)
  for (let n = 0; n < 14; n++) await parcels.leave('bob', one(n, ticket(1), 700), now, ['192.0.2.1'])
  await assert.rejects(
    parcels.leave('carol', one(1, ticket(1), 6000), now, ['192.0.2.1']),
    refused('rate-limited'),
    'whoever it is for',
  )
  assert.equal(await parcels.leave('carol', one(1, ticket(1), 5000), now, ['192.0.2.2']), 'held')
  assert.equal(await parcels.leave('dave', one(1, ticket(1), 4000), now, ['192.0.2.3']), 'held')
  assert.ok(parcels.parcels('bob').length < 14)
  assert.equal(parcels.parcels('carol').length, 1)
  await parcels.setTickets(
    'eve',
    Array.from({ length: 40 }, (_, n) => ticket(n)),
    now,
    ['192.0.2.1'],
  )
  await assert.rejects(parcels.setTickets('mallory', [ticket(1)], now, ['192.0.2.1']), refused('rate-limited'))
})

test('the file names neither who left a parcel nor whom it is for', async (t) => {
  const file = path.join(folder(t), 'held.db')
  const mail = openMailboxes(file)
  const [bob, secret] = ['12D3KooWLJtG8fd2hkQzTn96MrLvThmnNQjTUFZwGEsLRz5EmSzc', randomBytes(16)]
  await mail.parcels.setTickets(bob, [secret], now, ['198.51.100.77'])
  await mail.parcels.leave(bob, one(1, secret), now, ['198.51.100.78'])
  mail.close()
  const stored = fs.readFileSync(file)
  assert.ok(stored.includes(secret), 'the hash that both know')
  for (const name of [bob, '198.51.100.77', '198.51.100.78']) assert.ok(!stored.includes(name), name)
})
