/**
 * Data that a friend need not receive: an address before the safety number was compared, read receipts, typing marks.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openMemoryStore } from '../../protocol/index.ts'
import { inviteFromLink } from '../../protocol/identity/invite-link.ts'
import { friendProtocol } from '../../protocol/net/policy.ts'
import { startAttacker } from '../support/attacker.ts'
import { befriend, friendOf, online, pathBetween, startNode, startPeer, tell, until } from '../support/network.ts'

test('with direct paths for verified friends only, no other peer learns the address or connects to it', async (t) => {
  const nodes = (await startNode(t)).addresses()
  const seen = openMemoryStore()
  const careful = await startPeer(t, { nodes, direct: 'verified' })
  const friend = await startPeer(t, { nodes, store: seen })
  const announced = (): readonly string[] => seen.friend(careful.id)?.addresses ?? []
  const { link } = await careful.invite({})
  assert.deepEqual(inviteFromLink(link).addresses, [])

  await befriend(careful, friend)
  await tell(careful, friend, 'from whom?')
  await tell(friend, careful, 'from me')
  assert.deepEqual(await pathBetween(careful, friend), ['relayed', 'relayed'])
  assert.deepEqual(announced(), [])
  const { adviceCode, reason } = await careful.connection({ peer: friend.id })
  assert.equal(adviceCode, 'unverified')
  assert.match(reason, /for verified friends only/)

  await careful.verifyFriend({ peer: friend.id, verified: true })
  const direct = async (): Promise<boolean> => (await pathBetween(careful, friend)).join() === 'direct,direct'
  await until(direct, 'the verified friend is reached directly')
  await until(() => announced().length > 0, 'and is told where')
  await tell(friend, careful, 'closer')

  await careful.verifyFriend({ peer: friend.id, verified: false })
  const relayed = async (): Promise<boolean> => (await pathBetween(careful, friend)).join() === 'relayed,relayed'
  await until(relayed, 'whoever is verified no more goes through the node again')
  await until(() => announced().length === 0, 'and is told no address any more')
  await online(careful, friend)
  await tell(careful, friend, 'farther')
})

test('with direct paths for verified friends only, a peer that knows the address is refused', async (t) => {
  const attacker = await startAttacker(t)
  for (const direct of ['auto', 'verified'] as const) {
    const { listen } = await (await startPeer(t, { direct })).self()
    const address = listen[0] ?? assert.fail('it does not listen')
    const asks = attacker.dial(address).then((connection) => attacker.open(connection, friendProtocol))
    if (direct === 'auto') await asks
    else await assert.rejects(asks)
  }
})

test('without read receipts a friend learns of delivery but not of reading; without typing marks not of typing', async (t) => {
  const nodes = (await startNode(t)).addresses()
  const silent = await startPeer(t, { nodes, readReceipts: false, typingMarks: false })
  const friend = await startPeer(t, { nodes })
  await befriend(silent, friend)
  await tell(friend, silent, 'have you read this?')
  const [question] = await silent.messages({ peer: friend.id })
  await silent.typing({ peer: friend.id, active: true })
  await silent.markRead({ peer: friend.id, upTo: question?.id ?? '' })
  assert.equal((await friendOf(silent, friend))?.unread, 0)
  assert.equal((await silent.messages({ peer: friend.id }))[0]?.state, 'read')

  // Later messages do not overtake earlier frames: a receipt or mark sent before would have arrived.
  await tell(silent, friend, 'no')
  await tell(friend, silent, 'I see')
  assert.deepEqual(
    (await friend.messages({ peer: silent.id })).map(({ text, state }) => [text, state]),
    [
      ['have you read this?', 'delivered'],
      ['no', 'delivered'],
      ['I see', 'delivered'],
    ],
  )
  assert.ok(!friend.events.some(({ event }) => event === 'typing'))
})
