/** Answers of a UPnP router, or of a machine that pretends to be one: mappings, refusals, garbage. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { netLimits } from '../../protocol/net/limits.ts'
import { closePort, openPort, type Router } from '../../protocol/net/nat/upnp-igd.ts'
import { undo } from '../support/cleanup.ts'

const service = 'urn:schemas-upnp-org:service:WANIPConnection:1'
const done = '<u:AddPortMappingResponse/>'
const never = new AbortController().signal

/** A router that gives these answers. */
async function router(t: TestContext, ...answers: string[]): Promise<{ router: Router; orders: string[] }> {
  const orders: string[] = []
  const server = http.createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => void (body += text))
    request.on('end', () => {
      orders.push(body)
      const answer = answers.shift() ?? done
      response.statusCode = answer.includes('errorCode') ? 500 : 200
      response.end(answer)
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  undo(t).defer(() => void server.close())
  const { port } = server.address() as AddressInfo
  return { router: { control: new URL(`http://127.0.0.1:${port}/ctl`), service, local: '127.0.0.1' }, orders }
}

const refusal = (code: number): string => `<UPnPError><errorCode>${code}</errorCode></UPnPError>`

test('a port is opened for this machine, for a limited time', async (t) => {
  const { router: home, orders } = await router(t)
  assert.equal(await openPort(home, 4001, 4001, never), 4001)
  assert.match(orders[0] ?? '', /<NewExternalPort>4001<.*<NewInternalPort>4001<.*<NewInternalClient>127\.0\.0\.1</)
  assert.match(orders[0] ?? '', /<NewLeaseDuration>3600</)
})

test('another port is requested when ours is occupied, a limited number of times', async (t) => {
  const { router: home } = await router(t, refusal(718))
  assert.equal(await openPort(home, 4001, 4001, never, () => 0), netLimits.outsidePorts[0])
  const { router: full, orders } = await router(t, refusal(718), refusal(718), refusal(718), refusal(718))
  await assert.rejects(openPort(full, 4001, 4001, never))
  assert.equal(orders.length, 3)
})

test('a router without leases receives one request for a permanent mapping', async (t) => {
  const { router: old, orders } = await router(t, refusal(725))
  assert.equal(await openPort(old, 4001, 4001, never), 4001)
  assert.match(orders[1] ?? '', /<NewLeaseDuration>0</)
  const { router: mad } = await router(t, ...Array.from({ length: 9 }, () => refusal(725)))
  await assert.rejects(openPort(mad, 4001, 4001, never))
})

test('refusals, garbage and endless answers are errors', async (t) => {
  for (const answer of [refusal(606), '', '<html>', 'x'.repeat(netLimits.routerText + 1)]) {
    const { router: home } = await router(t, answer)
    await assert.rejects(openPort(home, 4001, 4001, never))
  }
  const { router: home, orders } = await router(t, '<u:DeletePortMappingResponse/>')
  await closePort(home, 4001, never)
  assert.match(orders[0] ?? '', /DeletePortMapping.*<NewExternalPort>4001</s)
})

test('a router that is gone, or an aborted request, is an error', async (t) => {
  const { router: home } = await router(t)
  await assert.rejects(openPort(home, 4001, 4001, AbortSignal.abort()))
  await assert.rejects(openPort({ ...home, control: new URL('http://127.0.0.1:1/') }, 4001, 4001, never))
})
