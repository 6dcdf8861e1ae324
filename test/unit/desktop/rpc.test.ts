/** Calls, results, events and refusals over a message port, between the window and the processes behind it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { MessageChannel } from 'node:worker_threads'
import { Client, serve } from '../../../desktop/ipc/rpc.ts'
import type { Wire } from '../../../desktop/ipc/rpc.ts'
import { errorToData, QuorumError } from '../../../protocol/index.ts'

interface Api {
  double(params: { n: number }): Promise<number>
  fail(): Promise<null>
  wait(): Promise<null>
}
interface TestEvent {
  event: 'test'
  data: number
}

function pair(t: TestContext) {
  const { port1, port2 } = new MessageChannel()
  t.after(() => port1.close())
  const wire = (port: typeof port1): Wire => ({
    send: (frame) => port.postMessage(frame),
    receive: (listener) => port.on('message', listener),
  })
  const sendEvent = serve(wire(port2), {
    handle: async (name, params) => {
      if (name === 'double') return 2 * (params as { n: number }).n
      if (name === 'wait') return new Promise(() => undefined)
      throw new Error('no')
    },
    describe: () => ({ code: 'not-found', message: 'There is none' }),
  })
  return { client: new Client<Api, TestEvent>(wire(port1)), raw: port1, sendEvent }
}

test('a call returns its result or its error, and events reach the subscribers', async (t) => {
  const { client, sendEvent } = pair(t)
  assert.equal(await client.call('double', { n: 21 }), 42)
  await assert.rejects(client.call('fail'), { code: 'not-found', message: 'There is none' })
  const received = new Promise((resolve) => client.subscribe(resolve))
  sendEvent({ event: 'test', data: 7 })
  assert.deepEqual(await received, { event: 'test', data: 7 })
})

test('a process that asked another one passes on the code of its error, and which part is wrong', async (t) => {
  const { port1, port2 } = new MessageChannel()
  t.after(() => port1.close())
  const wire = (port: typeof port1): Wire => ({
    send: (frame) => port.postMessage(frame),
    receive: (listener) => port.on('message', listener),
  })
  const error = { code: 'bad-request', message: 'No', part: 'peer' } as const
  serve(wire(port2), {
    handle: () => Promise.reject(new QuorumError(error.code, error.message, error)),
    describe: errorToData,
  })
  const behind = new Client<Api, TestEvent>(wire(port1))
  const front = new MessageChannel()
  t.after(() => front.port1.close())
  serve(wire(front.port2), { handle: () => behind.call('fail'), describe: errorToData })
  await assert.rejects(new Client<Api, TestEvent>(wire(front.port1)).call('fail'), error)
})

test('closing a client fails its pending calls and every later one', async (t) => {
  const { client } = pair(t)
  const pending = client.call('wait')
  client.close()
  await assert.rejects(pending, { code: 'cancelled' })
  await assert.rejects(client.call('double', { n: 1 }), { code: 'cancelled' })
})

test('frames that are not calls, used ids and too many calls are refused or ignored', async (t) => {
  const { client, raw } = pair(t)
  const answers: unknown[] = []
  raw.on('message', (frame) => answers.push(frame))
  for (const odd of [
    null,
    7,
    'x',
    [],
    {},
    { id: 'a', call: 'double' },
    { id: 1.5, call: 'double' },
    { call: 'double' },
  ]) {
    raw.postMessage(odd, [])
  }
  raw.postMessage({ id: 1001 }, [])
  raw.postMessage({ id: 1002, call: 'wait' }, [])
  raw.postMessage({ id: 1002, call: 'wait' }, [])
  // Ports keep the order, so every frame above has been handled when this call returns.
  assert.equal(await client.call('double', { n: 1 }), 2)
  assert.deepEqual(answers.slice(0, -1), [
    { id: 1001, error: { code: 'bad-request', message: 'The frame is not a call' } },
    { id: 1002, error: { code: 'bad-request', message: 'A call with this id is in progress' } },
  ])
  const open = Array.from({ length: 300 }, () => client.call('wait'))
  const settled = Promise.allSettled(open)
  await assert.rejects(open.at(-1) ?? Promise.resolve(), { code: 'rate-limited' })
  client.close()
  await settled
})
