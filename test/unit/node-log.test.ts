/** The node's log names nobody: what other packages write into errors is cut out as well. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLog, scrubText } from '../../node/log.ts'

const peer = '12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf'

test('PeerIds and addresses are cut out of messages, fields, errors and their causes', () => {
  const lines: string[] = []
  const log = createLog('info', { write: (line) => lines.push(line) })
  const cause = new Error(`dial to /dns4/home.example.org/tcp/4001/p2p/${peer} failed`)
  log('warn', `lost ${peer}`, {
    error: new Error('connect ECONNREFUSED 203.0.113.7:4001', { cause }),
    addresses: ['/ip6/2001:db8::7/tcp/4001', `/p2p/${peer}/p2p-circuit`],
    nested: { from: '2001:db8::7', count: 3n },
  })
  log('debug', 'below the level')
  assert.equal(lines.length, 1)
  for (const telling of [peer, 'home.example.org', '203.0.113.7', '2001:db8']) assert.ok(!lines[0]?.includes(telling), telling)
  const { msg, nested, error } = JSON.parse(lines[0] ?? '')
  assert.equal(msg, 'lost <peer>')
  assert.deepEqual(nested, { from: '<address>', count: '3' })
  assert.match(error.stack, /ECONNREFUSED <address>/)
  assert.match(error.cause.stack, /dial to <address> failed/)
})

test('places in code and times stay readable', () => {
  for (const text of [
    'at run (file:///srv/quorum/node_modules/@libp2p/tcp/dist/src/listener.js:10:5)',
    'at lookup (node:internal/dns/utils:12:34)',
    'at 2026-01-02T03:04:05.678Z',
    'version 1.2.3',
  ]) {
    assert.equal(scrubText(text), text)
  }
})
