/** A name is resolved before a dial, and the rules decide about what it stands for. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { QuorumError } from '../../../protocol/base/errors.ts'
import { resolved } from '../../../protocol/net/resolve.ts'

const end = '/tcp/4001/p2p/12D3KooWSpRp2cGSqdoh2uK5J7Gh2yvPqMqydRb6XaKRFYCdgbyC'
const running = new AbortController().signal

test('plain TCP is dialled at the address that the rules were asked about; WebSocket at its name', async () => {
  const asked: string[] = []
  const allow = (address: string): undefined => void asked.push(address)
  assert.equal(await resolved(`/dns4/localhost${end}`, allow, running), `/ip4/127.0.0.1${end}`)
  const socket = `/dns4/localhost/tcp/443/tls/ws`
  assert.equal(await resolved(socket, allow, running), socket)
  assert.deepEqual(asked, [`/ip4/127.0.0.1${end}`, '/ip4/127.0.0.1/tcp/443/tls/ws'])
})

test('a name that stands for an address that is refused is refused', async () => {
  const refuse = (): QuorumError => new QuorumError('bad-request', 'not there')
  for (const address of [`/dns4/localhost${end}`, '/dns/localhost/tcp/80/ws']) {
    await assert.rejects(resolved(address, refuse, running), /not there/)
  }
})

test('an address without a name is not resolved, and the end of the dial ends the wait', async () => {
  const refuse = (): QuorumError => assert.fail('it was asked')
  assert.equal(await resolved(`/ip4/192.0.2.1${end}`, refuse, running), `/ip4/192.0.2.1${end}`)
  await assert.rejects(resolved(`/dns4/localhost${end}`, refuse, AbortSignal.abort(new Error('over'))), /over/)
})
