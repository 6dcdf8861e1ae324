/** The number of unread messages and open requests, as the title, the tray and the badge show it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Friend } from '../../../protocol/index.ts'
import { UnreadCount } from '../../../desktop/main/unread-count.ts'

const event = { event: 'status', data: { state: 'opening' } } as const
const friend = (state: Friend['state'], unread: number): Friend => ({ state, unread }) as Friend

test('counts messages and open requests, and reports only a number that has changed', async () => {
  let friends = [friend('friend', 2), friend('incoming', 0)]
  let changed = Promise.withResolvers<number>()
  const count = new UnreadCount({ friends: async () => friends, onChange: (unread) => changed.resolve(unread) })
  count.onEvent(event)
  assert.equal(await changed.promise, 3)
  changed = Promise.withResolvers()
  friends = []
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
    const count = new UnreadCount({ friends: () => friends(), onChange: (unread) => changed.resolve(unread) })
    count.onEvent(event)
    assert.equal(await changed.promise, 1)
    changed = Promise.withResolvers()
    friends = unavailable
    count.onEvent(event)
    assert.equal(await changed.promise, 0)
  }
})
