/** Groups in the window: their place in the list, the names of members, who may decide what, and what is read anew. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Friend, Group, GroupMember, Message } from '../../../protocol/index.ts'
import { addressOf, conversationOf } from '../../../desktop/renderer/model/conversation-id.ts'
import { conversationList } from '../../../desktop/renderer/model/conversation-list.ts'
import { authorName, mayDecideAbout, mayManage, memberNames } from '../../../desktop/renderer/model/group-display.ts'
import { coalesced } from '../../../desktop/renderer/state/coalesced.ts'
import {
  conversationWith,
  emptyConversation,
  putMessage,
  setLast,
} from '../../../desktop/renderer/state/conversations.ts'
import { putTyping } from '../../../desktop/renderer/state/entities.ts'
import { emptyProfile, store } from '../../../desktop/renderer/state/state.ts'

const id = 'ab'.repeat(32)

function member(peer: string, more: Partial<GroupMember> = {}): GroupMember {
  return { peer, name: peer, rank: 0, online: false, friend: true, ...more }
}

function group(more: Partial<Group> = {}): Group {
  const counts = { rank: 0, unread: 0, muted: false, createdAt: 1, history: 0 }
  return { group: id, name: 'Trip', state: 'member', founder: 'ada', members: [], ...counts, ...more }
}

function friend(peer: string, more: Partial<Friend> = {}): Friend {
  const about = { state: 'friend', verified: false, online: false, path: 'none', addedAt: 1, unread: 0 } as const
  return { peer, name: peer, ...about, ...more }
}

function message(of: string, at: number, more: Partial<Message> = {}): Message {
  return { id: of, peer: of, direction: 'in', text: of, sentAt: at, state: 'delivered', seq: 1, ...more }
}

test('friends and groups are one list, the newest first; who asks or was removed without a word is not in it', () => {
  const friends = [
    friend('susan', { addedAt: 5 }),
    friend('ben', { addedAt: 1 }),
    friend('stranger', { state: 'incoming', addedAt: 99 }),
    friend('former', { state: 'removed', addedAt: 98 }),
  ]
  const groups = [group({ createdAt: 3 }), group({ group: 'cd'.repeat(32), name: 'Quiet', createdAt: 2 })]
  const last = new Map([
    ['ben', message('ben', 10)],
    [id, message('susan', 11, { group: id })],
  ])
  assert.deepEqual(
    conversationList(friends, groups, last).map((one) => one.friend?.name ?? one.group?.name),
    ['Trip', 'ben', 'susan', 'Quiet'],
  )
})

test('a message of a group belongs to the group, not to the conversation with its author', () => {
  store.set({ ...emptyProfile, conversations: new Map([['susan', { ...emptyConversation, complete: true }]]) })
  const said = message('susan', 1, { group: id })
  assert.equal(conversationOf(said), id)
  assert.deepEqual([addressOf(id), addressOf('12D3KooWSusan')], [{ group: id }, { peer: '12D3KooWSusan' }])
  putMessage(said, { isNew: true })
  assert.deepEqual([conversationWith('susan').messages, [...store.get().last.keys()]], [[], [id]])
  setLast(id, undefined)
  assert.equal(store.get().last.size, 0)
})

test('members who look the same are told apart, and who is no friend is marked', () => {
  const members = [member('QmAda-111111', { name: 'Ada' }), member('QmEve-222222', { name: 'Аda', friend: false })]
  assert.deepEqual([...memberNames(members).values()], ['Ada …111111', '~Аda …222222'])
  const { friends, groups } = {
    friends: new Map([['ben', friend('ben', { name: 'Ben' })]]),
    groups: new Map([[id, group({ members: [member('cem', { name: 'Cem', friend: false })] })]]),
  }
  const name = (peer: string): string => authorName({ friends, groups }, id, peer)
  assert.deepEqual([name('cem'), name('ben'), name('QmGone-333333')], ['~Cem', 'Ben', '…333333'])
})

test('a right reaches downwards only', () => {
  const ada = member('ada')
  const first = member('first', { rank: 1 })
  const second = member('second', { rank: 2 })
  const plain = member('plain')
  const members = [ada, first, second, plain]
  const may = (self: GroupMember): string[] =>
    members.filter((one) => mayDecideAbout(group({ members, rank: self.rank }), one, self.peer)).map((one) => one.peer)
  assert.deepEqual(members.map(may), [['first', 'second', 'plain'], ['second', 'plain'], ['plain'], []])
  assert.deepEqual(
    members.map(({ peer, rank }) => mayManage(group({ members, rank }), peer)),
    [true, true, true, false],
  )
  assert.equal(mayManage(group({ state: 'left' }), 'ada'), false, 'who is out decides nothing')
})

test('several write at once, and each stops by themselves', () => {
  store.set(emptyProfile)
  putTyping(id, 'ada', true)
  putTyping(id, 'ben', true)
  putTyping(id, 'ada', true)
  assert.deepEqual(store.get().typing.get(id), ['ada', 'ben'])
  putTyping(id, 'ada', false)
  putTyping(id, 'ben', false)
  assert.equal(store.get().typing.size, 0)
})

test('what comes while a group is read anew is read once more, however much comes', async () => {
  const reads: PromiseWithResolvers<void>[] = []
  const renew = coalesced(() => {
    const read = Promise.withResolvers<void>()
    reads.push(read)
    return read.promise
  })
  const renewed = renew(id)
  for (let n = 0; n < 50; n++) await renew(id)
  reads[0]?.resolve()
  await new Promise(setImmediate)
  assert.equal(reads.length, 2)
  reads[1]?.resolve()
  await renewed
  assert.equal(reads.length, 2)
})
