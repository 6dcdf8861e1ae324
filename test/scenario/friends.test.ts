/**
 * Friendships: declining, removing, blocking, requests at the same moment, and invites that are used, expired, damaged
 * or the peer's own. All tests share one node and a few peers.
 */
import assert from 'node:assert/strict'
import { before, describe, test, after } from 'node:test'
import { befriend, HeadlessNode, HeadlessPeer, talking } from '../support/headless.ts'
import { Stage } from '../support/line-process.ts'
import { until } from '../support/until.ts'

describe('friends', () => {
  const stage = new Stage({ after })
  const node = new HeadlessNode(stage)
  before(async () => {
    await node.start()
  })

  /** Started peers that are connected to the node, so that a code can be found there as soon as it is created. */
  async function people(...names: string[]): Promise<HeadlessPeer[]> {
    return Promise.all(
      names.map(async (name) => {
        const peer = await new HeadlessPeer(stage, name, { nodes: node.addresses }).start()
        await peer.event('node-state', ({ state }) => state === 'connected')
        return peer
      }),
    )
  }

  async function two(a: string, b: string): Promise<[HeadlessPeer, HeadlessPeer]> {
    const [first, second] = await people(a, b)
    assert.ok(first && second)
    return [first, second]
  }

  /** Returns when the node has accepted all envelopes, and the resulting events have arrived. */
  async function settled(from: HeadlessPeer, to: HeadlessPeer): Promise<void> {
    await node.holds(0)
    await Promise.all([from.call('self'), to.call('self')])
  }

  test('decline sends nothing; another request needs a new invite', async () => {
    const [ann, ben] = await two('ann', 'ben')
    await ben.call('requestFriend', { to: ann.id, note: 'please' })
    await ann.event('friend-request', ({ note }) => note === 'please')
    assert.equal((await ann.call('declineFriend', { peer: ben.id })).state, 'removed')
    assert.deepEqual(await ann.call('friends'), [])
    await settled(ann, ben)
    assert.equal((await ben.friend(ann))?.state, 'requested')
    assert.equal(await ann.refusal('acceptFriend', { peer: ben.id }), 'bad-request')
    assert.equal(await ann.refusal('declineFriend', { peer: ben.id }), 'bad-request')
    assert.equal(await ben.refusal('sendMessage', { peer: ann.id, text: 'hello?' }), 'not-friend')
    await ben.call('requestFriend', { to: ann.id, note: 'unheard' })
    await settled(ann, ben)
    assert.deepEqual(await ann.call('friends'), [])
    const { link } = await ann.call('invite', {})
    await ben.call('requestFriend', { to: link, note: 'pretty please' })
    await ann.event('friend-request', ({ note }) => note === 'pretty please')
    await ann.call('acceptFriend', { peer: ben.id })
    await talking(ann, ben)
    // What came over a connection as well may still be on its way from the node.
    await settled(ann, ben)
    await Promise.all([ann.stop(), ben.stop()])
  })

  test('remove ends the friendship on one side, history stays, and a new request restores it', async () => {
    const [cleo, dan] = await two('cleo', 'dan')
    await befriend(cleo, dan)
    await cleo.send(dan, 'before')
    await dan.has(cleo, 'before', 'delivered')
    assert.equal((await cleo.call('removeFriend', { peer: dan.id })).state, 'removed')
    assert.deepEqual(await cleo.call('friends'), [])
    await dan.sees(cleo, false)
    assert.equal(await cleo.refusal('sendMessage', { peer: dan.id, text: 'x' }), 'not-friend')
    // He is not informed, and his messages wait.
    const waits = await dan.send(cleo, 'are you there?')
    assert.equal(waits.state, 'queued')
    assert.deepEqual(
      (await cleo.history(dan)).map(({ text }) => text),
      ['before'],
    )

    await dan.call('requestFriend', { to: cleo.id, note: 'again?' })
    await cleo.call('requestFriend', { to: dan.id, note: 'I was wrong' })
    await talking(cleo, dan)
    await cleo.has(dan, 'are you there?', 'delivered')
    assert.deepEqual(
      (await dan.history(cleo)).map(({ text }) => text),
      ['before', 'are you there?'],
    )
    await settled(cleo, dan)
    await Promise.all([cleo.stop(), dan.stop()])
  })

  test('block drops everything, accepting is refused, and unblocking gives back what was', async () => {
    const [eve, finn] = await two('eve', 'finn')
    await finn.call('requestFriend', { to: eve.id })
    await eve.event('friend-request')
    assert.equal((await eve.call('blockPeer', { peer: finn.id })).state, 'blocked')
    assert.equal(await eve.refusal('acceptFriend', { peer: finn.id }), 'blocked')
    assert.equal(await eve.refusal('requestFriend', { to: finn.id }), 'blocked')
    assert.equal(await eve.refusal('removeFriend', { peer: finn.id }), 'blocked')
    const [before, taken] = [eve.events.length, await node.deliveries()]
    await finn.call('requestFriend', { to: eve.id, note: 'let me in' })
    await until(async () => (await node.deliveries()) > taken, 'the node has taken his request')
    await settled(finn, eve)
    assert.deepEqual(
      eve.events.slice(before).filter(({ event }) => event.startsWith('friend')),
      [],
    )
    assert.equal((await eve.friend(finn))?.state, 'blocked')
    // An invite of a blocked peer does not bypass the block either.
    const { link } = await finn.call('invite', {})
    assert.equal(await eve.refusal('requestFriend', { to: link }), 'blocked')

    const unblocked = await eve.call('unblockPeer', { peer: finn.id })
    assert.deepEqual([unblocked.state, unblocked.note], ['incoming', undefined], 'the request from before the block')
    assert.equal(await eve.refusal('unblockPeer', { peer: finn.id }), 'bad-request')
    await finn.call('requestFriend', { to: eve.id, note: 'sorry' })
    await until(async () => (await eve.friend(finn))?.note === 'sorry', 'his new request arrives')
    // Envelopes that arrived while he was blocked stay dropped.
    const notes = eve.events.flatMap((one) => (one.event.startsWith('friend') ? JSON.stringify(one.data) : []))
    assert.ok(!notes.some((data) => data.includes('let me in')))
    await eve.call('acceptFriend', { peer: finn.id })
    await talking(eve, finn)

    // Blocking a friend ends the conversation at once, also through a restart.
    await eve.call('blockPeer', { peer: finn.id })
    await finn.sees(eve, false)
    await finn.send(eve, 'never arrives')
    await eve.stop()
    await eve.start()
    await eve.event('node-state', ({ reserved }) => reserved)
    // He may dial; the connection is closed before or after the dial has succeeded.
    await Promise.allSettled([finn.call('connect', { peer: eve.id })])
    const cutOff = async () => (await finn.call('connection', { peer: eve.id })).path === 'none'
    await until(cutOff, 'no connection lasts')
    assert.equal((await eve.friend(finn))?.state, 'blocked')
    assert.deepEqual(await eve.history(finn), [])
    assert.equal((await finn.friend(eve))?.online, false)
    await Promise.all([eve.stop(), finn.stop()])
  })

  test('crossing requests result in one friendship, and no request is left (threats.md 32)', async () => {
    const [gwen, hugo] = await two('gwen', 'hugo')
    await Promise.all([
      gwen.call('requestFriend', { to: hugo.id, note: 'from gwen' }),
      hugo.call('requestFriend', { to: gwen.id, note: 'from hugo' }),
    ])
    await talking(gwen, hugo)
    await settled(gwen, hugo)
    for (const [self, other] of [
      [gwen, hugo],
      [hugo, gwen],
    ] as const) {
      assert.deepEqual(
        (await self.call('friends')).map(({ peer, state }) => [peer, state]),
        [[other.id, 'friend']],
      )
    }
    await Promise.all([gwen.stop(), hugo.stop()])
  })

  test('requests that crossed while both were away result in one friendship too', async () => {
    const [iris, jan] = await two('iris', 'jan')
    await jan.stop()
    await iris.call('requestFriend', { to: jan.id })
    await node.holds(1)
    await iris.kill9()
    // He sends his request before he receives hers: the node restarts only afterwards.
    await node.stop()
    await jan.start()
    await jan.call('requestFriend', { to: iris.id })
    await jan.kill9()
    await node.start()
    await Promise.all([iris.start(), jan.start()])
    await talking(iris, jan)
    assert.deepEqual(
      (await iris.call('friends')).map(({ state }) => state),
      ['friend'],
    )
    assert.deepEqual(
      (await jan.call('friends')).map(({ state }) => state),
      ['friend'],
    )
    await Promise.all([iris.stop(), jan.stop()])
  })

  test('a one-time invite is valid for one person; the second is informed (threats.md 31)', async () => {
    const [kim, leo, mia] = await people('kim', 'leo', 'mia')
    assert.ok(kim && leo && mia)
    const { link } = await kim.call('invite', { once: true })
    await leo.call('requestFriend', { to: link })
    await kim.event('friend-request', ({ peer }) => peer === leo.id)
    assert.equal((await mia.call('requestFriend', { to: link })).state, 'requested')
    const warning = await mia.event('warning', ({ code }) => code === 'invite-used')
    assert.equal(warning.peer, kim.id)
    assert.deepEqual(await mia.call('friends'), [])
    assert.equal(await kim.friend(mia), undefined)
    // The first person may ask again with it, and is accepted.
    await leo.call('requestFriend', { to: link, note: 'me again' })
    await kim.event('friend-changed', ({ note }) => note === 'me again')
    await kim.call('acceptFriend', { peer: leo.id })
    await talking(kim, leo)
    assert.deepEqual(
      (await kim.call('friends')).map(({ peer }) => peer),
      [leo.id],
    )
    // The same invite without `once` is valid for both.
    const open = await kim.call('invite', {})
    await mia.call('requestFriend', { to: open.link })
    await kim.event('friend-request', ({ peer }) => peer === mia.id)
    await Promise.all([kim.stop(), leo.stop(), mia.stop()])
  })

  test('an invite that is expired, damaged, unknown or the peer’s own is refused with a message', async () => {
    const [nora, otto] = await two('nora', 'otto')
    const { link, code } = await nora.call('invite', {})
    assert.equal(await nora.refusal('requestFriend', { to: link }), 'bad-request')
    assert.equal(await nora.refusal('requestFriend', { to: code }), 'bad-request')
    assert.equal(await nora.refusal('requestFriend', { to: nora.id }), 'bad-request')

    const middle = Math.floor(link.length / 2)
    const flipped = link.slice(0, middle) + (link[middle] === 'A' ? 'B' : 'A') + link.slice(middle + 1)
    for (const damaged of [flipped, link.slice(0, -5), link.slice(0, 20), 'quorum://add/', `${link}x`]) {
      assert.equal(await otto.refusal('requestFriend', { to: damaged }), 'bad-invite', damaged)
    }
    const other = code.replace(/^./, (letter) => (letter === 'Z' ? 'Y' : 'Z'))
    assert.equal(await otto.refusal('requestFriend', { to: other }), 'not-found')
    assert.equal(await otto.refusal('requestFriend', { to: 'no.such-handle' }), 'not-found')
    assert.equal(await otto.refusal('requestFriend', { to: 'what is this?' }), 'bad-request')

    const brief = await nora.call('invite', { expiresIn: 1 })
    await until(async () => {
      try {
        await otto.call('requestFriend', { to: brief.link })
        return false
      } catch (error) {
        assert.match(String(error), /invite-expired/)
        return true
      }
    }, 'the invite has expired')
    assert.deepEqual(await otto.call('friends'), [])
    await Promise.all([nora.stop(), otto.stop()])
  })
})
