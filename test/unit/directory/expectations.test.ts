/** Who is named to whom: only peers that expect each other, and nobody after the session. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { Expectations } from '../../../protocol/directory/expectations.ts'
import { directoryLimits } from '../../../protocol/directory/limits.ts'
import { change } from '../../support/numbers.ts'

const key = (number: number) => new Uint8Array(32).fill(number)
const [a, b, c] = [key(1), key(2), key(3)]

function peers(): {
  begin(peer: Uint8Array, address?: string): ReturnType<Expectations['begin']>
  told: string[]
} {
  const expectations = new Expectations()
  const told: string[] = []
  return {
    begin: (peer, address = `192.0.2.${peer[0]}`) =>
      expectations.begin(peer, [address], (came) => told.push(`${peer[0]} of ${came[0]}`)),
    told,
  }
}

test('two that expect each other are named to each other, whoever comes first', () => {
  const { begin, told } = peers()
  const ofA = begin(a)
  assert.deepEqual(ofA.add([b, c]), [])
  assert.deepEqual(begin(b).add([a]), [a])
  assert.deepEqual(told, ['1 of 2'])
  // It says so again: it is no news.
  assert.deepEqual(ofA.add([b]), [])
  assert.deepEqual(told, ['1 of 2'])
})

test('a peer that does not expect the other is not named to it, and not after it changed its mind', () => {
  const { begin, told } = peers()
  const [ofA, ofB] = [begin(a), begin(b)]
  assert.deepEqual(ofA.add([b, a]), [])
  assert.deepEqual(ofB.add([c]), [])
  ofA.remove([b])
  assert.deepEqual(ofB.add([a]), [])
  assert.deepEqual(told, [])
})

test('a session that ended is forgotten; the end of an older one does not end its successor', () => {
  const { begin, told } = peers()
  const older = begin(a)
  older.add([b])
  const newer = begin(a)
  older.end()
  assert.deepEqual(older.add([b]), [])
  assert.deepEqual(begin(b).add([a]), [])
  assert.deepEqual(newer.add([b]), [b])
  newer.end()
  assert.deepEqual(begin(b).add([a]), [])
  assert.deepEqual(told, ['2 of 1'])
})

test('what one peer and all together expect is bounded, and given back', (t: TestContext) => {
  change(t, directoryLimits, { expectedPerPeer: 3, expected: 4 })
  const { begin } = peers()
  const [ofA, ofB] = [begin(a), begin(b)]
  ofA.add([key(10), key(11), key(11), key(12)])
  assert.throws(() => ofA.add([key(13)]), { code: 'rate-limited' })
  assert.throws(() => ofB.add([key(13), key(14)]), { code: 'rate-limited' })
  ofA.remove([key(10), key(99)])
  ofB.add([key(13), key(14)])
  ofA.end()
  ofB.add([key(15)])
})

test('a session that was replaced gives back what it expected once, although it is still read', (t: TestContext) => {
  change(t, directoryLimits, { expected: 4 })
  const { begin } = peers()
  const older = begin(a)
  older.add([key(10), key(11), key(12)])
  begin(a)
  older.remove([key(10), key(11), key(12)])
  assert.throws(() => begin(b).add([10, 11, 12, 13, 14].map(key)), { code: 'rate-limited' })
})

test('what the peers of one address expect is bounded, and given back when a session ends', (t: TestContext) => {
  change(t, directoryLimits, { expectedPerAddress: [3] })
  const { begin } = peers()
  const [ofA, ofB, elsewhere] = [begin(a, 'school'), begin(b, 'school'), begin(c, 'home')]
  ofA.add([key(10), key(11)])
  assert.throws(() => ofB.add([key(12), key(13)]), { code: 'rate-limited' })
  elsewhere.add([key(10), key(11), key(12)])
  ofA.end()
  ofB.add([key(12), key(13)])
})
