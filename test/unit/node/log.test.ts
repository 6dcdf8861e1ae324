/** The log of the node and of every program contains no PeerIds or addresses, not even in the errors of packages. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLog } from '../../../protocol/base/log-lines.ts'

const peer = '12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf'

test('PeerIds and addresses are removed from messages, fields, errors and their causes', () => {
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

test('an error that is its own cause is logged in one line', () => {
  const lines: string[] = []
  const error = new Error('round')
  error.cause = error
  createLog('info', { write: (line) => lines.push(line) })('error', 'failed', error)
  assert.equal(lines.length, 1)
})
