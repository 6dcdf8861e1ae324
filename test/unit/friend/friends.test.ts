/** Friendship between two peers with their stores; the test carries the envelopes: every state, and every forgery. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { PeerEvent } from '../../../protocol/api/events.ts'
import { candidateFromInvite } from '../../../protocol/friend/candidate.ts'
import { Friends } from '../../../protocol/friend/friends.ts'
import { identityFromSeed, publicKeyOf, sign, type Identity } from '../../../protocol/identity/identity.ts'
import { inviteFromLink } from '../../../protocol/identity/invite-link.ts'
import { friendLimits } from '../../../protocol/friend/limits.ts'
import { sealBox, SealingKeys } from '../../../protocol/identity/sealing.ts'
import { openMemoryStore } from '../../../protocol/store/memory.ts'
import type { FriendState, Store } from '../../../protocol/store/store.ts'
import { signedFromWire, signedToWire } from '../../../protocol/wire/codec.ts'
import { contactFromWire, contactToWire, sealedToWire, type ContactContent } from '../../../protocol/wire/contact.ts'
import * as people from '../../support/people.ts'
import { refused } from '../../support/refused.ts'

const start = Date.UTC(2026, 0, 1)
const day = 86_400_000

class Person {
  readonly identity: Identity
  readonly store: Store = openMemoryStore()
  readonly friends: Friends
  readonly events: PeerEvent[] = []
  /** PeerIds that sent a dial request, in order. */
  readonly dialMes: string[] = []
  /** Numbers of the words that came in envelopes, in order. */
  readonly stands: number[] = []
  addresses: string[] = []
  /** Whose conversation is open. */
  readonly online = new Set<string>()
  now = start

  constructor(t: TestContext, identity: Identity, name: string) {
    t.after(() => this.store.close())
    this.identity = identity
    const sealing = new SealingKeys(identity, this.store, () => this.now)
    this.friends = new Friends({
      identity,
      store: this.store,
      sealing,
      now: () => this.now,
      networkNow: () => this.now,
      emit: (event) => this.events.push(event),
      name: () => name,
      peerAddress: () => ({
        nodes: [`/dns4/${name.toLowerCase()}.example.org/tcp/1`],
        addresses: this.addresses,
        sealingKey: sealing.current(),
      }),
      view: ({ peer, name: called, state, verified, addedAt }) => {
        return { peer, name: called, state, verified, addedAt, online: false, path: 'none', unread: 0 }
      },
      onEnvelopeQueued: () => {},
      onChange: () => {},
      onForgotten: () => {},
      online: (peer) => this.online.has(peer),
      onDialMe: (peer) => this.dialMes.push(peer),
      onStand: (_, { number }) => this.stands.push(number),
    })
  }

  get peer(): string {
    return this.identity.peer
  }

  state(other: Person): FriendState | undefined {
    return this.store.friend(other.peer)?.state
  }

  /** The sealed envelopes that wait for `other`; removes them here. */
  post(other: Person): Uint8Array[] {
    const waiting = this.store.envelopes().filter(({ to }) => to === other.peer)
    for (const { id } of waiting) this.store.deleteEnvelope(id)
    const key = this.store.friend(other.peer)?.sealingKey
    return waiting.map(({ content }) => sealedToWire(sealBox(content, other.peer, key)))
  }

  /** A dial request to `other`, as an envelope. */
  dialMe(other: Person): Uint8Array {
    const content = this.friends.dialMe(other.peer)
    return sealedToWire(sealBox(content, other.peer, this.store.friend(other.peer)?.sealingKey))
  }

  stand(other: Person, number: number): void {
    const where = { nodes: [], addresses: [], received: 0, receivedHash: new Uint8Array(), read: 0, trail: [] }
    this.friends.stand(other.peer, { ...where, version: 1, name: '', number, features: [1], counted: 0 })
  }

  ask(other: Person, note = ''): void {
    this.friends.request({ peer: other.peer }, note)
  }

  named(event: PeerEvent['event']): PeerEvent[] {
    return this.events.filter((one) => one.event === event)
  }
}

/** Delivers the envelopes in both directions until none is left. */
async function carry(a: Person, b: Person): Promise<number> {
  let carried = 0
  for (let waiting = [...a.post(b)].map((one) => [b, one] as const); waiting.length > 0;) {
    for (const [to, envelope] of waiting) await to.friends.receive(envelope)
    carried += waiting.length
    assert.ok(carried < 20, 'the two never stop writing to each other')
    waiting = [...a.post(b).map((one) => [b, one] as const), ...b.post(a).map((one) => [a, one] as const)]
  }
  return carried
}

function two(t: TestContext): { alice: Person; bob: Person } {
  return { alice: new Person(t, people.alice, 'Alice'), bob: new Person(t, people.bob, 'Bob') }
}

async function friends(t: TestContext): Promise<{ alice: Person; bob: Person }> {
  const { alice, bob } = two(t)
  alice.ask(bob)
  await carry(alice, bob)
  bob.friends.accept(alice.peer)
  await carry(bob, alice)
  assert.deepEqual([alice.state(bob), bob.state(alice)], ['friend', 'friend'])
  return { alice, bob }
}

test('a request is shown with its note and accepted: both peers are friends and know each other’s nodes', async (t) => {
  const { alice, bob } = two(t)
  alice.ask(bob, 'It is me')
  assert.equal(alice.state(bob), 'requested')
  await carry(alice, bob)
  assert.equal(bob.state(alice), 'incoming')
  const row = bob.friends.get(alice.peer)
  assert.deepEqual([row.name, row.note], ['Alice', 'It is me'])
  assert.equal(bob.named('friend-request').length, 1)
  bob.friends.accept(alice.peer)
  assert.equal(await carry(bob, alice), 1)
  assert.deepEqual([alice.state(bob), bob.state(alice)], ['friend', 'friend'])
  const { name, nodes, sealingKey } = alice.friends.get(bob.peer)
  assert.deepEqual([name, nodes], ['Bob', ['/dns4/bob.example.org/tcp/1']])
  assert.ok(sealingKey != null)
})

test('the answer stays queued until it is delivered, and is written once', async (t) => {
  const { alice, bob } = two(t)
  alice.ask(bob)
  await carry(alice, bob)
  bob.friends.accept(alice.peer)
  bob.friends.accept(alice.peer)
  assert.deepEqual(
    bob.store.envelopes().map(({ kind }) => kind),
    ['answer'],
  )
})

test('a declined request sends no answer, leaves the list, and may be repeated a month later', async (t) => {
  const { alice, bob } = two(t)
  alice.ask(bob)
  await carry(alice, bob)
  bob.friends.decline(alice.peer)
  assert.deepEqual([bob.store.envelopes(), bob.friends.list()], [[], []])
  assert.equal(alice.state(bob), 'requested')
  alice.ask(bob, 'Please')
  await carry(alice, bob)
  assert.equal(bob.state(alice), 'removed')
  bob.now = start + 31 * day
  alice.ask(bob, 'Please')
  await carry(alice, bob)
  assert.equal(bob.state(alice), 'incoming')
})

test('requests that cross create one friendship', async (t) => {
  const { alice, bob } = two(t)
  alice.ask(bob)
  bob.ask(alice)
  const [fromAlice, fromBob] = [alice.post(bob), bob.post(alice)]
  for (const envelope of fromAlice) await bob.friends.receive(envelope)
  for (const envelope of fromBob) await alice.friends.receive(envelope)
  await carry(alice, bob)
  assert.deepEqual([alice.state(bob), bob.state(alice)], ['friend', 'friend'])
})

test('a request to a peer that has sent one accepts it', async (t) => {
  const { alice, bob } = two(t)
  alice.ask(bob)
  await carry(alice, bob)
  bob.ask(alice)
  assert.equal(bob.state(alice), 'friend')
  await carry(bob, alice)
  assert.equal(alice.state(bob), 'friend')
})

test('a repeated request replaces its note and stays one request', async (t) => {
  const { alice, bob } = two(t)
  for (const note of ['First', 'Second']) {
    alice.ask(bob, note)
    await carry(alice, bob)
  }
  assert.equal(bob.friends.list().length, 1)
  assert.equal(bob.friends.get(alice.peer).note, 'Second')
})

test('111: a word in an envelope is heard of friends, also of one whose sequences begin anew, and not without end', async (t) => {
  const { alice, bob } = await friends(t)
  bob.stand(alice, 1)
  bob.stand(alice, 2)
  const { heardSequence } = alice.friends.get(bob.peer)
  assert.equal(await carry(bob, alice), 1, 'the newer one replaces the one that waits')
  assert.deepEqual(alice.stands, [2])
  bob.now -= day
  bob.store.putFriend({ ...bob.friends.get(alice.peer), spokenSequence: 0 })
  bob.stand(alice, 3)
  await carry(bob, alice)
  assert.deepEqual(alice.stands, [2, 3])
  assert.equal(alice.friends.get(bob.peer).heardSequence, heardSequence, 'its sequence does not count')

  alice.friends.block(bob.peer)
  bob.stand(alice, 4)
  await carry(bob, alice)
  alice.friends.unblock(bob.peer)
  assert.deepEqual(alice.stands, [2, 3])
  for (let number = 5; number < 5 + 2 * friendLimits.stands.tokens; number += 1) {
    bob.stand(alice, number)
    await carry(bob, alice)
  }
  assert.equal(alice.stands.length, friendLimits.stands.tokens)
  alice.friends.remove(bob.peer)
  alice.stand(bob, 1)
  assert.equal(await carry(alice, bob), 0, 'only friends are told')
})

test('a withdrawn request is no longer sent', async (t) => {
  const { alice, bob } = two(t)
  alice.ask(bob)
  alice.friends.remove(bob.peer)
  assert.equal(await carry(alice, bob), 0)
})

test('a removal is not announced; the other side, still a friend, accepts a new request at once', async (t) => {
  const { alice, bob } = await friends(t)
  alice.friends.remove(bob.peer)
  assert.equal(await carry(alice, bob), 0)
  assert.deepEqual([alice.state(bob), bob.state(alice)], ['removed', 'friend'])
  alice.ask(bob)
  await carry(alice, bob)
  assert.deepEqual([alice.state(bob), bob.state(alice)], ['friend', 'friend'])
})

test('an answer without a request creates no friendship', async (t) => {
  const { alice, bob } = two(t)
  alice.ask(bob)
  await carry(alice, bob)
  bob.friends.accept(alice.peer)
  alice.friends.remove(bob.peer)
  for (const envelope of bob.post(alice)) await alice.friends.receive(envelope)
  assert.equal(alice.state(bob), 'removed')
})

test('a blocked peer’s envelopes have no effect; unblocked, it is a friend again as it was', async (t) => {
  const { alice, bob } = await friends(t)
  bob.friends.block(alice.peer)
  alice.friends.remove(bob.peer)
  alice.ask(bob, 'Hello?')
  const before = bob.events.length
  await carry(alice, bob)
  assert.deepEqual([bob.state(alice), bob.events.length], ['blocked', before])
  assert.throws(() => bob.ask(alice), refused('blocked'))
  assert.throws(() => bob.friends.accept(alice.peer), refused('blocked'))
  assert.throws(() => bob.friends.remove(alice.peer), refused('blocked'))
  assert.equal(bob.friends.block(alice.peer).state, 'blocked', 'blocking twice forgets nothing')
  assert.equal(bob.friends.unblock(alice.peer).state, 'friend')
  assert.equal(await carry(alice, bob), 0)
  assert.equal(bob.state(alice), 'friend')
  // Alice's request during the block had no effect: she asks again.
  alice.ask(bob)
  await carry(alice, bob)
  assert.deepEqual([alice.state(bob), bob.state(alice)], ['friend', 'friend'])
})

test('unblocking gives back what was: a request that waits, or nobody', async (t) => {
  const { alice, bob } = two(t)
  alice.ask(bob, 'It is me')
  await carry(alice, bob)
  bob.friends.block(alice.peer)
  const again = bob.friends.unblock(alice.peer)
  assert.deepEqual([again.state, again.note, again.blockedAs], ['incoming', 'It is me', undefined])
  bob.friends.accept(alice.peer)
  await carry(bob, alice)
  assert.deepEqual([alice.state(bob), bob.state(alice)], ['friend', 'friend'])

  // What this peer asked is taken back by its block, and nothing says that it waits.
  const carol = new Person(t, people.carol, 'Carol')
  carol.ask(bob)
  carol.friends.block(bob.peer)
  const left = carol.friends.unblock(bob.peer)
  assert.deepEqual([left.state, left.askedAt, await carry(carol, bob)], ['removed', undefined, 0])
  carol.ask(bob)
  assert.equal(await carry(carol, bob), 1)
  carol.friends.remove(bob.peer)
  carol.friends.block(bob.peer)
  assert.equal(carol.friends.unblock(bob.peer).state, 'removed', 'who was removed before stays removed')
})

test('who was removed, and does not know it, takes a new invite: it is asked, accepted, and both are friends', async (t) => {
  const { alice, bob } = await friends(t)
  alice.friends.remove(bob.peer)
  const { token } = alice.friends.invites.create(true, 1000)
  const asked = bob.friends.request({ peer: alice.peer, token }, 'Once more?')
  assert.deepEqual([asked.state, asked.askedAt], ['friend', bob.now])
  await carry(bob, alice)
  const [waiting] = alice.friends.list()
  assert.deepEqual([waiting?.state, waiting?.invited, waiting?.note], ['incoming', true, 'Once more?'])
  alice.friends.accept(bob.peer)
  await carry(alice, bob)
  assert.deepEqual([alice.state(bob), bob.state(alice)], ['friend', 'friend'])
  assert.equal(bob.friends.get(alice.peer).askedAt, undefined)
  assert.deepEqual(bob.store.envelopes(), [])
})

test('a friend who is away and has removed nobody confirms without a question', async (t) => {
  const { alice, bob } = await friends(t)
  const before = alice.named('friend-request').length
  assert.equal(bob.friends.request({ peer: alice.peer }, '').askedAt, bob.now)
  await carry(bob, alice)
  assert.equal(alice.named('friend-request').length, before)
  assert.deepEqual([bob.state(alice), bob.friends.get(alice.peer).askedAt], ['friend', undefined])
})

test('a friend who is online is not asked, and nothing says so; one who comes online has nothing to answer', async (t) => {
  const { alice, bob } = await friends(t)
  bob.online.add(alice.peer)
  assert.equal(bob.friends.request({ peer: alice.peer }, '').askedAt, undefined)
  assert.deepEqual(bob.store.envelopes(), [])
  bob.online.clear()
  bob.ask(alice)
  assert.equal(bob.store.envelopes().length, 1)
  bob.friends.connected(alice.peer)
  assert.deepEqual([bob.friends.get(alice.peer).askedAt, bob.store.envelopes()], [undefined, []])
})

test('a friend asked again with a used invite learns that it is refused, and stays a friend', async (t) => {
  const { alice, bob } = await friends(t)
  const { token } = alice.friends.invites.create(true, 1000)
  alice.friends.invites.use(token, people.carol.peer)
  alice.friends.remove(bob.peer)
  bob.friends.request({ peer: alice.peer, token }, '')
  await carry(bob, alice)
  const [warning] = bob.named('warning')
  assert.ok(warning?.event === 'warning')
  assert.equal(warning.data.code, 'invite-used')
  assert.deepEqual([bob.state(alice), bob.friends.get(alice.peer).askedAt], ['friend', undefined])
})

test('an unknown peer can be blocked', async (t) => {
  const { alice, bob } = two(t)
  bob.friends.block(alice.peer)
  alice.ask(bob)
  await carry(alice, bob)
  assert.equal(bob.state(alice), 'blocked')
  assert.throws(() => bob.friends.block('nobody'), refused('bad-request'))
  assert.throws(() => bob.friends.block(bob.peer), refused('bad-request'))
})

test('calls that do not fit the state are refused', async (t) => {
  const { alice, bob } = await friends(t)
  assert.throws(() => alice.friends.get(people.carol.peer), refused('not-found'))
  assert.throws(() => alice.friends.accept(people.carol.peer), refused('not-found'))
  assert.throws(() => alice.friends.decline(bob.peer), refused('bad-request'))
  assert.throws(() => alice.friends.unblock(bob.peer), refused('bad-request'))
  assert.throws(() => alice.ask(alice), refused('bad-request'))
  alice.friends.remove(bob.peer)
  assert.throws(() => alice.friends.accept(bob.peer), refused('bad-request'))
})

test('a compared safety number stays verified after a new request', async (t) => {
  const { alice, bob } = await friends(t)
  alice.friends.verified(bob.peer, true)
  bob.friends.remove(alice.peer)
  bob.ask(alice)
  await carry(bob, alice)
  assert.equal(alice.friends.get(bob.peer).verified, true)
})

test('an old envelope that is delivered again changes nothing', async (t) => {
  const { alice, bob } = two(t)
  alice.ask(bob)
  const [request] = alice.post(bob)
  assert.ok(request)
  await bob.friends.receive(request)
  bob.friends.decline(alice.peer)
  await bob.friends.receive(request)
  assert.equal(bob.state(alice), 'removed')
})

test('a clock that goes back does not make new envelopes look old', async (t) => {
  const { alice, bob } = two(t)
  alice.ask(bob)
  await carry(alice, bob)
  alice.now = start - 365 * day
  alice.ask(bob, 'from the past')
  await carry(alice, bob)
  assert.equal(bob.friends.get(alice.peer).note, 'from the past')
})

test('forged, misdirected and meaningless envelopes have no effect', async (t) => {
  const { alice, bob } = two(t)
  const mallory = await identityFromSeed(new Uint8Array(32).fill(9))
  const envelope = (author: Identity, more: Partial<ContactContent> = {}) => {
    const to = publicKeyOf(bob.peer)
    const said = {
      nodes: [],
      addresses: [],
      to,
      sequence: start,
      time: start,
      name: 'Alice',
      kind: 'request',
      note: '',
    }
    const signed = sign(author, 'quorum-envelope', contactToWire({ ...said, ...more } as ContactContent))
    return { seal: (by = signed) => sealedToWire(sealBox(signedToWire(by), bob.peer, undefined)), signed }
  }
  const other = envelope(mallory)
  for (const [what, bytes] of Object.entries({
    nothing: new Uint8Array(),
    noise: new Uint8Array(200).fill(7),
    'with the key of another': other.seal({ ...other.signed, publicKey: people.alice.publicKey }),
    'meant for another': envelope(mallory, { to: publicKeyOf(alice.peer) }).seal(),
    'by ourselves': envelope(people.bob).seal(),
    'with a name that is too long': envelope(mallory, { name: 'n'.repeat(65) }).seal(),
    'with bytes that were signed for another purpose': other.seal(sign(mallory, 'quorum-record', other.signed.payload)),
  })) {
    await bob.friends.receive(bytes)
    assert.deepEqual([bob.store.friends(), bob.events], [[], []], what)
  }
  await bob.friends.receive(other.seal())
  assert.equal(bob.friends.list().length, 1, 'the same, honest')
})

test('envelopes are opened at a bounded rate, and refused ones can be delivered again', async (t) => {
  const { bob } = two(t)
  const noise = new Uint8Array(200).fill(7)
  const flood = async (): Promise<void> => {
    for (let sent = 0; sent < 10 * friendLimits.envelopesOpened.tokens; sent += 1) await bob.friends.receive(noise)
  }
  await assert.rejects(flood, refused('rate-limited'))
})

test('requests of strangers are queued up to a cap, with one warning; invited peers do not count', async (t) => {
  const { alice, bob } = two(t)
  const token = inviteFromLink(bob.friends.invites.create(false, day).link).token
  for (let at = 0; at < friendLimits.strangerRequests + 2; at += 1) {
    // Written directly to the store: the test is not about how the queue is filled.
    if (at < friendLimits.strangerRequests) {
      bob.store.putFriend({
        peer: `stranger ${at}`,
        name: '',
        state: 'incoming',
        verified: false,
        invited: false,
        addedAt: start,
        nodes: [],
        addresses: [],
        heardSequence: 1,
        spokenSequence: 0,
        recordSequence: 0,
      })
    } else {
      const stranger = new Person(t, await identityFromSeed(new Uint8Array(32).fill(100 + at)), 'Stranger')
      stranger.ask(bob)
      await carry(stranger, bob)
      assert.equal(bob.state(stranger), undefined)
    }
  }
  assert.equal(bob.named('warning').length, 1)
  alice.friends.request({ peer: bob.peer, token }, '')
  await carry(alice, bob)
  assert.equal(bob.state(alice), 'incoming')
})

test('an invite for one is used by one peer', async (t) => {
  const { alice, bob } = two(t)
  const carol = new Person(t, people.carol, 'Carol')
  const invite = candidateFromInvite(inviteFromLink(bob.friends.invites.create(true, day).link))
  alice.friends.request(invite, '')
  await carry(alice, bob)
  alice.friends.request(invite, 'Again')
  await carry(alice, bob)
  assert.equal(bob.state(alice), 'incoming', 'the same peer may repeat itself')
  carol.friends.request(invite, '')
  await carry(carol, bob)
  assert.equal(bob.state(carol), undefined, 'nothing is kept of her')
  assert.equal(carol.state(bob), 'removed')
  assert.deepEqual(
    carol.named('warning').map(({ data }) => 'code' in data && data.code),
    ['invite-used'],
  )
})

test('an invite for many is used by many peers', async (t) => {
  const { alice, bob } = two(t)
  const carol = new Person(t, people.carol, 'Carol')
  const invite = candidateFromInvite(inviteFromLink(bob.friends.invites.create(false, day).link))
  for (const person of [alice, carol]) {
    person.friends.request(invite, '')
    await carry(person, bob)
    assert.equal(bob.state(person), 'incoming')
  }
})

test('an expired invite is refused as such', async (t) => {
  const { alice, bob } = two(t)
  const invite = candidateFromInvite(inviteFromLink(bob.friends.invites.create(false, day).link))
  bob.now += day
  alice.friends.request(invite, '')
  await carry(alice, bob)
  assert.equal(alice.state(bob), 'removed')
  assert.deepEqual(
    alice.named('warning').map(({ data }) => 'code' in data && data.code),
    ['invite-expired'],
  )
  assert.equal(bob.named('friend-request').length, 0)
})

test('an invalid token counts as none: the request waits with those of strangers, and gets no answer', async (t) => {
  const { alice, bob } = two(t)
  alice.friends.request({ peer: bob.peer, token: new Uint8Array(16).fill(7) }, '')
  await carry(alice, bob)
  assert.equal(bob.state(alice), 'incoming')
  assert.equal(bob.store.friend(alice.peer)?.invited, false)
  assert.equal(bob.store.envelopes().length, 0)
})

test('a refusal contains neither the name nor the address of the peer that refuses', async (t) => {
  const { alice, bob } = two(t)
  const invite = candidateFromInvite(inviteFromLink(bob.friends.invites.create(false, day).link))
  bob.now += day
  alice.friends.request(invite, '')
  for (const envelope of alice.post(bob)) await bob.friends.receive(envelope)
  const [refusal] = bob.store.envelopes()
  assert.equal(refusal?.kind, 'refusal')
  const { name, nodes, addresses, sealingKey } = contactFromWire(signedFromWire(refusal.content).payload)
  assert.deepEqual(
    { name, nodes, addresses, sealingKey },
    { name: '', nodes: [], addresses: [], sealingKey: undefined },
  )
})

test('a refusal cannot end a friendship', async (t) => {
  const { alice, bob } = await friends(t)
  const content: ContactContent = {
    nodes: [],
    addresses: [],
    to: publicKeyOf(alice.peer),
    sequence: start + day,
    time: start,
    name: 'Bob',
    kind: 'refusal',
    code: 'bad-invite',
  }
  const signed = signedToWire(sign(people.bob, 'quorum-envelope', contactToWire(content)))
  await alice.friends.receive(sealedToWire(sealBox(signed, alice.peer, undefined)))
  assert.equal(alice.state(bob), 'friend')
})

test('outstanding invites are bounded; expired ones make room', (t) => {
  const { bob } = two(t)
  for (let made = 0; made < friendLimits.invites; made += 1) bob.friends.invites.create(false, day)
  assert.throws(() => bob.friends.invites.create(false, day), refused('rate-limited'))
  bob.now += day
  bob.friends.invites.create(false, day)
  assert.equal(bob.store.invites().length, 1)
})

test('an envelope and the state that caused it are one transaction', (t) => {
  const { alice, bob } = two(t)
  const { putEnvelope } = alice.store
  alice.store.putEnvelope = () => assert.fail('the disk is full')
  assert.throws(() => alice.ask(bob))
  alice.store.putEnvelope = putEnvelope
  assert.deepEqual([alice.store.friends(), alice.store.envelopes(), alice.events], [[], [], []])
})

test('a friend’s dial request updates its addresses, and counts once', async (t) => {
  const { alice, bob } = await friends(t)
  alice.addresses = ['/ip4/192.0.2.7/tcp/1']
  const envelope = alice.dialMe(bob)
  assert.deepEqual(alice.store.envelopes(), [])
  await bob.friends.receive(envelope)
  await bob.friends.receive(envelope)
  assert.deepEqual(bob.dialMes, [alice.peer])
  assert.deepEqual(bob.friends.get(alice.peer).addresses, ['/ip4/192.0.2.7/tcp/1'])
  assert.equal(bob.state(alice), 'friend')
})

test('a dial request of a peer that is not a friend is ignored, and its addresses are not stored', async (t) => {
  const { alice, bob } = await friends(t)
  alice.addresses = ['/ip4/192.0.2.7/tcp/1']
  const [first, second, third] = [alice.dialMe(bob), alice.dialMe(bob), alice.dialMe(bob)]
  bob.friends.remove(alice.peer)
  await bob.friends.receive(first)
  bob.friends.block(alice.peer)
  await bob.friends.receive(second)
  bob.friends.unblock(alice.peer)
  bob.store.deleteFriend(alice.peer)
  await bob.friends.receive(third)
  assert.deepEqual(bob.dialMes, [])
  assert.equal(bob.store.friend(alice.peer), undefined)
  alice.friends.remove(bob.peer)
  assert.throws(() => alice.friends.dialMe(bob.peer), refused('not-friend'))
})

test('repeated dial requests of a friend cause dials at a bounded rate', async (t) => {
  const { alice, bob } = await friends(t)
  for (let n = 0; n < 5 * friendLimits.dialMes.tokens; n += 1) await bob.friends.receive(alice.dialMe(bob))
  assert.equal(bob.dialMes.length, friendLimits.dialMes.tokens)
})
