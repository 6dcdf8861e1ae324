/**
 * What a diagnosis remembers, and which advice it derives. How real dials end is in
 * test/integration/path-diagnosis.test.ts.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { advice } from '../../../protocol/api/advice.ts'
import type { AdviceCode, DialAttempt } from '../../../protocol/api/model.ts'
import { pathLimits } from '../../../protocol/paths/limits.ts'
import { adviceCode, PathDiagnosis } from '../../../protocol/paths/path-diagnosis.ts'
import { alice, bob } from '../../support/people.ts'

const open = new AbortController().signal
const at = (host: string): string => `/ip4/${host}/tcp/4001/p2p/${alice.peer}`
const circuit = `/ip4/1.2.3.4/tcp/4001/p2p/${bob.peer}/p2p-circuit/p2p/${alice.peer}`

async function fails(diagnosis: PathDiagnosis, address: string, signal: AbortSignal = open): Promise<void> {
  const failure = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
  await assert.rejects(diagnosis.watch(address, signal, Promise.reject(failure)), failure)
}

test('it remembers the last attempt only, each address once, direct ones first', async () => {
  let now = 0
  const diagnosis = new PathDiagnosis(() => now)
  await fails(diagnosis, at('192.168.1.9'))
  now += 60_000
  assert.equal(await diagnosis.watch(circuit, open, Promise.resolve('made')), 'made')
  await fails(diagnosis, at('5.6.7.8'))
  await fails(diagnosis, at('5.6.7.8'))
  await fails(diagnosis, at('10.0.0.1'), AbortSignal.abort())
  assert.deepEqual(diagnosis.tried(alice.peer), [
    { kind: 'public', outcome: 'refused' },
    { kind: 'lan', outcome: 'not-needed' },
    { kind: 'relay', outcome: 'connected' },
  ])
  assert.deepEqual(diagnosis.tried(bob.peer), [])
  diagnosis.forget(alice.peer)
  assert.deepEqual(diagnosis.tried(alice.peer), [])
})

test('its memory of one friend is bounded', async () => {
  const diagnosis = new PathDiagnosis()
  for (let host = 1; host <= 200; host += 1) await fails(diagnosis, at(`5.6.7.${host}`))
  assert.equal(diagnosis.tried(alice.peer).length, pathLimits.attemptsRemembered)
})

test('it advises where something would help, in one sentence, and is silent about a direct path', () => {
  const dials = (outcome: DialAttempt['outcome'], kind: DialAttempt['kind'] = 'public'): DialAttempt[] => [
    { kind, outcome },
  ]
  assert.equal(adviceCode('direct', 'auto', 1, dials('silent')), undefined)
  const cases: [AdviceCode | undefined, RegExp][] = [
    [adviceCode('relayed', 'auto', 1, dials('silent')), /router or firewall/],
    [adviceCode('relayed', 'auto', 1, dials('refused')), /refuses/],
    [adviceCode('relayed', 'auto', 1, dials('no-route')), /no route/],
    [adviceCode('relayed', 'auto', 1, dials('wrong-peer')), /Somebody else/],
    [adviceCode('relayed', 'auto', 1, dials('connected', 'relay')), /no address/],
    [adviceCode('relayed', 'never', 1, dials('silent')), /switched off/],
    [adviceCode('none', 'auto', 1, dials('away', 'relay')), /offline/],
    [adviceCode('none', 'auto', 1, dials('refused', 'relay')), /second node/],
    [adviceCode('none', 'auto', 0, []), /None of your nodes/],
    [adviceCode('none', 'only', 1, dials('silent')), /Only direct/],
  ]
  for (const [code, expected] of cases) {
    assert.ok(code !== undefined, String(expected))
    assert.match(advice[code], expected)
  }
  for (const sentence of Object.values(advice)) {
    assert.match(sentence, /^[A-Z][^.]*\.$/)
  }
})
