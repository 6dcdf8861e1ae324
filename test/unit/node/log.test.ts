/** The node's log contains no PeerIds and addresses, also where other packages write them into errors. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLog, scrubText } from '../../../node/log.ts'

const peer = '12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf'

test('PeerIds and addresses are cut out of messages, fields, errors and their causes', () => {
  const lines: string[] = []
  const log = createLog('info', { write: (line) => lines.push(line) })
  const cause = new Error(`dial to /dns4/home.example.org/tcp/4001/p2p/${peer} failed`)
  log('warn', `lost ${peer} at 2001:db8::7`, new Error('connect ECONNREFUSED 203.0.113.7:4001', { cause }))
  log('debug', 'below the level')
  assert.equal(lines.length, 1)
  const line = lines[0] ?? ''
  for (const telling of [peer, 'home.example.org', '203.0.113.7', '2001:db8'])
    assert.ok(!line.includes(telling), telling)
  assert.match(line, /"level":"warn".*"msg":"lost <peer> at <address>"/)
  assert.match(line, /ECONNREFUSED <address>.*dial to <address> failed/)
})

test('an error that is its own cause is written all the same', () => {
  const lines: string[] = []
  const error = new Error('round')
  error.cause = error
  createLog('info', { write: (line) => lines.push(line) })('error', 'failed', error)
  assert.equal(lines.length, 1)
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
