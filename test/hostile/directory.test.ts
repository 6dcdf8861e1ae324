/** False records sent to and by the directory (docs/threats.md 27, 29), and other attacks of a hostile node. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { identityFromSeed, sign, type Domain, type Identity } from '../../protocol/identity/identity.ts'
import { openMemoryStore } from '../../protocol/index.ts'
import { limits } from '../../protocol/base/limits.ts'
import { directoryAddressRates, directoryLimits, directoryRates } from '../../protocol/directory/limits.ts'
import { directoryProtocol } from '../../protocol/net/policy.ts'
import type { SignedBytes } from '../../protocol/wire/codec.ts'
import { recordToWire } from '../../protocol/wire/contact.ts'
import {
  frameFromWire,
  frameToWire,
  requestToWire,
  type DirectoryAnswer,
  type DirectoryCall,
  type DirectoryResult,
} from '../../protocol/wire/directory.ts'
import { frameAll } from '../../protocol/wire/framing.ts'
import { befriended, startAttacker, type Attacker, type Line } from '../support/attacker.ts'
import { besides } from '../support/bystanders.ts'
import { guardProcess } from '../support/guard.ts'
import { honestly, startLyingNode } from '../support/lying-node.ts'
import { befriend, startNode, startOpenNode, startPeer, until } from '../support/network.ts'
import { bucket, change, hour } from '../support/numbers.ts'
import { startVictim } from '../support/victim.ts'
import { Retry } from '../../protocol/base/backoff.ts'

guardProcess()

const evil = '/ip4/192.0.2.66/tcp/66/p2p/12D3KooWRm8J3iL796zPFi2EtGGtUJn58AG67gcqzMTzqTtMEz4P'

function recordOf(
  identity: Identity,
  sequence: number,
  domain: Domain = 'quorum-record',
  nodes: string[] = [],
): SignedBytes {
  return sign(identity, domain, recordToWire({ sequence, ttl: limits.recordTtl, nodes, addresses: [] }))
}

interface Session {
  line: Line
  ask: (call: DirectoryCall) => Promise<DirectoryResult>
}

/** The attacker's session with a node: one answer for each call. */
async function session(attacker: Attacker, node: string): Promise<Session> {
  const line = await attacker.open(await attacker.dial(node), directoryProtocol)
  let asked = 0
  return {
    line,
    async ask(call) {
      const at = asked++
      await line.send(requestToWire(7, call))
      const answer = frameFromWire(await line.frame(at))
      return answer?.frame === 'response' ? answer.result : assert.fail('not an answer')
    },
  }
}

const codeOf = (result: DirectoryResult): string => (result.result === 'error' ? result.error.code : result.result)

test('hostile 27: a node refuses forged, foreign and older records, and removes expired ones', async (t) => {
  let now = Date.now()
  const node = await startNode(t, { now: () => now })
  const address = node.addresses()[0] ?? ''
  const [attacker, watcher, other] = [
    await startAttacker(t),
    await startAttacker(t),
    await identityFromSeed(randomBytes(32)),
  ]
  const { ask } = await session(attacker, address)
  const announce = async (record: SignedBytes): Promise<string> =>
    codeOf(await ask({ call: 'announce', record, handle: '' }))

  const good = recordOf(attacker.identity, 100)
  assert.equal(await announce(recordOf(other, 100)), 'verification-failed', 'of another')
  assert.equal(
    await announce({ ...recordOf(other, 100), publicKey: attacker.identity.publicKey }),
    'verification-failed',
  )
  assert.equal(
    await announce({ ...good, payload: Buffer.concat([good.payload, Buffer.from([0x08, 101])]) }),
    'verification-failed',
  )
  assert.equal(await announce({ ...good, signature: randomBytes(64) }), 'verification-failed')
  assert.equal(
    await announce(recordOf(attacker.identity, 100, 'quorum-invite')),
    'verification-failed',
    'signed for another purpose',
  )
  assert.equal(await announce(good), 'announced')
  assert.equal(await announce(good), 'bad-request', 'replayed')
  assert.equal(await announce(recordOf(attacker.identity, 99)), 'bad-request', 'older')
  const look = await session(watcher, address)
  const found = await look.ask({ call: 'lookup', peer: attacker.identity.publicKey })
  assert.ok(found.result === 'found' && Buffer.from(found.record?.payload ?? []).equals(good.payload))
  now += limits.recordTtl + 1
  const late = await look.ask({ call: 'lookup', peer: attacker.identity.publicKey })
  assert.ok(late.result === 'found' && late.record == null, 'expired')
})

test('hostile 27: a peer accepts no forged, foreign, expired or older record from a lying node', async (t) => {
  const asked = await identityFromSeed(randomBytes(32))
  const other = await identityFromSeed(randomBytes(32))
  const true_ = recordOf(asked, 50, 'quorum-record', [evil])
  let lie: DirectoryAnswer = { result: 'found', connected: true, age: 0 }
  const liar = await startLyingNode(t, (call) => (call.call === 'lookup' ? lie : honestly(call)))
  const store = openMemoryStore()
  const peer = await startPeer(t, { store, nodes: [liar.address] })
  await until(async () => (await peer.self()).nodes[0]?.state === 'connected', 'it uses the lying node')

  const lies: { [name: string]: SignedBytes } = {
    'of another': recordOf(other, 500, 'quorum-record', [evil]),
    'under the key of another': { ...true_, publicKey: other.publicKey },
    changed: { ...true_, payload: Buffer.concat([true_.payload, Buffer.from([0x08, 101])]) },
    'signed at random': { ...true_, signature: randomBytes(64) },
    'for another purpose': recordOf(asked, 500, 'quorum-invite', [evil]),
    'without a key': { ...true_, publicKey: new Uint8Array() },
  }
  for (const [name, record] of Object.entries(lies)) {
    lie = { result: 'found', record, connected: true, age: 0 }
    await assert.rejects(peer.requestFriend({ to: asked.peer }), { code: 'verification-failed' }, name)
    assert.equal(store.friend(asked.peer), undefined, name)
  }
  lie = { result: 'found', record: true_, connected: true, age: limits.recordTtl + 1000 }
  await peer.requestFriend({ to: asked.peer })
  assert.deepEqual(store.friend(asked.peer)?.nodes, [], 'expired: asked without it')

  const known = befriended(asked.peer, { state: 'requested', recordSequence: 100, nodes: [liar.address] })
  for (const state of ['requested', 'friend'] as const) {
    store.putFriend({ ...known, state })
    lie = { result: 'found', record: true_, connected: true, age: 0 }
    if (state === 'requested') await peer.requestFriend({ to: asked.peer })
    else await assert.rejects(peer.connect({ peer: asked.peer }), { code: /./ })
    const row = store.friend(asked.peer)
    assert.deepEqual([row?.recordSequence, row?.nodes], [100, [liar.address]], `older, while ${state}`)
  }
})

test('hostile 27: a lying node does not prevent a peer from querying an honest one', async (t) => {
  const node = await startNode(t)
  const friend = await startPeer(t, { nodes: node.addresses() })
  await until(async () => (await friend.self()).nodes[0]?.state === 'connected', 'the code can be left with the node')
  const { code } = await friend.invite({})
  const other = await identityFromSeed(randomBytes(32))
  const liar = await startLyingNode(t, (call) => {
    if (call.call === 'lookup') return { result: 'found', record: recordOf(other, 1), connected: true, age: 0 }
    if (call.call === 'findInvite') return { result: 'foundInvite', sealed: randomBytes(200) }
    return honestly(call)
  })
  const peer = await startPeer(t, { nodes: [liar.address, ...node.addresses()] })
  await until(async () => (await peer.self()).nodes.every(({ state }) => state === 'connected'), 'both nodes are used')
  await until(async () => (await peer.requestFriend({ to: friend.id })).state === 'requested', 'asked by PeerId')
  await peer.removeFriend({ peer: friend.id })
  assert.equal((await peer.requestFriend({ to: code })).peer, friend.id, 'asked by code')
})

test('hostile 29: all unknown names get the same answer; queries are rate-limited, by address and across reconnects', async (t) => {
  let now = Date.now()
  const node = await startNode(t, { now: () => now })
  const address = node.addresses()[0] ?? ''
  const gone = await startAttacker(t)
  const leaving = await session(gone, address)
  await leaving.ask({ call: 'announce', record: recordOf(gone.identity, 1), handle: 'someone' })
  now += limits.recordTtl + 1

  const attacker = await startAttacker(t)
  const { line, ask } = await session(attacker, address)
  const unknown: DirectoryCall[] = [
    { call: 'lookup', peer: (await identityFromSeed(randomBytes(32))).publicKey },
    { call: 'lookup', peer: gone.identity.publicKey },
    { call: 'lookupHandle', handle: 'nobody' },
    { call: 'lookupHandle', handle: 'someone' },
  ]
  for (const call of unknown) await ask(call)
  assert.equal(new Set(line.frames.map((bytes) => Buffer.from(bytes).toString('hex'))).size, 1)

  // Twice the allowed number, over two sessions.
  const again = await session(attacker, address)
  const guess =
    (prefix: string) =>
    (n: number): DirectoryCall => ({ call: 'lookupHandle', handle: `${prefix}-${n}` })
  const askAll = (one: Session, times: number, call: (n: number) => DirectoryCall): Promise<string[]> =>
    Promise.all(Array.from({ length: times }, async (_, n) => codeOf(await one.ask(call(n)))))
  const lookups = bucket(directoryRates.lookup)
  const codes = await askAll(again, 2 * directoryRates.lookup.tokens, guess('guess'))
  const answered = codes.filter((code) => code === 'found').length
  // The queries above used part of the allowance, too.
  assert.ok(answered <= lookups(), `${answered} handles were tried`)
  assert.equal(codes.at(-1), 'rate-limited')

  // More identities from one address can try no more handles and no more codes.
  let [handles, slots] = [0, 0]
  const codeLookups = bucket(directoryAddressRates.findInvite)
  for (let identity = 0; identity < 3; identity++) {
    const one = await session(await startAttacker(t), address)
    const tried = await askAll(one, directoryRates.lookup.tokens, guess('more'))
    handles += tried.filter((code) => code === 'found').length
    const slot = (): DirectoryCall => ({ call: 'findInvite', slot: randomBytes(16) })
    slots += (await askAll(one, 2 * directoryRates.findInvite.tokens, slot)).filter(
      (code) => code === 'foundInvite',
    ).length
  }
  assert.ok(slots <= codeLookups(), `${slots} codes were tried`)
  assert.ok(answered + handles <= lookups(), `${handles} more handles were tried`)
})

test('hostile 5: a peer that asks too much is refused and stays connected; a flood ends its stream', async (t) => {
  const [frames, own, flood] = [5, 8, 20]
  change(t, directoryLimits, {
    directoryFrames: { tokens: frames, per: hour },
    directoryFlood: { tokens: own, per: hour },
    directoryFloodPerAddress: { tokens: flood - own, per: hour },
  })
  const node = await startNode(t)
  const attacker = await startAttacker(t)
  const { line, ask } = await session(attacker, node.addresses()[0] ?? '')
  const call: DirectoryCall = { call: 'lookup', peer: attacker.identity.publicKey }
  const codes: string[] = []
  for (let asked = 0; asked < flood; asked += 1) codes.push(codeOf(await ask(call)))
  const expected = Array.from({ length: flood }, (_, index) => (index < frames ? 'found' : 'rate-limited'))
  assert.deepEqual(codes, expected)
  await line.send(requestToWire(7, call))
  await until(() => line.stream.status === 'reset', 'the stream is reset')

  // Another identity of that address has its own few, and no more.
  const other = await session(await startAttacker(t), node.addresses()[0] ?? '')
  for (let asked = 0; asked < own; asked += 1) await other.ask(call)
  await other.line.send(requestToWire(8, call))
  await until(() => other.line.stream.status === 'reset', 'it is reset, too')
})

test('hostile 29: who leaves an envelope does not learn whether its recipient is connected', async (t) => {
  const node = await startNode(t)
  const address = node.addresses()[0] ?? ''
  const [attacker, here] = [await startAttacker(t), await startAttacker(t)]
  const connected = await session(here, address)
  const away = (await identityFromSeed(randomBytes(32))).publicKey
  const { line, ask } = await session(attacker, address)
  for (const to of [here.identity.publicKey, away]) {
    await ask({ call: 'deliver', to, envelope: randomBytes(100) })
    await ask({ call: 'deliver', to, envelope: randomBytes(100), fleeting: true })
  }
  assert.equal(new Set(line.frames.map((bytes) => Buffer.from(bytes).toString('hex'))).size, 1)
  await until(() => connected.line.frames.length === 2, 'both were pushed')
})

test('hostile 29: reading the data that a node stores, and having it deleted, are rate-limited too', async (t) => {
  const node = await startNode(t)
  const { ask } = await session(await startAttacker(t), node.addresses()[0] ?? '')
  for (const call of ['knowledge', 'forget'] as const) {
    const { tokens } = directoryRates[call]
    const codes = await Promise.all(Array.from({ length: 3 * tokens }, async () => codeOf(await ask({ call }))))
    const refused = codes.filter((code) => code === 'rate-limited').length
    assert.ok(refused > tokens && codes[0] !== 'rate-limited', `${refused} of ${codes.length} ${call} were refused`)
  }
})

test('hostile 29: deliveries are rate-limited by address too: more identities deliver no more', async (t) => {
  const { address } = await startOpenNode(t)
  let accepted = 0
  const codes = new Set<string>()
  const identities = Math.ceil((1.5 * directoryAddressRates.deliver.tokens) / directoryRates.deliver.tokens)
  const deliveries = bucket(directoryAddressRates.deliver)
  for (let identity = 0; identity < identities; identity += 1) {
    const { ask } = await session(await startAttacker(t), address)
    // To a different recipient each time, so that no other limit applies.
    const answers = await Promise.all(
      Array.from({ length: directoryRates.deliver.tokens }, async () =>
        codeOf(await ask({ call: 'deliver', to: randomBytes(32), envelope: randomBytes(100), fleeting: true })),
      ),
    )
    accepted += answers.filter((code) => code === 'delivered').length
    for (const code of answers) codes.add(code)
  }
  assert.deepEqual([...codes].sort(), ['delivered', 'rate-limited'])
  const { tokens } = directoryAddressRates.deliver
  assert.ok(accepted >= tokens && accepted <= deliveries(), `${accepted} of ${identities} identities`)
})

test('hostile 66, 67: more identities of one address park no more invites, and try and claim no more handles', async (t) => {
  const { address } = await startOpenNode(t)
  const [most] = directoryLimits.parkedPerAddress
  const [handles, claims] = [bucket(directoryAddressRates.lookupHandle), bucket(directoryLimits.claimsPerAddress)]
  let [parked, claimed, tried] = [0, 0, 0]
  for (let identity = 0; identity * limits.parkedPerPeer < 1.5 * most; identity += 1) {
    const attacker = await startAttacker(t)
    const { ask } = await session(attacker, address)
    for (let n = 0; n < limits.parkedPerPeer; n += 1) {
      const call = { call: 'postInvite', slot: randomBytes(16), sealed: randomBytes(100), ttl: 1e6 } as const
      if (codeOf(await ask(call)) === 'done') parked += 1
    }
    for (let n = 1; n <= directoryRates.announce.tokens; n += 1) {
      const record = recordOf(attacker.identity, n)
      const code = codeOf(await ask({ call: 'announce', record, handle: `guess-${identity}-${n}` }))
      if (code === 'announced') claimed += 1
      if (code !== 'rate-limited') tried += 1
    }
  }
  assert.equal(parked, most)
  assert.ok(claimed > 0 && claimed <= claims(), `${claimed} were claimed`)
  assert.ok(tried <= handles(), `${tried} were tried`)
})

test('a node that has no place for another record drops the oldest, not the new one', async (t) => {
  change(t, directoryLimits, { records: 2 })
  const { address } = await startOpenNode(t)
  const peers = [await startAttacker(t), await startAttacker(t), await startAttacker(t)]
  let last: Session | undefined
  for (const peer of peers) {
    last = await session(peer, address)
    assert.equal(
      codeOf(await last.ask({ call: 'announce', record: recordOf(peer.identity, 1), handle: '' })),
      'announced',
    )
  }
  const has = async ({ identity }: Attacker): Promise<boolean> => {
    const found = await last?.ask({ call: 'lookup', peer: identity.publicKey })
    return found?.result === 'found' && found.record != null
  }
  assert.deepEqual(await Promise.all(peers.map(has)), [false, true, true])
})

test('hostile: pushes that the node does not hold reach no absent peer, and are limited for connected ones', async (t) => {
  const { address } = await startOpenNode(t)
  const recipient = await startAttacker(t)
  const to = recipient.identity.publicKey
  const push = (): DirectoryCall => ({ call: 'deliver', to, envelope: randomBytes(100), fleeting: true })
  const first = await session(await startAttacker(t), address)
  assert.deepEqual(await first.ask(push()), { result: 'delivered', pushed: false })
  const there = await session(recipient, address)
  const knowledge = await there.ask({ call: 'knowledge' })
  assert.ok(knowledge.result === 'knowledge')
  assert.deepEqual(knowledge.report.held, [])
  const codes: string[] = []
  const fleeting = bucket(directoryLimits.fleetingPerAddress)
  for (let identity = 0; identity < 3; identity += 1) {
    const { ask } = await session(await startAttacker(t), address)
    const ofPeer = bucket(directoryLimits.fleetingPerPeer)
    const answers: string[] = []
    for (let n = 0; n < directoryLimits.fleetingPerRecipient.tokens; n += 1) answers.push(codeOf(await ask(push())))
    const through = answers.filter((code) => code === 'delivered').length
    assert.ok(through <= ofPeer(), `${through} of one peer`)
    codes.push(...answers)
  }
  const { tokens } = directoryLimits.fleetingPerAddress
  const delivered = codes.filter((code) => code === 'delivered').length
  assert.ok(delivered >= tokens - 1 && delivered <= fleeting(), `${delivered} of ${codes.length}`)
  // The answer to the query, and the pushes.
  await until(() => there.line.frames.length === delivered + 1, 'all of them arrive')
})

test('hostile: a node that pushes envelopes without end, sends unsolicited answers, or never answers', async (t) => {
  const victim = await startVictim(t)
  const [one, two] = [await startPeer(t, { nodes: [victim.node] }), await startPeer(t, { nodes: [victim.node] })]
  await befriend(one, two)
  const pair = { from: one, to: two.id, received: () => two.messages({ peer: one.id, limit: 1000 }) }
  let pushed = 0
  const flood = async (line: Line): Promise<void> => {
    const mail = (): Uint8Array => frameToWire({ frame: 'envelope', id: ++pushed, envelope: randomBytes(100) })
    const hundred = (): Uint8Array => frameAll(Array.from({ length: 100 }, mail))
    for (let sent = 0; sent < 100_000 && !line.over && (await line.write(hundred())); sent += 100);
  }
  const flooding = await startLyingNode(t, honestly, (line) => void flood(line).catch(() => line.abort()))
  const confused = await startLyingNode(t, (_call, id, line) => {
    for (const wrong of [id + 1, id - 1, Number.MAX_SAFE_INTEGER]) {
      void line
        .send(frameToWire({ frame: 'response', id: wrong, result: { result: 'done' } }))
        .catch(() => line.abort())
    }
    return { result: 'done' }
  })
  const silent = await startLyingNode(t, () => undefined)
  let begun = 0
  const { kept } = await victim.growth(() =>
    besides(t, [pair], async () => {
      begun = performance.now()
      for (const { address } of [flooding, confused, silent]) await victim.call('addNode', { address })
      await until(() => flooding.sessions.length >= 4, 'it is dropped for its flood, again and again')
      await until(() => confused.sessions.length >= 4, 'the confused one is dropped')
      await until(() => silent.sessions.length >= 1, 'the silent one is asked')
    }),
  )
  victim.alive()
  assert.ok(kept < 16, `${kept} MiB stay`)
  assert.ok(
    (await victim.call('self')).nodes.some(({ address, state }) => address === victim.node && state === 'connected'),
  )
  assert.deepEqual(await victim.call('friends'), [])
  // The delays between attempts grow, so that a broken node is not flooded. Sessions are counted, since a busy machine
  // makes each delay longer: there are no more sessions than the shortest allowed delays permit.
  const elapsed = performance.now() - begun
  const most = new Retry({ ...directoryLimits.nodeRetry, random: () => 0 })
  let sessions = 1
  for (let waited = most.next(); waited <= elapsed; waited += most.next()) sessions += 1
  assert.ok(confused.sessions.length <= sessions, `${confused.sessions.length} sessions where ${sessions} fit`)
})
