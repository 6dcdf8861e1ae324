/**
 * Datagrams that a NAT-PMP gateway, or a machine that pretends to be one, can send: answers, refusals, garbage, none.
 */
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { test, type TestContext } from 'node:test'
import { askPort, returnPort, speaks, type Gateway } from '../../protocol/net/nat/nat-pmp.ts'
import { undo } from '../support/cleanup.ts'

const never = new AbortController().signal

/** A gateway that answers request number n, from 0, with these datagrams. */
async function gateway(t: TestContext, answers: (request: Buffer, n: number) => Buffer[]) {
  const requests: Buffer[] = []
  const socket = createSocket('udp4')
  socket.on('message', (request, { port, address }) => {
    requests.push(request)
    for (const answer of answers(request, requests.length - 1)) socket.send(answer, port, address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  undo(t).defer(() => void socket.close())
  const at: Gateway = { address: '127.0.0.1', port: socket.address().port, local: '127.0.0.1' }
  return { at, requests }
}

/** An answer for a port. */
function mapped(inside: number, outside: number, result = 0): Buffer {
  const answer = Buffer.alloc(16)
  answer.writeUInt8(0x82, 1)
  answer.writeUInt16BE(result, 2)
  answer.writeUInt16BE(inside, 8)
  answer.writeUInt16BE(outside, 10)
  answer.writeUInt32BE(3600, 12)
  return answer
}

test('a port is mapped for an hour, and released', async (t) => {
  const { at, requests } = await gateway(t, (request) => [mapped(request.readUInt16BE(4), 4002)])
  assert.equal(await askPort(at, 4001, 4001, never), 4002)
  await returnPort(at, 4001, never)
  assert.deepEqual(
    requests.map((request) => request.toString('hex')),
    ['000200000fa10fa100000e10', '000200000fa1000000000000'],
  )
})

test('a lost request is repeated', async (t) => {
  const { at, requests } = await gateway(t, (_request, n) => (n < 2 ? [] : [mapped(4001, 4001)]))
  assert.equal(await askPort(at, 4001, 4001, never), 4001)
  assert.equal(requests.length, 3)
})

test('invalid datagrams are ignored', async (t) => {
  const spoilt = [0, 1].map((byte) => {
    const answer = mapped(4001, 6666)
    answer.writeUInt8(9, byte)
    return answer
  })
  const nonsense = [Buffer.alloc(0), Buffer.alloc(7), Buffer.alloc(60_000), mapped(4001, 6666).subarray(0, 15)]
  const { at } = await gateway(t, () => [...spoilt, ...nonsense, mapped(4000, 6666), mapped(4001, 4001)])
  assert.equal(await askPort(at, 4001, 4001, never), 4001)
})

test('a refusal, port 0, a closed port and silence are errors', async (t) => {
  const { at: refusing } = await gateway(t, () => [mapped(4001, 0, 2).subarray(0, 8)])
  await assert.rejects(askPort(refusing, 4001, 4001, never), { code: 'internal', message: /refuses .*\(2\)/ })
  assert.equal(await speaks(refusing, never), false)
  const { at: odd } = await gateway(t, () => [mapped(4001, 0)])
  await assert.rejects(askPort(odd, 4001, 4001, never), { code: 'internal' })
  const { at: silent } = await gateway(t, () => [])
  await assert.rejects(askPort(silent, 4001, 4001, AbortSignal.timeout(50)), { code: 'node-unreachable' })
  await assert.rejects(askPort(silent, 4001, 4001, AbortSignal.abort()), { code: 'node-unreachable' })
  const closed = createSocket('udp4').bind(0, '127.0.0.1')
  await once(closed, 'listening')
  const { port } = closed.address()
  closed.close()
  assert.equal(await speaks({ ...silent, port }, never), false)
})
