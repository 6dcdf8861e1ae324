/** Invalid friend requests (docs/threats.md 27, 30-33, 67): forged, replayed, too many, after a block. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import type { PeerEvent } from '../../protocol/api/events.ts'
import { identityFromSeed, publicKeyOf, sign, type Identity } from '../../protocol/identity/identity.ts'
import { friendLimits } from '../../protocol/friend/limits.ts'
import { apiLimits } from '../../protocol/api/limits.ts'
import { directoryProtocol, friendProtocol } from '../../protocol/net/policy.ts'
import { frameFromWire, requestToWire } from '../../protocol/wire/directory.ts'
import { startAttacker } from '../support/attacker.ts'
import { envelope, type Forgery } from '../support/envelopes.ts'
import { friendsAlone } from '../support/friends-alone.ts'
import { guardProcess } from '../support/guard.ts'
import {
  befriend,
  friendOf,
  online,
  reservations,
  startNode,
  startPeer,
  tell,
  until,
  type TestPeer,
} from '../support/network.ts'

guardProcess()

const fresh = (): Promise<Identity> => identityFromSeed(randomBytes(32))
const requestsAt = (peer: TestPeer): PeerEvent[] => peer.events.filter(({ event }) => event === 'friend-request')
const warningsAt = (peer: TestPeer, code: string): PeerEvent[] =>
  peer.events.filter(({ event, data }) => event === 'warning' && data.code === code)

test('hostile 27: forged, foreign and replayed envelopes are dropped, from a node or from a stranger', async (t) => {
  const node = await startNode(t)
  const peer = await startPeer(t, { nodes: node.addresses() })
  await until(async () => (await peer.self()).nodes[0]?.state === 'connected', 'the peer collects its envelopes')
  const [one, two] = [await fresh(), await fresh()]
  const bad: { [name: string]: Forgery } = {
    'for another': { to: two.peer },
    'sealed for another': { sealedFor: two.peer },
    'signed for another purpose': { domain: 'quorum-invite' },
    'with the signature of another': {
      tamper: (signed) => ({ ...signed, signature: sign(two, 'quorum-envelope', signed.payload).signature }),
    },
    'under the key of another': { tamper: (signed) => ({ ...signed, publicKey: two.publicKey }) },
    changed: { tamper: (signed) => ({ ...signed, payload: Buffer.concat([signed.payload, Buffer.from([0x10, 99])]) }) },
    'an answer to nothing': { kind: 'answer' },
  }
  const bytes = [
    ...Object.values(bad).map((forgery) => envelope(one, peer.id, forgery)),
    // An envelope that the peer itself could have written, sent back to it.
    envelope(await identityFromSeed(randomBytes(32)), peer.id, { sealedFor: one.peer }),
    randomBytes(500),
    Buffer.from([1]),
  ]
  const attacker = await startAttacker(t)
  const ways = {
    async node(all: readonly Uint8Array[]) {
      const line = await attacker.open(await attacker.dial(node.addresses()[0] ?? ''), directoryProtocol)
      const to = publicKeyOf(peer.id)
      for (const [n, one_] of all.entries())
        await line.send(requestToWire(n + 1, { call: 'deliver', to, envelope: one_ }))
      for (const n of all.keys()) {
        const answer = frameFromWire(await line.frame(n))
        assert.ok(answer?.frame === 'response' && answer.result.result === 'delivered')
      }
      line.abort()
    },
    async directly(all: readonly Uint8Array[]) {
      const listen = (await peer.self()).listen[0] ?? ''
      for (const one_ of all) {
        const stranger = await startAttacker(t)
        const line = await stranger.open(await stranger.dial(listen), friendProtocol)
        await line.send(one_)
        await line.frame(0)
        await stranger.host.stop()
      }
    },
  }
  let expected = 0
  for (const way of Object.values(ways)) {
    const genuine = await fresh()
    const replayed = envelope(genuine, peer.id)
    // The node holds at most five of one sender, so in small batches; a genuine one shows that all arrived.
    for (let at = 0; at < bytes.length; at += 3) await way(bytes.slice(at, at + 3))
    await way([replayed])
    expected += 1
    await until(() => requestsAt(peer).length === expected, 'the genuine one arrives')
    await peer.declineFriend({ peer: genuine.peer })
    const fence = await fresh()
    await way([replayed, envelope(genuine, peer.id, { sequence: 999 }), envelope(fence, peer.id)])
    expected += 1
    await until(
      () => requestsAt(peer).some(({ data }) => 'peer' in data && data.peer === fence.peer),
      'the last one arrives',
    )
    assert.equal(requestsAt(peer).length, expected, 'what was declined does not come back')
    await peer.declineFriend({ peer: fence.peer })
  }
  assert.deepEqual(await peer.friends(), [])
})

function* times(count: number, envelopes: readonly Uint8Array[]): Generator<Uint8Array> {
  for (let n = 0; n < count; n++) yield envelopes[n % envelopes.length] ?? new Uint8Array()
}

test('hostile 30: of 10^5 friend requests a hundred stay, one line reports it, an invited one is still accepted', async (t) => {
  const { friends, store, identity, events, offer } = await friendsAlone(t)
  const crowd = await Promise.all(Array.from({ length: 1000 }, fresh))
  const [requests, aSecond] = [100_000, 200]
  const taken = await offer(
    times(
      requests,
      crowd.map((one) => envelope(one, identity.peer)),
    ),
    aSecond,
  )
  const { tokens, per } = friendLimits.envelopesOpened
  const most = tokens * (1 + ((requests / aSecond) * 1000) / per)
  assert.ok(taken > most / 2 && taken <= most, `${taken} were opened`)
  const count = (name: string): number => events.filter(({ event }) => event === name).length
  assert.equal(friends.list().length, friendLimits.strangerRequests)
  assert.equal(store.friends().length, friendLimits.strangerRequests)
  assert.equal(count('friend-request'), friendLimits.strangerRequests)
  assert.equal(count('warning'), 1)
  const { token } = friends.invites.create(true, apiLimits.inviteLifetime)
  const guest = await fresh()
  await offer([envelope(guest, identity.peer, { token })], 0.1)
  assert.equal(store.friend(guest.peer)?.state, 'incoming')
  assert.equal(count('friend-request'), friendLimits.strangerRequests + 1)
})

test('hostile 30: requests with invented invites fill neither the list nor the envelope queue, and exclude no one', async (t) => {
  const { friends, store, identity, offer } = await friendsAlone(t)
  const crowd = await Promise.all(Array.from({ length: friendLimits.strangersRemembered + 100 }, fresh))
  await offer(
    crowd.map((one) =>
      envelope(one, identity.peer, { token: randomBytes(16), nodes: ['/ip4/192.0.2.1/tcp/1/p2p/' + one.peer] }),
    ),
    20,
  )
  assert.ok(store.envelopes().length <= friendLimits.strangerRequests, `${store.envelopes().length} refusals wait`)
  assert.ok(friends.list().length <= friendLimits.strangerRequests, 'they wait as strangers do')
  const { token } = friends.invites.create(true, apiLimits.inviteLifetime)
  const guest = await fresh()
  assert.equal(await offer([envelope(guest, identity.peer, { token })], 0.1), 1)
  assert.equal(store.friend(guest.peer)?.state, 'incoming', 'an invited one gets in')
  const wanted = await fresh()
  assert.equal(friends.request({ peer: wanted.peer }, '').state, 'requested', 'the peer can still send a request')
})

test('hostile 30: declined requests do not occupy the list permanently', async (t) => {
  const { friends, store, identity, offer } = await friendsAlone(t)
  const kept = await fresh()
  await offer([envelope(kept, identity.peer)], 1)
  friends.accept(kept.peer)
  const talkedTo = await fresh()
  await offer([envelope(talkedTo, identity.peer)], 1)
  friends.accept(talkedTo.peer)
  store.queueMessage(talkedTo.peer, { id: '1', text: 'we have talked', sentAt: 1 })
  friends.remove(talkedTo.peer)
  for (let declined = 0; declined < friendLimits.strangersRemembered + 200; declined += 100) {
    const crowd = await Promise.all(Array.from({ length: 100 }, fresh))
    await offer(
      crowd.map((one) => envelope(one, identity.peer)),
      20,
    )
    for (const { peer, state } of friends.list()) if (state === 'incoming') friends.decline(peer)
  }
  const next = await fresh()
  assert.equal(await offer([envelope(next, identity.peer)], 0.1), 1)
  assert.equal(store.friend(next.peer)?.state, 'incoming')
  assert.equal(store.friend(kept.peer)?.state, 'friend')
  assert.equal(store.friend(talkedTo.peer)?.state, 'removed', 'the name of whom we have talked to stays')
  assert.ok(store.friends().length <= friendLimits.strangersRemembered + friendLimits.strangerRequests + 10)
})

test('hostile 30: 2,000 requests over the wire: friends still talk, and an invited request is accepted', async (t) => {
  const node = await startNode(t)
  const peer = await startPeer(t, { nodes: node.addresses(), name: 'victim' })
  const friend = await startPeer(t, { nodes: node.addresses(), name: 'friend' })
  await befriend(peer, friend)
  const { link } = await peer.invite({})
  const to = publicKeyOf(peer.id)
  const senders = await Promise.all(Array.from({ length: 34 }, () => startAttacker(t)))
  const crowd = await Promise.all(Array.from({ length: 2040 }, fresh))
  const before = process.memoryUsage.rss()
  for (const sender of senders) {
    const line = await sender.open(await sender.dial(node.addresses()[0] ?? ''), directoryProtocol)
    for (const [n, one] of crowd.splice(0, 60).entries()) {
      await line.send(requestToWire(n, { call: 'deliver', to, envelope: envelope(one, peer.id) }))
    }
    await line.frame(59)
  }
  await tell(friend, peer, 'still here')
  const invited = await startPeer(t, { nodes: node.addresses(), name: 'invited' })
  await invited.requestFriend({ to: link })
  await until(async () => (await friendOf(peer, invited))?.state === 'incoming', 'the invited one gets in')
  await peer.acceptFriend({ peer: invited.id })
  await online(peer, invited)
  const strangers = (await peer.friends()).filter(({ state }) => state === 'incoming').length
  assert.ok(strangers <= friendLimits.strangerRequests)
  assert.ok(warningsAt(peer, 'rate-limited').length <= 1)
  assert.ok(process.memoryUsage.rss() - before < 200 * 1024 * 1024)
})

test('hostile 31: the second use of a one-time invite is refused, and its sender is informed', async (t) => {
  const node = await startNode(t)
  const [peer, first, second] = await Promise.all(
    ['peer', 'first', 'second'].map((name) => startPeer(t, { nodes: node.addresses(), name })),
  )
  assert.ok(peer != null && first != null && second != null)
  const { link } = await peer.invite({ once: true })
  await first.requestFriend({ to: link })
  await until(async () => (await friendOf(peer, first))?.state === 'incoming', 'the first request arrives')
  await second.requestFriend({ to: link })
  await until(() => warningsAt(second, 'invite-used').length === 1, 'the second sender is informed')
  assert.equal(await friendOf(peer, second), undefined)
  assert.equal(await friendOf(second, peer), undefined)
  // The first user may ask again with it.
  await first.removeFriend({ peer: peer.id })
  await first.requestFriend({ to: link, note: 'again' })
  await until(async () => (await friendOf(peer, first))?.note === 'again', 'the new request of the first arrives')
})

test('hostile 32: crossing requests result in one friendship', async (t) => {
  const node = await startNode(t)
  const [one, two] = [await startPeer(t, { nodes: node.addresses() }), await startPeer(t, { nodes: node.addresses() })]
  await Promise.all([one.requestFriend({ to: two.id }), two.requestFriend({ to: one.id })])
  await online(one, two)
  await tell(one, two, 'there')
  await tell(two, one, 'and back')
  for (const peer of [one, two])
    assert.deepEqual(
      (await peer.friends()).map(({ state }) => state),
      ['friend'],
    )
})

test('hostile 33: accepting after a block is refused, on either side', async (t) => {
  const node = await startNode(t)
  const [asker, asked] = [
    await startPeer(t, { nodes: node.addresses() }),
    await startPeer(t, { nodes: node.addresses() }),
  ]
  await asker.requestFriend({ to: asked.id })
  await until(async () => (await friendOf(asked, asker))?.state === 'incoming', 'the request arrives')
  await asked.blockPeer({ peer: asker.id })
  await assert.rejects(asked.acceptFriend({ peer: asker.id }), { code: 'blocked' })
  assert.equal((await asked.unblockPeer({ peer: asker.id })).state, 'incoming')
  await asked.blockPeer({ peer: asker.id })

  // The reverse: they accept, but this peer has blocked them in the meantime.
  const late = await startPeer(t, { nodes: node.addresses() })
  await late.requestFriend({ to: asked.id })
  await until(async () => (await friendOf(asked, late))?.state === 'incoming', 'the request arrives')
  await late.blockPeer({ peer: asked.id })
  await asked.acceptFriend({ peer: late.id })
  await until(() => node.stats().requests['deliver ok'] === 3, 'the answer is delivered')
  await asked.sendMessage({ peer: late.id, text: 'never seen' })
  // A friendship made afterwards shows that all earlier envelopes have been read.
  const witness = await startPeer(t, { nodes: node.addresses() })
  await befriend(late, witness)
  assert.equal((await friendOf(late, asked))?.state, 'blocked')
  assert.deepEqual(await late.messages({ peer: asked.id }), [])
  assert.deepEqual(
    (await asked.messages({ peer: late.id })).map(({ state }) => state),
    ['queued'],
  )
  assert.equal((await friendOf(asked, late))?.online, false)
})

test('hostile 33: a request received while its sender was blocked does not reappear when a node repeats it', async (t) => {
  const { friends, store, identity, offer } = await friendsAlone(t)
  const blocked = await fresh()
  friends.block(blocked.peer)
  const earlier = envelope(blocked, identity.peer, { sequence: 5 })
  await offer([earlier], 1)
  friends.unblock(blocked.peer)
  await offer([earlier], 1)
  assert.equal(store.friend(blocked.peer)?.state, 'removed')
  await offer([envelope(blocked, identity.peer, { sequence: 6 })], 1)
  assert.equal(store.friend(blocked.peer)?.state, 'incoming', 'a new request is received')
})

test('hostile 77: who asked gets no circuit until a person accepts', async (t) => {
  const node = await startNode(t)
  const [address = ''] = node.addresses()
  const peer = await startPeer(t, { nodes: [address] })
  await until(async () => (await reservations(peer)) === 1, 'circuits can come')
  const attacker = await startAttacker(t)
  const line = await attacker.open(await attacker.dial(address), directoryProtocol)
  const [to, request] = [publicKeyOf(peer.id), envelope(attacker.identity, peer.id)]
  await line.send(requestToWire(1, { call: 'deliver', to, envelope: request }))
  await until(async () => (await peer.friends())[0]?.state === 'incoming', 'the request waits')
  const circuit = `${address}/p2p-circuit/p2p/${peer.id}`
  await assert.rejects(attacker.dial(circuit))
  await peer.acceptFriend({ peer: attacker.peer })
  assert.equal((await attacker.dial(circuit)).status, 'open')
})
