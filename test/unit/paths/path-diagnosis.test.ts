/** What the doctor remembers, and what it says. How real dials end is in test/integration/path-diagnosis.test.ts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { advice, adviceCode, ConnectionDoctor } from '../../../protocol/paths/path-diagnosis.ts'
import type { AdviceCode, DialAttempt } from '../../../protocol/api/model.ts'
import { alice, bob } from '../../support/people.ts'

const open = new AbortController().signal
const at = (host: string): string => `/ip4/${host}/tcp/4001/p2p/${alice.peer}`
const circuit = `/ip4/1.2.3.4/tcp/4001/p2p/${bob.peer}/p2p-circuit/p2p/${alice.peer}`

async function fails(doctor: ConnectionDoctor, address: string, signal: AbortSignal = open): Promise<void> {
  const failure = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
  await assert.rejects(doctor.watch(address, signal, Promise.reject(failure)), failure)
}

test('it remembers the last attempt only, each address once, direct ones first', async () => {
  let now = 0
  const doctor = new ConnectionDoctor(() => now)
  await fails(doctor, at('192.168.1.9'))
  now += 60_000
  assert.equal(await doctor.watch(circuit, open, Promise.resolve('made')), 'made')
  await fails(doctor, at('5.6.7.8'))
  await fails(doctor, at('5.6.7.8'))
  await fails(doctor, at('10.0.0.1'), AbortSignal.abort())
  assert.deepEqual(doctor.tried(alice.peer), [
    { kind: 'public', outcome: 'refused' },
    { kind: 'lan', outcome: 'not-needed' },
    { kind: 'relay', outcome: 'connected' },
  ])
  assert.deepEqual(doctor.tried(bob.peer), [])
  doctor.forget(alice.peer)
  assert.deepEqual(doctor.tried(alice.peer), [])
})

test('its memory of one friend is bounded', async () => {
  const doctor = new ConnectionDoctor()
  for (let host = 1; host <= 200; host++) await fails(doctor, at(`5.6.7.${host}`))
  assert.equal(doctor.tried(alice.peer).length, 32)
})

test('it advises where something would help, in one sentence, and is silent about a direct path', () => {
  const trial = (outcome: DialAttempt['outcome'], kind: DialAttempt['kind'] = 'public'): DialAttempt[] => [
    { kind, outcome },
  ]
  assert.equal(adviceCode('direct', 'auto', 1, trial('silent')), undefined)
  const cases: [AdviceCode | undefined, RegExp][] = [
    [adviceCode('relayed', 'auto', 1, trial('silent')), /router or firewall/],
    [adviceCode('relayed', 'auto', 1, trial('refused')), /refuses/],
    [adviceCode('relayed', 'auto', 1, trial('no-route')), /no way/],
    [adviceCode('relayed', 'auto', 1, trial('wrong-peer')), /Somebody else/],
    [adviceCode('relayed', 'auto', 1, trial('connected', 'relay')), /no address/],
    [adviceCode('relayed', 'never', 1, trial('silent')), /switched off/],
    [adviceCode('none', 'auto', 1, trial('away', 'relay')), /offline/],
    [adviceCode('none', 'auto', 1, trial('refused', 'relay')), /second node/],
    [adviceCode('none', 'auto', 0, []), /None of your nodes/],
    [adviceCode('none', 'only', 1, trial('silent')), /Only direct/],
  ]
  for (const [code, expected] of cases) {
    assert.ok(code !== undefined, String(expected))
    assert.match(advice[code], expected)
  }
  for (const sentence of Object.values(advice)) {
    assert.match(sentence, /^[A-Z][^.]*\.$/)
  }
})
