import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Places } from '../../../protocol/base/places.ts'

const oldest = <T>(items: Iterable<T>): T | undefined => [...items][0]

test('places are free for all until they are taken; then the key with most of them gives way', () => {
  const places = new Places<string>({ most: 6, perKey: [Infinity], share: 2, givesWay: oldest })
  for (const item of ['a1', 'a2', 'a3', 'a4']) assert.deepEqual(places.add(item, ['a']), { added: true })
  for (const item of ['b1', 'c1']) assert.deepEqual(places.add(item, [item.slice(0, 1)]), { added: true })
  assert.deepEqual(places.add('d1', ['d']), { added: true, lost: 'a1' })
  assert.deepEqual(places.add('a5', ['a']), { added: false }, 'not for itself')
  assert.deepEqual(places.add('b2', ['b']), { added: true, lost: 'a2' })
  assert.deepEqual(places.add('e1', ['e']), { added: false }, 'a share is nobody’s to take')
  assert.deepEqual([places.size, places.count('a'), places.count('b')], [6, 2, 2])
})

test('nobody loses a place to one who has as many', () => {
  const places = new Places<string>({ most: 6, perKey: [Infinity], share: 1, givesWay: oldest })
  for (const item of ['a1', 'a2', 'a3', 'b1', 'b2', 'b3']) places.add(item, [item.slice(0, 1)])
  assert.deepEqual(places.add('b4', ['b']), { added: false })
  assert.deepEqual(places.add('c1', ['c']), { added: true, lost: 'a1' })
})

test('a key has at most its number: its own items give way, at each width', () => {
  const places = new Places<string>({ most: 100, perKey: [2, 3], share: 1, givesWay: oldest })
  places.add('1', ['narrow', 'wide'])
  places.add('2', ['narrow', 'wide'])
  assert.deepEqual(places.add('3', ['narrow', 'wide']), { added: true, lost: '1' })
  places.add('4', ['other', 'wide'])
  assert.deepEqual(places.add('5', ['third', 'wide']), { added: true, lost: '2' })
  assert.deepEqual([places.size, places.count('wide'), places.count('narrow')], [3, 3, 1])
})

test('where nothing gives way, the newcomer is refused; a freed place can be taken', () => {
  const places = new Places<string>({ most: 1, perKey: [1], share: 1, givesWay: () => undefined })
  places.add('1', ['a'])
  assert.deepEqual(places.add('2', ['a']), { added: false })
  places.delete('1')
  places.delete('1')
  assert.deepEqual(places.add('2', ['a']), { added: true })
  assert.equal(places.count('a'), 1)
})
