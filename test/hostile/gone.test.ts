/** What is said to be destroyed is destroyed (docs/threats.md 61-62): keys past their time, in every file. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openMemoryStore } from '../../protocol/index.ts'
import { identityLimits } from '../../protocol/identity/limits.ts'
import { guardProcess } from '../support/guard.ts'
import { startPeer } from '../support/network.ts'

guardProcess()

const life = identityLimits.sealingKeyRenewed + identityLimits.sealingKeyKept

test('hostile 61: a peer destroys the sealing keys that are past their time when it starts', async (t) => {
  const store = openMemoryStore()
  const now = Date.now()
  const [old, last] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]
  store.putSealingKey({ publicKey: old, secretKey: old, createdAt: now - life - 1000 })
  store.putSealingKey({ publicKey: last, secretKey: last, createdAt: now - life + 60_000 })
  await startPeer(t, { store, now: () => now })
  const kept = store.sealingKeys().map(({ publicKey }) => Buffer.from(publicKey))
  assert.ok(!kept.some((key) => key.equals(old)))
  assert.ok(kept.some((key) => key.equals(last)))
})
