/** What strangers make a node write to its disk (docs/threats.md 85). */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { sign } from '../../protocol/identity/identity.ts'
import { limits } from '../../protocol/base/limits.ts'
import { directoryLimits } from '../../protocol/directory/limits.ts'
import { directoryProtocol } from '../../protocol/net/policy.ts'
import { recordToWire } from '../../protocol/wire/contact.ts'
import { frameFromWire, requestToWire, type DirectoryCall } from '../../protocol/wire/directory.ts'
import { startAttacker, type Attacker } from '../support/attacker.ts'
import { guardProcess } from '../support/guard.ts'
import { startOpenNode, until } from '../support/network.ts'
import { change, hour } from '../support/numbers.ts'

guardProcess()

/** Returns the outcome of each call; answers may come in any order. */
async function asker(attacker: Attacker, node: string): Promise<(calls: DirectoryCall[]) => Promise<string[]>> {
  const line = await attacker.open(await attacker.dial(node), directoryProtocol)
  const outcomes = new Map<number, string>()
  let [asked, read] = [0, 0]
  return async (calls) => {
    const ids = calls.map(() => (asked += 1))
    for (const [at, call] of calls.entries()) await line.send(requestToWire(ids[at] ?? 0, call))
    await until(() => {
      for (; read < line.frames.length; read += 1) {
        const answer = frameFromWire(line.frames[read] ?? assert.fail())
        if (answer?.frame !== 'response') continue
        const { id, result } = answer
        outcomes.set(id, result.result === 'error' ? result.error.code : result.result)
      }
      return ids.every((id) => outcomes.has(id))
    }, 'all are answered')
    return ids.map((id) => outcomes.get(id) ?? '')
  }
}

test('hostile 85: identities of one address write no more than its rate, by whatever calls; deleting is not refused', async (t) => {
  const [own, shared, identities] = [2, 10, 8]
  change(t, directoryLimits, {
    writesPerPeer: { tokens: own, per: hour },
    writesPerAddress: { tokens: shared, per: hour },
  })
  const { address } = await startOpenNode(t)
  const of = (prefix: string, to: Uint8Array): ((n: number) => DirectoryCall)[] => [
    // The same slot again and again fills no share of the address.
    () => ({ call: 'postInvite', slot: Buffer.alloc(16, prefix), sealed: randomBytes(100), ttl: 1e6 }),
    () => ({ call: 'deliver', to, envelope: randomBytes(100) }),
    () => ({ call: 'postInvite', slot: randomBytes(16), sealed: randomBytes(100), ttl: 1e6 }),
  ]
  let written = 0
  for (let identity = 0; identity < identities; identity += 1) {
    const attacker = await startAttacker(t)
    const ask = await asker(attacker, address)
    const kinds = of(String(identity), randomBytes(32))
    const outcomes = await ask(Array.from({ length: 12 }, (_, n) => (kinds[n % kinds.length] ?? assert.fail())(n)))
    for (const one of outcomes) assert.match(one, /^(done|delivered|rate-limited)$/)
    const done = outcomes.filter((one) => one !== 'rate-limited').length
    assert.ok(done >= own, 'its own few remain to everybody')
    written += done
    if (identity < identities - 1) continue
    assert.equal(done, own)
    const record = sign(
      attacker.identity,
      'quorum-record',
      recordToWire({ sequence: 1, ttl: limits.recordTtl, nodes: [], addresses: [] }),
    )
    assert.deepEqual(
      await ask([
        { call: 'announce', record, handle: 'one-more' },
        { call: 'collected', ids: [1] },
        { call: 'deliver', to: randomBytes(32), envelope: randomBytes(100), fleeting: true },
        { call: 'lookup', peer: attacker.identity.publicKey },
        { call: 'forget' },
      ]),
      ['rate-limited', 'done', 'delivered', 'found', 'done'],
    )
  }
  assert.equal(written, shared + own * identities)
})

test('hostile 86: a peer begins only so many sessions, on each of which all that is held for it is sent', async (t) => {
  const most = 4
  change(t, directoryLimits, { sessionsPerPeer: { tokens: most, per: hour } })
  const { address } = await startOpenNode(t)
  const [attacker, other] = [await startAttacker(t), await startAttacker(t)]
  const [ask, connection] = [await asker(other, address), await attacker.dial(address)]
  const to = attacker.identity.publicKey
  assert.deepEqual(await ask([{ call: 'deliver', to, envelope: randomBytes(100) }]), ['delivered'])
  for (let session = 0; session < most; session += 1) {
    const line = await attacker.open(connection, directoryProtocol)
    await line.frame(0)
  }
  const refused = await attacker.open(connection, directoryProtocol)
  await refused.dropped()
  assert.equal(refused.frames.length, 0)
  assert.deepEqual(await ask([{ call: 'lookup', peer: to }]), ['found'], 'others are served')
})
