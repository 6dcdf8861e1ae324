/** What is said on the local network leads to few dials, and to none of strangers. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pathLimits } from '../../../protocol/paths/limits.ts'
import { Neighbours } from '../../../protocol/paths/lan-discovery.ts'

const here = '/ip4/192.168.1.2/tcp/4001'

function world() {
  const state = { now: 0, connected: false, dialled: [] as string[] }
  const neighbours = new Neighbours({
    isFriend: (peer) => peer === 'friend',
    connected: () => state.connected,
    dial: (peer) => void state.dialled.push(peer),
    now: () => state.now,
  })
  return { state, neighbours }
}

test('a friend that says where it is is dialled, unless it is connected', () => {
  const { state, neighbours } = world()
  state.connected = true
  neighbours.heard('friend', [here])
  assert.deepEqual([state.dialled, neighbours.addresses('friend')], [[], [here]])
  state.connected = false
  neighbours.heard('friend', [here])
  assert.deepEqual(state.dialled, ['friend'])
})

test('nothing is kept of a stranger, and nobody is dialled who says nothing', () => {
  const { state, neighbours } = world()
  neighbours.heard('stranger', [here])
  neighbours.heard('friend', [])
  assert.deepEqual([state.dialled, neighbours.addresses('stranger')], [[], []])
})

test('a liar gains a few dials a minute, and a few addresses', () => {
  const { state, neighbours } = world()
  const many = Array.from({ length: 200 }, (_, host) => `/ip4/192.168.1.${host}/tcp/22`)
  for (let time = 0; time < 1000; time += 1) neighbours.heard('friend', many)
  assert.equal(state.dialled.length, pathLimits.neighbourDials.tokens)
  assert.equal(neighbours.addresses('friend').length, pathLimits.neighbourAddresses)
})

test('addresses of a network that was left, or of a friend that was, are forgotten', () => {
  const { neighbours } = world()
  for (const forget of ['reset', 'forget'] as const) {
    neighbours.heard('friend', [here])
    neighbours[forget]('friend')
    assert.deepEqual(neighbours.addresses('friend'), [])
  }
})
