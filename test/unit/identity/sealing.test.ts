/** Sealed envelopes: which keys open them, and until when. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { keyIdOf } from '../../../protocol/identity/hpke.ts'
import { peerFromPublicKey } from '../../../protocol/identity/identity.ts'
import { identityLimits } from '../../../protocol/identity/limits.ts'
import { seal, sealBox, SealingKeys } from '../../../protocol/identity/sealing.ts'
import { openMemoryStore } from '../../../protocol/store/memory.ts'
import { hybridKeyBytes } from '../../../protocol/wire/sealing-key.ts'
import { alice, bob } from '../../support/people.ts'
import { refused } from '../../support/refused.ts'
import { until } from '../../support/until.ts'

const secret = Buffer.from('a note that the node must not read')
const start = Date.UTC(2026, 0, 1)
const day = 86_400_000

function bobsKeys(t: TestContext) {
  const store = openMemoryStore()
  t.after(() => store.close())
  const clock = { now: start }
  return { clock, store, keys: new SealingKeys(bob, store, () => clock.now) }
}

test('data sealed to a sealing key is opened by its owner', async (t) => {
  const { keys } = bobsKeys(t)
  const envelope = sealBox(secret, bob.peer, keys.current())
  assert.equal(envelope.keyId.byteLength, 8)
  assert.deepEqual(await keys.open(envelope), secret)
})

test('without a sealing key, data is sealed to the PeerId', async (t) => {
  const envelope = sealBox(secret, bob.peer, undefined)
  assert.equal(envelope.keyId.byteLength, 0)
  assert.deepEqual(await bobsKeys(t).keys.open(envelope), secret)
})

test('no other peer opens an envelope, and its content is not visible', async (t) => {
  const { keys, store } = bobsKeys(t)
  const others = new SealingKeys(alice, store, () => start)
  await assert.rejects(others.open(sealBox(secret, bob.peer, undefined)), refused('verification-failed'))
  const { sealed } = sealBox(secret, bob.peer, keys.current())
  assert.ok(!Buffer.from(sealed).includes(secret.subarray(0, 8)))
  assert.notDeepEqual(sealBox(secret, bob.peer, keys.current()).sealed, sealed)
})

test('changed, cut and misaddressed envelopes do not open', async (t) => {
  const { keys } = bobsKeys(t)
  const envelope = sealBox(secret, bob.peer, keys.current())
  const changed = Buffer.from(envelope.sealed)
  changed[40] = (changed[40] ?? 0) ^ 1
  for (const forged of [
    { ...envelope, sealed: changed },
    { ...envelope, sealed: envelope.sealed.subarray(0, 48) },
    { ...envelope, sealed: new Uint8Array() },
    { ...envelope, keyId: new Uint8Array(8) },
    { ...envelope, keyId: new Uint8Array() },
  ]) {
    await assert.rejects(keys.open(forged), refused('verification-failed'))
  }
})

test('a key is used for a week, then replaced; the old one still opens envelopes', async (t) => {
  const { keys, clock } = bobsKeys(t)
  const first = keys.current()
  assert.equal(first.expiresAt, start + identityLimits.sealingKeyRenewed + identityLimits.sealingKeyKept)
  const envelope = sealBox(secret, bob.peer, first)
  clock.now = start + 7 * day - 1
  assert.ok(Buffer.from(first.publicKey).equals(keys.current().publicKey))
  clock.now = start + 7 * day
  assert.notDeepEqual(keys.current().publicKey, first.publicKey)
  assert.deepEqual(await keys.open(envelope), secret)
})

test('35 days after its week a key is destroyed, and envelopes sealed to it cannot be opened', async (t) => {
  const { keys, clock, store } = bobsKeys(t)
  const envelope = sealBox(secret, bob.peer, keys.current())
  clock.now = start + 42 * day
  keys.current()
  assert.deepEqual(await keys.open(envelope), secret, 'on its last day')
  clock.now += 1
  keys.current()
  await assert.rejects(keys.open(envelope), refused('verification-failed'))
  assert.equal(store.sealingKeys().length, 1)
})

test('an envelope that arrives after the time of its key does not open, and the key is destroyed', async (t) => {
  const { keys, clock, store } = bobsKeys(t)
  const envelope = sealBox(secret, bob.peer, keys.current())
  clock.now = start + 42 * day + 1
  await assert.rejects(keys.open(envelope), refused('verification-failed'))
  assert.equal(store.sealingKeys().length, 0)
})

test('a key that is past its time stays until what waits at nodes was collected, and not for ever', async (t) => {
  const { store, clock } = bobsKeys(t)
  let collected = false
  const keys = new SealingKeys(
    bob,
    store,
    () => clock.now,
    () => collected,
  )
  await keys.prepare()
  const { hybridKey } = keys.current()
  const keyId = keyIdOf(hybridKey ?? assert.fail('it has no hybrid half'))
  const envelope = await seal(secret, bob.peer, keys.current())
  clock.now = start + 43 * day
  assert.notEqual(keys.hybridSeed(keyId), undefined)
  await assert.rejects(keys.open(envelope), refused('verification-failed'), 'an envelope is no older than its key')
  clock.now = start + 90 * day + 1
  assert.equal(keys.hybridSeed(keyId), undefined)
  await keys.prepare()
  const next = keyIdOf(keys.current().hybridKey ?? assert.fail('it has no hybrid half'))
  clock.now += 43 * day
  assert.notEqual(keys.hybridSeed(next), undefined)
  collected = true
  assert.equal(keys.hybridSeed(next), undefined)
  assert.equal(store.sealingKeys().length, 0)
})

test('expired keys are destroyed while nothing is announced or opened', async (t) => {
  const { keys, clock, store } = bobsKeys(t)
  keys.current()
  const failed = (error: Error): never => assert.fail(error)
  const ticks = new Set<() => void>()
  const every = (work: () => void): (() => void) => {
    ticks.add(work)
    return () => ticks.delete(work)
  }
  await keys.start({ failed, every })
  const oldest = store.sealingKeys().at(-1)?.createdAt
  clock.now = start + 42 * day
  for (const tick of ticks) tick()
  await until(() => store.sealingKeys().length === 2, 'there is a new one')
  assert.equal(store.sealingKeys().at(-1)?.createdAt, oldest, 'on its last day')
  clock.now += 1
  for (const tick of ticks) tick()
  await until(() => store.sealingKeys().length === 1, 'it is destroyed')
  assert.notEqual(store.sealingKeys().at(-1)?.createdAt, oldest)
  await keys.stop()
  assert.equal(ticks.size, 0)
})

test('keys that expired while nothing ran are destroyed at the start', async (t) => {
  const { keys, clock, store } = bobsKeys(t)
  keys.current()
  clock.now = start + 43 * day
  await keys.start({ failed: (error) => assert.fail(error), every: () => () => undefined })
  assert.deepEqual(
    store.sealingKeys().map(({ createdAt }) => createdAt),
    [clock.now],
  )
})

test('a clock that was far ahead does not leave a key stored for years', async (t) => {
  const { keys, clock } = bobsKeys(t)
  clock.now = start + 3650 * day
  const ahead = keys.current()
  const envelope = sealBox(secret, bob.peer, ahead)
  clock.now = start
  const now = keys.current()
  assert.notDeepEqual(now.publicKey, ahead.publicKey)
  assert.ok(now.expiresAt < start + 43 * day)
  assert.deepEqual(await keys.open(envelope), secret, 'what was sealed to it meanwhile can still be opened')
  clock.now = start + 35 * day + 1
  keys.destroyExpired()
  await assert.rejects(keys.open(envelope), refused('verification-failed'))
})

test('a PeerId without a possible owner is refused as a recipient', () => {
  // The point of order one.
  const nobody = peerFromPublicKey(Uint8Array.of(1, ...new Uint8Array(31)))
  assert.throws(() => sealBox(secret, nobody, undefined), refused('bad-request'))
})

test('once it is prepared, a key has an X-Wing half of the same life, and what is sealed is sealed to that', async (t) => {
  const { keys, clock, store } = bobsKeys(t)
  keys.current()
  const before = keys.current()
  assert.equal(before.hybridKey, undefined)
  await keys.prepare()
  const key = keys.current()
  assert.deepEqual([key.publicKey, key.expiresAt], [before.publicKey, before.expiresAt])
  assert.equal(key.hybridKey?.byteLength, hybridKeyBytes)
  await keys.prepare()
  assert.deepEqual(keys.current(), key, 'it is made once')

  const envelope = await seal(secret, bob.peer, key)
  assert.notDeepEqual(envelope.keyId, sealBox(secret, bob.peer, key).keyId)
  assert.deepEqual(Buffer.from(await keys.open(envelope)), secret)
  assert.ok(!Buffer.from(envelope.sealed).includes(secret.subarray(0, 8)))
  // Only the X25519 half is known to it: neither opens what is for the other.
  const [row] = store.sealingKeys()
  assert.ok(row?.hybrid)
  const { hybrid, ...half } = row
  const other = openMemoryStore()
  t.after(() => other.close())
  other.putSealingKey(half)
  const others = new SealingKeys(bob, other, () => clock.now)
  await assert.rejects(others.open(envelope), refused('verification-failed'))
  assert.deepEqual(await others.open(sealBox(secret, bob.peer, key)), secret)
  other.putSealingKey({ ...half, hybrid })
  await assert.rejects(
    new SealingKeys(alice, other, () => clock.now).open(envelope),
    refused('verification-failed'),
    'it is bound to its recipient',
  )

  clock.now = start + 42 * day + 1
  await assert.rejects(keys.open(envelope), refused('verification-failed'))
  assert.equal(store.sealingKeys().length, 0)
})

test('somebody who announces an X-Wing key that is none gets a sealed box, as from earlier versions', async (t) => {
  const { keys } = bobsKeys(t)
  const key = { ...keys.current(), hybridKey: new Uint8Array(hybridKeyBytes).fill(0xff) }
  assert.deepEqual(await keys.open(await seal(secret, bob.peer, key)), secret)
})
