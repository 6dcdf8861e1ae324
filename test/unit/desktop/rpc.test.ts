/** Calls, answers, events and refusals over a message port, as the window and the processes behind it speak. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { MessageChannel } from 'node:worker_threads'
import { Client, serve } from '../../../desktop/ipc/rpc.ts'
import type { Wire } from '../../../desktop/ipc/rpc.ts'

interface Api {
  double(params: { n: number }): Promise<number>
  fail(): Promise<null>
  wait(): Promise<null>
}
interface News {
  event: 'news'
  data: number
}

function pair(t: TestContext) {
  const { port1, port2 } = new MessageChannel()
  t.after(() => port1.close())
  const wire = (port: typeof port1): Wire => ({
    send: (frame) => port.postMessage(frame),
    receive: (listener) => port.on('message', listener),
  })
  const aborted = Promise.withResolvers<string>()
  const tell = serve(wire(port2), {
    handle: async (name, params, signal) => {
      if (name === 'double') return 2 * (params as { n: number }).n
      if (name === 'wait') {
        signal.addEventListener('abort', () => aborted.resolve('aborted'))
        return new Promise(() => undefined)
      }
      throw new Error('no')
    },
    describe: () => ({ code: 'not-found', message: 'There is none' }),
  })
  return { client: new Client<Api, News>(wire(port1)), raw: port1, tell, aborted: aborted.promise }
}

test('a call is answered with its result, its error, or by an event of its own', async (t) => {
  const { client, tell } = pair(t)
  assert.equal(await client.call('double', { n: 21 }), 42)
  await assert.rejects(client.call('fail'), { code: 'not-found', message: 'There is none' })
  const heard = new Promise((resolve) => client.subscribe(resolve))
  tell({ event: 'news', data: 7 })
  assert.deepEqual(await heard, { event: 'news', data: 7 })
})

test('a call that is given up ends on both sides; a client that is closed answers nothing any more', async (t) => {
  const { client, aborted } = pair(t)
  const controller = new AbortController()
  const waits = client.until(controller.signal)('wait')
  controller.abort()
  await assert.rejects(waits, { code: 'cancelled' })
  assert.equal(await aborted, 'aborted')
  const open = client.call('wait')
  client.close()
  await assert.rejects(open, { code: 'cancelled' })
  await assert.rejects(client.call('double', { n: 1 }), { code: 'cancelled' })
})

test('what is no call is refused or ignored, and too many at once are', async (t) => {
  const { client, raw } = pair(t)
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
  assert.equal(await client.call('double', { n: 1 }), 2)
  const open = Array.from({ length: 300 }, () => client.call('wait'))
  const settled = Promise.allSettled(open)
  await assert.rejects(open.at(-1) ?? Promise.resolve(), { code: 'rate-limited' })
  client.close()
  await settled
})
