/** A conversation as rows: days, groups, the line above unread messages; and the initials of a name. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Message } from '../../../protocol/index.ts'
import { initials } from '../../../desktop/renderer/model/friend-display.ts'
import { rowsOf } from '../../../desktop/renderer/model/message-rows.ts'

const minute = 60_000
const noon = new Date(2025, 2, 3, 12).getTime()

function message(id: string, direction: 'in' | 'out', at: number): Message {
  return { id, peer: 'p', direction, text: id, sentAt: noon + at, state: 'delivered', seq: 1 }
}

test('messages of one person within five minutes are a group; a day and an unread line end it', () => {
  const messages = [
    message('a', 'in', 0),
    message('b', 'in', 4 * minute),
    message('c', 'in', 20 * minute),
    message('d', 'out', 21 * minute),
    message('e', 'in', 22 * minute),
    message('f', 'in', 22 * minute),
    message('g', 'in', 24 * 60 * minute),
  ]
  const rows = rowsOf({ messages, complete: true, firstUnread: 'f' })
  assert.deepEqual(
    rows.map((row) =>
      row.kind === 'message' ? `${row.key}${row.first ? ' first' : ''}${row.last ? ' last' : ''}` : row.kind,
    ),
    [
      'beginning',
      'day',
      'a first',
      'b last',
      'c first last',
      'd first last',
      'e first last',
      'unread',
      'f first last',
      'day',
      'g first last',
    ],
  )
})

test('in a group, messages of another author are not shown together', () => {
  const by = (id: string, peer: string, at: number): Message => ({ ...message(id, 'in', at), peer, group: 'g' })
  const messages = [by('a', 'Ada', 0), by('b', 'Ada', minute), by('c', 'Ben', minute), by('d', 'Ada', 2 * minute)]
  const rows = rowsOf({ messages, complete: false, firstUnread: undefined })
  assert.deepEqual(
    rows.map((row) => (row.kind === 'message' ? [row.key, row.first, row.last] : row.kind)),
    ['day', ['a', true, false], ['b', false, true], ['c', true, true], ['d', true, true]],
  )
})

test('a message that waited keeps its place and shows the day on which it was said', () => {
  const day = 24 * 60 * minute
  const waited = { ...message('b', 'in', 0), receivedAt: noon + day + minute }
  const messages = [message('a', 'out', day), waited, message('c', 'out', day + 2 * minute)]
  const rows = rowsOf({ messages, complete: false, firstUnread: undefined })
  assert.deepEqual(
    rows.map((row) => (row.kind === 'day' ? new Date(row.time).getDate() : row.key)),
    [4, 'a', 3, 'b', 4, 'c'],
  )
})

test('the rows of a conversation have unique keys', () => {
  const messages = Array.from({ length: 50 }, (_, n) =>
    message(`m${n}`, n % 3 === 0 ? 'in' : 'out', n * 7 * 60 * minute),
  )
  const keys = rowsOf({ messages, complete: false, firstUnread: 'm9' }).map(({ key }) => key)
  assert.equal(new Set(keys).size, keys.length)
})

test('initials are one or two letters, in any script', () => {
  assert.deepEqual(['Ada Lovelace', 'Susan', 'دانيال الأحمد', '🦊 Fox', '???', ''].map(initials), [
    'AL',
    'S',
    'دا',
    '🦊F',
    '?',
    '?',
  ])
})
