/** Announcements on the local network cause few dials, and none to strangers. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pathLimits } from '../../../protocol/paths/limits.ts'
import { LanDiscovery } from '../../../protocol/paths/lan-discovery.ts'

const here = '/ip4/192.168.1.2/tcp/4001'

function world() {
  const state = { now: 0, connected: false, dialled: [] as string[] }
  const lan = new LanDiscovery({
    isFriend: (peer) => peer === 'friend',
    connected: () => state.connected,
    dial: (peer) => void state.dialled.push(peer),
    now: () => state.now,
  })
  return { state, lan }
}

test('a friend whose announcement arrives is dialled, unless it is connected', () => {
  const { state, lan } = world()
  state.connected = true
  lan.observed('friend', [here])
  assert.deepEqual([state.dialled, lan.addresses('friend')], [[], [here]])
  state.connected = false
  lan.observed('friend', [here])
  assert.deepEqual(state.dialled, ['friend'])
})

test('the addresses of a stranger are not stored, and an announcement without addresses causes no dial', () => {
  const { state, lan } = world()
  lan.observed('stranger', [here])
  lan.observed('friend', [])
  assert.deepEqual([state.dialled, lan.addresses('stranger')], [[], []])
})

test('forged announcements cause a few dials a minute, and few addresses are stored', () => {
  const { state, lan } = world()
  const many = Array.from({ length: 200 }, (_, host) => `/ip4/192.168.1.${host}/tcp/22`)
  for (let time = 0; time < 1000; time += 1) lan.observed('friend', many)
  assert.equal(state.dialled.length, pathLimits.lanDials.tokens)
  assert.equal(lan.addresses('friend').length, pathLimits.lanAddresses)
})

test('addresses are forgotten when the network changes, and when a friend is removed', () => {
  const { lan } = world()
  for (const forget of ['reset', 'forget'] as const) {
    lan.observed('friend', [here])
    lan[forget]('friend')
    assert.deepEqual(lan.addresses('friend'), [])
  }
})
