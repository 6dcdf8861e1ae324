/** Friends who part and come back: each side ends where both people expect, and nothing that waited is lost. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { befriend, friendOf, online, startNode, startPeer, tell, until, type TestPeer } from '../support/network.ts'

async function waitsFor(self: TestPeer, other: TestPeer, text: string): Promise<void> {
  const arrived = async (): Promise<boolean> =>
    (await self.messages({ peer: other.id })).some((message) => message.text === text)
  await until(arrived, `${text} arrives`)
}

test('unblocked, a friend is a friend again: they are connected, and what was written meanwhile arrives', async (t) => {
  const nodes = (await startNode(t)).addresses()
  const [alice, bob] = [await startPeer(t, { nodes }), await startPeer(t, { nodes })]
  await befriend(alice, bob)
  await alice.blockPeer({ peer: bob.id })
  await until(async () => (await friendOf(bob, alice))?.online === false, 'he sees her go')
  await bob.sendMessage({ peer: alice.id, text: 'meanwhile' })
  const { state } = await alice.unblockPeer({ peer: bob.id })
  assert.equal(state, 'friend')
  await online(alice, bob)
  await waitsFor(alice, bob, 'meanwhile')
  await tell(alice, bob, 'back')
})

test('a friend who was removed takes a new invite: accepted, they are connected, and what waited arrives', async (t) => {
  const nodes = (await startNode(t)).addresses()
  const [alice, bob] = [await startPeer(t, { nodes }), await startPeer(t, { nodes })]
  await befriend(alice, bob)
  const { link: early } = await alice.invite({})
  assert.equal((await bob.requestFriend({ to: early })).askedAt, undefined, 'friends who are connected ask nothing')
  await alice.removeFriend({ peer: bob.id })
  await until(async () => (await friendOf(bob, alice))?.online === false, 'he sees her go')
  await bob.sendMessage({ peer: alice.id, text: 'meanwhile' })

  const { link } = await alice.invite({})
  const asked = await bob.requestFriend({ to: link, note: 'It is me' })
  assert.equal(asked.state, 'friend')
  assert.ok(asked.askedAt !== undefined)
  await until(async () => (await friendOf(alice, bob))?.state === 'incoming', 'she is asked')
  assert.equal((await friendOf(alice, bob))?.note, 'It is me')
  await alice.acceptFriend({ peer: bob.id })
  await online(alice, bob)
  await waitsFor(alice, bob, 'meanwhile')
  await until(async () => (await friendOf(bob, alice))?.askedAt === undefined, 'nothing waits any more')

  // The one who removes can ask again, and the other, to whom they are still a friend, need not decide.
  await bob.removeFriend({ peer: alice.id })
  assert.deepEqual(await bob.friends(), [])
  assert.deepEqual(
    (await bob.removedFriends()).map(({ peer, state }) => [peer, state]),
    [[alice.id, 'removed']],
  )
  assert.equal((await bob.requestFriend({ to: alice.id })).state, 'requested')
  await online(alice, bob)
  await tell(bob, alice, 'again')
})
