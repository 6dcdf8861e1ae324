/** The number of unread messages and open requests, as the title, the tray and the badge show it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Friend, Group } from '../../../protocol/index.ts'
import { UnreadCount } from '../../../desktop/main/unread-count.ts'

const event = { event: 'status', data: { state: 'opening' } } as const
const friend = (state: Friend['state'], unread: number): Friend => ({ state, unread }) as Friend
const noGroups = async (): Promise<Group[]> => []

test('counts messages and open requests, and reports only a number that has changed', async () => {
  let friends = [friend('friend', 2), friend('incoming', 0)]
  let groups = [
    { muted: false, unread: 4 },
    { muted: true, unread: 90 },
  ] as Group[]
  let changed = Promise.withResolvers<number>()
  const count = new UnreadCount({
    friends: async () => friends,
    groups: async () => groups,
    onChange: (unread) => changed.resolve(unread),
  })
  count.onEvent(event)
  assert.equal(await changed.promise, 7, 'not those of a muted group')
  changed = Promise.withResolvers()
  friends = []
  groups = []
  count.onEvent(event)
  assert.equal(await changed.promise, 0)
  assert.equal(count.value, 0)
})

test('a peer that is not available means that nothing is unread, whether it rejects or throws', async () => {
  for (const unavailable of [
    () => Promise.reject(new Error('locked')),
    () => {
      throw new Error('no process')
    },
  ]) {
    let friends: () => Promise<Friend[]> = async () => [friend('friend', 1)]
    let changed = Promise.withResolvers<number>()
    const count = new UnreadCount({
      friends: () => friends(),
      groups: noGroups,
      onChange: (unread) => changed.resolve(unread),
    })
    count.onEvent(event)
    assert.equal(await changed.promise, 1)
    changed = Promise.withResolvers()
    friends = unavailable
    count.onEvent(event)
    assert.equal(await changed.promise, 0)
  }
})
