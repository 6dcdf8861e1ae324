/** How a message is added to the window's state: the same for the result of a call and for an event. */
import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import type { Message } from '../../../protocol/index.ts'
import {
  changeConversation,
  conversationWith,
  putMessage,
  retainedMessages,
  trimConversation,
} from '../../../desktop/renderer/state/conversations.ts'
import { emptyProfile, store } from '../../../desktop/renderer/state/state.ts'

const peer = 'susan'

function message(id: string, at: number, more: Partial<Message> = {}): Message {
  return { id, peer, direction: 'out', text: id, sentAt: at, state: 'queued', seq: 1, ...more }
}

function shown(): string[] {
  return conversationWith(peer).messages.map(({ id, state }) => `${id} ${state}`)
}

beforeEach(() => {
  store.set(emptyProfile)
  changeConversation(peer, { messages: [message('b', 2), message('c', 3)] })
})

test('a new message is appended once, whether the call or the event reports it first', () => {
  putMessage(message('d', 4), { isNew: true })
  putMessage(message('d', 4, { state: 'sent' }))
  putMessage(message('d', 4, { state: 'delivered' }), { isNew: true })
  assert.deepEqual(shown(), ['b queued', 'c queued', 'd delivered'])
})

test('a message of an older page that has changed is not appended, and does not become the newest', () => {
  putMessage(message('c', 3))
  putMessage(message('a', 1, { state: 'read' }))
  assert.deepEqual(shown(), ['b queued', 'c queued'])
  assert.equal(store.get().last.get(peer)?.id, 'c')
})

test('a new message is not appended to a range in the middle, nor to a conversation that is not loaded', () => {
  changeConversation(peer, { latest: false })
  putMessage(message('d', 4), { isNew: true })
  assert.deepEqual(shown(), ['b queued', 'c queued'])
  putMessage(message('x', 4, { peer: 'ben' }), { isNew: true })
  assert.equal(store.get().conversations.has('ben'), false)
  assert.deepEqual(
    [...store.get().last.values()].map(({ id }) => id),
    ['d', 'x'],
  )
  changeConversation('ben', { complete: true })
  putMessage(message('y', 5, { peer: 'ben' }), { isNew: true })
  assert.deepEqual(
    conversationWith('ben').messages.map(({ id }) => id),
    ['y'],
    'loaded, and empty until now',
  )
})

test('a quoted message that has changed is replaced where it is quoted', () => {
  changeConversation(peer, { quoted: new Map([['a', message('a', 1)]]) })
  putMessage(message('a', 1, { state: 'recalled' }))
  assert.equal(conversationWith(peer).quoted.get('a')?.state, 'recalled')
})

test('a conversation that was left stays loaded while it is a few of its newest pages', () => {
  trimConversation(peer)
  assert.equal(shown().length, 2)
  const many = Array.from({ length: retainedMessages + 1 }, (_, index) => message(`m${index}`, index))
  changeConversation(peer, { messages: many })
  trimConversation(peer)
  assert.equal(store.get().conversations.has(peer), false)
})
