/** `friend-changed`: once for each change, and not again for what is known already. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Friend } from '../../protocol/index.ts'
import { befriend, friendOf, startPeer, until, type TestPeer } from '../support/network.ts'

test('friend-changed comes once for each change: asked, friend, online, verified, renamed, offline, blocked, unblocked, removed', async (t) => {
  const alice = await startPeer(t, { name: 'Alice' })
  const bob = await startPeer(t, { name: 'Bob' })
  const changes = (peer: TestPeer): string[] =>
    peer.events.flatMap(({ event, data }) => {
      if (event !== 'friend-changed') return []
      const { name, state, online, verified } = data as Friend
      return [`${name} ${state}${online ? ' online' : ''}${verified ? ' verified' : ''}`]
    })
  await befriend(alice, bob)
  const { peer } = await bob.self()
  for (const verified of [true, true]) await alice.verifyFriend({ peer, verified })
  // Again, by an invite: they are friends already.
  await bob.requestFriend({ to: (await alice.invite({})).link })
  for (const name of ['Bobby', 'Bobby']) await bob.setProfile({ name })
  await until(async () => (await friendOf(alice, bob))?.name === 'Bobby', 'the name has arrived')
  for (let n = 0; n < 2; n += 1) await alice.blockPeer({ peer })
  await until(async () => (await friendOf(bob, alice))?.online === false, 'it is over')
  await bob.removeFriend({ peer: (await alice.self()).peer })
  await alice.unblockPeer({ peer })
  await alice.removeFriend({ peer })

  assert.deepEqual(changes(alice), [
    'Bob friend',
    'Bob friend online',
    'Bob friend online verified',
    'Bobby friend online verified',
    'Bobby blocked verified',
    'Bobby friend verified',
    'Bobby removed verified',
  ])
  assert.deepEqual(changes(bob), [
    'Alice requested',
    'Alice friend',
    'Alice friend online',
    'Alice friend',
    'Alice removed',
  ])
})
