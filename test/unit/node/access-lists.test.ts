/** The lists of who may use a node: what a line may be, what is said about one that is wrong, and who wins. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { AccessLists } from '../../../node/access-lists.ts'
import { nodeLimits } from '../../../node/limits.ts'
import { folder } from '../../support/cleanup.ts'
import { change } from '../../support/numbers.ts'
import { alice, bob } from '../../support/people.ts'

function file(t: TestContext, content: string): string {
  const made = path.join(folder(t), 'list')
  fs.writeFileSync(made, content)
  return made
}

const away = '198.51.100.7'

test('without lists everybody may use the node', () => {
  const lists = new AccessLists({})
  assert.equal(lists.given, false)
  assert.equal(lists.admits(alice.peer, away), true)
  assert.equal(lists.admits(alice.peer, ''), true)
})

test('an allow list admits its peers from everywhere, and everybody of its addresses and networks', (t) => {
  const allow = file(
    t,
    `\uFEFF# friends\r\n${alice.peer} # Alice\r\n\r\n  192.0.2.1\n10.0.0.0/8\n2001:db8:1::/48\n2001:db8:2::5`,
  )
  const lists = new AccessLists({ allow })
  assert.equal(lists.admits(alice.peer, away), true)
  for (const [address, admitted] of [
    ['192.0.2.1', true],
    ['::ffff:192.0.2.1', true],
    ['192.0.2.2', false],
    ['10.255.255.255', true],
    ['11.0.0.0', false],
    ['2001:db8:1:ffff::1', true],
    ['2001:db8:2::5', true],
    ['2001:db8:2::6', false],
    ['node.example.org', false],
    ['', false],
  ] as const) {
    assert.equal(lists.admits(bob.peer, address), admitted, address)
  }
})

test('a block list refuses its entries and nobody else; a block wins over an allowance', (t) => {
  const block = file(t, `${bob.peer}\n203.0.113.0/24\n::/0`)
  const lists = new AccessLists({ block })
  assert.equal(lists.admits(bob.peer, away), false)
  assert.equal(lists.admits(alice.peer, '203.0.113.255'), false)
  assert.equal(lists.admits(alice.peer, 'fe80::1'), false)
  assert.equal(lists.admits(alice.peer, away), true)
  const both = new AccessLists({ block, allow: file(t, `${alice.peer}\n${bob.peer}`) })
  assert.equal(both.admits(bob.peer, away), false)
  assert.equal(both.admits(alice.peer, '203.0.113.1'), false)
  assert.equal(both.admits(alice.peer, away), true)
  assert.equal(new AccessLists({ block: file(t, '# nobody yet\n') }).admits(bob.peer, away), true)
})

const mistakes: [line: string, why: RegExp][] = [
  ['alice', /"alice" is no PeerId, IP address or network/],
  [alice.peer.slice(0, -1), /is no PeerId/],
  [`/ip4/192.0.2.1/tcp/4001/p2p/${alice.peer}`, /is no PeerId/],
  ['10', /is no PeerId/],
  ['0x7f.1', /is no PeerId/],
  ['192.0.2.1:4001', /is no PeerId/],
  ['192.0.2.0/24/24', /is no PeerId/],
  ['192.0.2.0/33', /prefix that is no number from 0 to 32/],
  ['192.0.2.0/', /prefix that is no number/],
  ['192.0.2.0/-1', /prefix that is no number/],
  ['2001:db8::/129', /prefix that is no number from 0 to 128/],
  ['10.1.2.3/8', /bits beyond its prefix: the network is 10\.0\.0\.0\/8/],
  ['fe80::1%eth0', /has a zone/],
  ['::ffff:192.0.2.1', /IPv4 address in IPv6 notation/],
  [`${alice.peer} ${bob.peer}`, /is no PeerId/],
]

for (const [line, why] of mistakes) {
  test(`a line with ${line} is refused by its number`, (t) => {
    for (const option of ['block', 'allow'] as const) {
      const list = file(t, `${alice.peer}\n# a comment\n${line}\n`)
      const thrown = (): unknown => new AccessLists({ [option]: list })
      assert.throws(thrown, ({ message }: Error) => {
        assert.ok(message.startsWith(`--${option} ${list}: line 3: `), message)
        assert.match(message, why)
        assert.ok(!message.includes('\n'))
        return true
      })
    }
  })
}

test('a missing file, one that is too large, one without end and an allow list of nobody are refused', (t) => {
  assert.throws(() => new AccessLists({ block: '/nowhere/list' }), /^Error: --block \/nowhere\/list: ENOENT/)
  assert.throws(() => new AccessLists({ allow: file(t, '# later\n') }), /it has no entry, so nobody could use/)
  change(t, nodeLimits, { accessEntries: 2 })
  assert.throws(() => new AccessLists({ block: file(t, '192.0.2.1\n192.0.2.2\n192.0.2.3') }), /line 3: .*at most 2/)
  change(t, nodeLimits, { accessFile: 8 })
  assert.throws(() => new AccessLists({ block: file(t, '192.0.2.1\n') }), /more than 8 bytes/)
})

test('read again, a list with a mistake stays as it was, the other one is applied', (t) => {
  const [block, allow] = [file(t, ''), file(t, alice.peer)]
  const lists = new AccessLists({ block, allow })
  fs.writeFileSync(allow, bob.peer)
  fs.writeFileSync(block, `${alice.peer}\nnobody`)
  assert.deepEqual(
    lists.reread().map(({ option, why }) => `${option} ${why.slice(0, 7)}`),
    ['--block line 2:'],
  )
  assert.equal(lists.admits(bob.peer, away), true)
  assert.equal(lists.admits(alice.peer, away), false)
  fs.rmSync(allow)
  fs.writeFileSync(block, bob.peer)
  assert.deepEqual(
    lists.reread().map(({ option }) => option),
    ['--allow'],
  )
  assert.equal(lists.admits(bob.peer, away), false)
})
