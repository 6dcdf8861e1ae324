/** What is worth a notification, and that the same state told twice is not. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NewsFilter } from '../../../desktop/main/news.ts'
import type { PeerProcessEvent } from '../../../desktop/ipc/contract.ts'
import type { Friend, FriendState, Group, Transfer, TransferState } from '../../../protocol/index.ts'

const peer = 'friend'

function kinds(events: PeerProcessEvent[], friends: FriendState[] = []): (string | undefined)[] {
  const news = new NewsFilter()
  news.begin(friends.map((state) => friendIn(state)))
  return events.map((event) => news.of(event)?.kind)
}

test('a friend who accepts is news, also when they were asked before this start; nothing else about a friend is', () => {
  assert.deepEqual(kinds([changed('requested'), changed('friend'), changed('friend')]), [
    undefined,
    'accepted',
    undefined,
  ])
  assert.deepEqual(kinds([changed('friend')], ['requested']), ['accepted'])
  assert.deepEqual(kinds([changed('incoming'), changed('friend')]), [undefined, undefined], 'accepted by oneself')
  assert.deepEqual(kinds([changed('blocked'), changed('friend')], ['friend']), [undefined, undefined])
  assert.deepEqual(kinds([changed('removed'), changed('friend')], ['requested']), [undefined, undefined])
})

test('a transfer that ends is news once: received, delivered or failed', () => {
  assert.deepEqual(
    kinds([offered('in'), moved('in', 'active'), moved('in', 'active'), moved('in', 'done'), moved('in', 'done')]),
    ['files', undefined, undefined, 'received', undefined],
  )
  assert.deepEqual(kinds([moved('out', 'offered'), moved('out', 'done')]), [undefined, 'delivered'])
  assert.deepEqual(kinds([moved('in', 'active'), moved('in', 'failed'), moved('in', 'waiting'), moved('in', 'done')]), [
    undefined,
    'failed',
    undefined,
    'received',
  ])
})

test('what one has ended oneself, or what ended before this start, is no news', () => {
  assert.deepEqual(kinds([moved('out', 'active'), moved('out', 'cancelled')]), [undefined, undefined])
  assert.deepEqual(kinds([moved('out', 'done')]), [undefined])
  assert.deepEqual(
    kinds([moved('in', 'active'), { event: 'status', data: { state: 'locked' } }, moved('in', 'done')]),
    [undefined, undefined, undefined],
  )
})

test('what is said in a group is news of the group; an invitation is news once', () => {
  const news = new NewsFilter()
  const said = { id: 'm', peer, direction: 'in', text: 'Hello', sentAt: 0, state: 'delivered', seq: 1 } as const
  const group = 'a'.repeat(64)
  const invited = { group, invitedBy: peer } as Group
  const invitation = { group, name: 'Trip', members: [], count: 1 }
  assert.deepEqual(news.of({ event: 'message-received', data: { ...said, group } }), {
    peer,
    group,
    kind: 'message',
    detail: 'Hello',
  })
  assert.equal(news.of({ event: 'message-received', data: { ...said, text: '', invitation } }), undefined)
  assert.deepEqual(news.of({ event: 'group-invited', data: invited }), { peer, group, kind: 'invited' })
})

function friendIn(state: FriendState): Friend {
  return { peer, name: 'Bob', state, addedAt: 0, verified: false, online: false, path: 'none', unread: 0 }
}

function changed(state: FriendState): PeerProcessEvent {
  return { event: 'friend-changed', data: friendIn(state) }
}

function moved(direction: Transfer['direction'], state: TransferState): PeerProcessEvent {
  return { event: 'transfer-changed', data: transfer(direction, state) }
}

function offered(direction: Transfer['direction']): PeerProcessEvent {
  return { event: 'transfer-offered', data: transfer(direction, 'offered') }
}

function transfer(direction: Transfer['direction'], state: TransferState): Transfer {
  const size = { count: 1, roots: 1, files: [], bytes: 1, doneBytes: 0, bytesPerSecond: 0 }
  return { id: 'one', peer, direction, state, name: 'photo.png', offeredAt: 0, ...size }
}
