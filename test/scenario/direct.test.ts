/** Allowed paths: `--direct never`, `--direct only`, `--no-lan`, and the addresses that each of them announces. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { befriend, HeadlessNode, HeadlessPeer } from '../support/headless.ts'
import { Stage } from '../support/line-process.ts'

describe('allowed paths', () => {
  const stage = new Stage({ after })
  const node = new HeadlessNode(stage)
  before(async () => {
    await node.start()
  })

  async function pair(names: [string, string], args: [string[], string[]]): Promise<[HeadlessPeer, HeadlessPeer]> {
    const [a, b] = [0, 1].map((at) => {
      return new HeadlessPeer(stage, names[at] ?? '', { nodes: node.addresses, args: args[at] ?? [] })
    })
    assert.ok(a && b)
    await Promise.all([a.start(), b.start()])
    // Both have a reservation: from now on a circuit to either is possible.
    await Promise.all([a, b].map((peer) => peer.event('node-state', ({ state }) => state === 'connected')))
    return [a, b]
  }

  async function exchange(a: HeadlessPeer, b: HeadlessPeer): Promise<void> {
    await Promise.all([a.send(b, 'there'), b.send(a, 'and back')])
    await Promise.all([b.has(a, 'there', 'delivered'), a.has(b, 'and back', 'delivered')])
  }

  test('by default friends who can reach each other talk directly', async () => {
    const [ann, ben] = await pair(['ann', 'ben'], [[], []])
    await befriend(ann, ben)
    await exchange(ann, ben)
    // A circuit may exist first; the direct path follows by itself.
    for (const [self, other] of [
      [ann, ben],
      [ben, ann],
    ] as const) {
      const { path, via, address } = await self.event('path-changed', (info) => info.path === 'direct')
      assert.deepEqual([path, via], ['direct', undefined])
      assert.match(address ?? '', /^\/ip4\/127\.0\.0\.1\/tcp\/\d+/)
      assert.equal((await self.friend(other))?.path, 'direct')
    }
    // From here on the conversation does not need the node.
    await node.stop()
    await exchange(ann, ben)
    await Promise.all([ann.stop(), ben.stop()])
    await node.start()
  })

  test('--direct never: relayed, and no peer learns an address', async () => {
    const [cal, dee] = await pair(['cal', 'dee'], [['--direct', 'never'], []])
    await befriend(cal, dee)
    await exchange(cal, dee)
    assert.deepEqual((await cal.call('self')).listen, [])
    const [nodeId] = (await cal.call('self')).nodes.map(({ peer }) => peer)
    for (const [self, other] of [
      [cal, dee],
      [dee, cal],
    ] as const) {
      const { path, via, reason } = await self.call('connection', { peer: other.id })
      assert.deepEqual([path, via], ['relayed', nodeId])
      assert.match(reason, /cannot read/)
    }
    const paths = [...cal.events, ...dee.events].flatMap((one) => (one.event === 'path-changed' ? [one.data.path] : []))
    assert.ok(!paths.includes('direct'))
    await Promise.all([cal.stop(), dee.stop()])
  })

  test('--direct only: direct or not at all', async () => {
    const [eli, fay] = await pair(
      ['eli', 'fay'],
      [
        ['--direct', 'only'],
        ['--direct', 'only'],
      ],
    )
    await befriend(eli, fay)
    await exchange(eli, fay)
    for (const { events } of [eli, fay]) {
      for (const one of events) if (one.event === 'path-changed') assert.notEqual(one.data.path, 'relayed')
    }
    await Promise.all([eli.stop(), fay.stop()])

    // A peer with only direct paths and a peer with none never connect; messages wait, and both peers are informed.
    const [gil, hal] = await pair(
      ['gil', 'hal'],
      [
        ['--direct', 'only'],
        ['--direct', 'never'],
      ],
    )
    await hal.call('requestFriend', { to: (await gil.call('invite', {})).link })
    await gil.event('friend-request')
    await gil.call('acceptFriend', { peer: hal.id })
    await hal.event('friend-changed', ({ state }) => state === 'friend')
    assert.equal((await gil.send(hal, 'waits')).state, 'queued')
    for (const [self, other] of [
      [gil, hal],
      [hal, gil],
    ] as const) {
      const code = await self.refusal('connect', { peer: other.id })
      assert.match(code, /^(peer-offline|relay-refused)$/)
      const { path, reason } = await self.call('connection', { peer: other.id })
      assert.equal(path, 'none')
      assert.match(reason, /^You are not connected: .*messages wait/)
    }
    assert.equal((await gil.friend(hal))?.online, false)
    await Promise.all([gil.stop(), hal.stop()])
  })

  test('--no-lan: addresses of the local network are neither announced nor dialled', async () => {
    const [ida, jon] = await pair(['ida', 'jon'], [['--no-lan'], []])
    // He announces his address, which she does not dial; she announces none.
    await befriend(ida, jon)
    await exchange(ida, jon)
    assert.equal((await ida.call('connection', { peer: jon.id })).path, 'relayed')
    assert.equal((await jon.call('connection', { peer: ida.id })).path, 'relayed')
    await Promise.all([ida.stop(), jon.stop()])
  })
})
