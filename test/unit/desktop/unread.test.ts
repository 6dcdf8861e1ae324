/** How many messages the window shows as unread: as many as the peer counts, in whatever order its events arrive. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Friend } from '../../../protocol/index.ts'
import { putFriend } from '../../../desktop/renderer/state/entities.ts'
import { store } from '../../../desktop/renderer/state/state.ts'
import { unreadRenewal } from '../../../desktop/renderer/state/unread.ts'

const susan: Friend = {
  peer: 'susan',
  name: 'Susan',
  state: 'friend',
  verified: false,
  online: true,
  path: 'direct',
  addedAt: 1,
  unread: 0,
}

function shown(): number | undefined {
  return store.get().friends.get(susan.peer)?.unread
}

test('a friend is reported with messages whose events follow: they are not counted twice', async () => {
  const renew = unreadRenewal(() => Promise.resolve(3))
  putFriend({ ...susan, unread: 3 })
  await Promise.all([renew(susan.peer), renew(susan.peer), renew(susan.peer)])
  assert.equal(shown(), 3)
})

test('what comes while the number is asked for is asked once more, and the last answer stays', async () => {
  putFriend(susan)
  const answers: PromiseWithResolvers<number | undefined>[] = []
  const renew = unreadRenewal(() => {
    const answer = Promise.withResolvers<number | undefined>()
    answers.push(answer)
    return answer.promise
  })
  const renewed = renew(susan.peer)
  for (let n = 0; n < 100; n++) await renew(susan.peer)
  answers[0]?.resolve(1)
  await new Promise(setImmediate)
  assert.deepEqual([shown(), answers.length], [1, 2])
  answers[1]?.resolve(101)
  await renewed
  assert.deepEqual([shown(), answers.length], [101, 2])
  void renew(susan.peer)
  assert.equal(answers.length, 3)
})

test('without an answer the number stays, and the next event asks again', async () => {
  const answers = [undefined, 0]
  const renew = unreadRenewal(() => Promise.resolve(answers.shift()))
  putFriend({ ...susan, unread: 2 })
  await renew(susan.peer)
  assert.equal(shown(), 2)
  await renew(susan.peer)
  assert.equal(shown(), 0)
})
