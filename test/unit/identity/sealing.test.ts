/** Sealed envelopes: which keys open them, and until when. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { peerFromPublicKey } from '../../../protocol/identity/identity.ts'
import { identityLimits } from '../../../protocol/identity/limits.ts'
import { seal, SealingKeys } from '../../../protocol/identity/sealing.ts'
import { openMemoryStore } from '../../../protocol/store/memory.ts'
import { alice, bob } from '../../support/people.ts'
import { refused } from '../../support/refused.ts'

const secret = Buffer.from('a note that the node must not read')
const start = Date.UTC(2026, 0, 1)
const day = 86_400_000

function bobsKeys(t: TestContext) {
  const store = openMemoryStore()
  t.after(() => store.close())
  const clock = { now: start }
  return { clock, store, keys: new SealingKeys(bob, store, () => clock.now) }
}

test('data sealed to a sealing key is opened by its owner', (t) => {
  const { keys } = bobsKeys(t)
  const envelope = seal(secret, bob.peer, keys.current())
  assert.equal(envelope.keyId.byteLength, 8)
  assert.deepEqual(keys.open(envelope), secret)
})

test('without a sealing key, data is sealed to the PeerId', (t) => {
  const envelope = seal(secret, bob.peer, undefined)
  assert.equal(envelope.keyId.byteLength, 0)
  assert.deepEqual(bobsKeys(t).keys.open(envelope), secret)
})

test('no other peer opens an envelope, and its content is not visible', (t) => {
  const { keys, store } = bobsKeys(t)
  const others = new SealingKeys(alice, store, () => start)
  assert.throws(() => others.open(seal(secret, bob.peer, undefined)), refused('verification-failed'))
  const { sealed } = seal(secret, bob.peer, keys.current())
  assert.ok(!Buffer.from(sealed).includes(secret.subarray(0, 8)))
  assert.notDeepEqual(seal(secret, bob.peer, keys.current()).sealed, sealed)
})

test('changed, cut and misaddressed envelopes do not open', (t) => {
  const { keys } = bobsKeys(t)
  const envelope = seal(secret, bob.peer, keys.current())
  const changed = Buffer.from(envelope.sealed)
  changed[40] = (changed[40] ?? 0) ^ 1
  for (const forged of [
    { ...envelope, sealed: changed },
    { ...envelope, sealed: envelope.sealed.subarray(0, 48) },
    { ...envelope, sealed: new Uint8Array() },
    { ...envelope, keyId: new Uint8Array(8) },
    { ...envelope, keyId: new Uint8Array() },
  ]) {
    assert.throws(() => keys.open(forged), refused('verification-failed'))
  }
})

test('a key is used for a week, then replaced; the old one still opens envelopes', (t) => {
  const { keys, clock } = bobsKeys(t)
  const first = keys.current()
  assert.equal(first.expiresAt, start + identityLimits.sealingKeyRenewed + identityLimits.sealingKeyKept)
  const envelope = seal(secret, bob.peer, first)
  clock.now = start + 7 * day - 1
  assert.ok(Buffer.from(first.publicKey).equals(keys.current().publicKey))
  clock.now = start + 7 * day
  assert.notDeepEqual(keys.current().publicKey, first.publicKey)
  assert.deepEqual(keys.open(envelope), secret)
})

test('35 days after its week a key is destroyed, and envelopes sealed to it cannot be opened', (t) => {
  const { keys, clock, store } = bobsKeys(t)
  const envelope = seal(secret, bob.peer, keys.current())
  clock.now = start + 42 * day
  keys.current()
  assert.deepEqual(keys.open(envelope), secret, 'on its last day')
  clock.now += 1
  keys.current()
  assert.throws(() => keys.open(envelope), refused('verification-failed'))
  assert.equal(store.sealingKeys().length, 1)
})

test('an envelope that arrives after the time of its key does not open, and the key is destroyed', (t) => {
  const { keys, clock, store } = bobsKeys(t)
  const envelope = seal(secret, bob.peer, keys.current())
  clock.now = start + 42 * day + 1
  assert.throws(() => keys.open(envelope), refused('verification-failed'))
  assert.equal(store.sealingKeys().length, 0)
})

test('expired keys are destroyed while nothing is announced or opened', (t) => {
  const { keys, clock, store } = bobsKeys(t)
  keys.current()
  const failed = (error: Error): never => assert.fail(error)
  const ticks = new Set<() => void>()
  const every = (work: () => void): (() => void) => {
    ticks.add(work)
    return () => ticks.delete(work)
  }
  keys.start({ failed, every })
  clock.now = start + 42 * day
  for (const tick of ticks) tick()
  assert.equal(store.sealingKeys().length, 1, 'on its last day')
  clock.now += 1
  for (const tick of ticks) tick()
  assert.equal(store.sealingKeys().length, 0)
  keys.stop()
  assert.equal(ticks.size, 0)
})

test('keys that expired while nothing ran are destroyed at the start', (t) => {
  const { keys, clock, store } = bobsKeys(t)
  keys.current()
  clock.now = start + 43 * day
  keys.start({ failed: (error) => assert.fail(error), every: () => () => undefined })
  assert.equal(store.sealingKeys().length, 0)
})

test('a clock that was far ahead does not leave a key stored for years', (t) => {
  const { keys, clock } = bobsKeys(t)
  clock.now = start + 3650 * day
  const ahead = keys.current()
  const envelope = seal(secret, bob.peer, ahead)
  clock.now = start
  const now = keys.current()
  assert.notDeepEqual(now.publicKey, ahead.publicKey)
  assert.ok(now.expiresAt < start + 43 * day)
  assert.deepEqual(keys.open(envelope), secret, 'what was sealed to it meanwhile can still be opened')
  clock.now = start + 35 * day + 1
  keys.destroyExpired()
  assert.throws(() => keys.open(envelope), refused('verification-failed'))
})

test('a PeerId without a possible owner is refused as a recipient', () => {
  // The point of order one.
  const nobody = peerFromPublicKey(Uint8Array.of(1, ...new Uint8Array(31)))
  assert.throws(() => seal(secret, nobody, undefined), refused('bad-request'))
})
