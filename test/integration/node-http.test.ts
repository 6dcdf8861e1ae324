/** The HTTP interface for the operator, with requests from a scraper, a browser and a hostile web page. */
import assert from 'node:assert/strict'
import http from 'node:http'
import { once } from 'node:events'
import net from 'node:net'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { QuorumError } from '#protocol'
import { startHttp } from '../../node/http.ts'
import type { HttpOptions } from '../../node/http.ts'
import { createMetrics } from '../../node/metrics.ts'
import { statusPage } from '../../node/status-page.ts'

const relay = {
  connections: 7,
  reservations: 5,
  circuits: 2,
  relayedBytes: 3 * 1024 * 1024,
  relayedToday: { day: 20_000, bytes: 1024 * 1024 },
  relaySpent: true,
  relayShares: {
    peers: { more: { 0: 2, 1000000: 1 }, top: { 1: 0.5, 10: 1 } },
    addresses: { more: { 0: 1, 1000000: 0 }, top: { 1: 1, 10: 1 } },
  },
  records: 6,
  directorySessions: 4,
  requests: { 'lookup ok': 10, 'lookup rate-limited': 1, 'deliver ok': 3 },
  refused: 9,
  sockets: 12,
  socketsWaiting: 3,
  socketsRefused: 21,
}
const mailboxes = { held: 11, heldBytes: 2048, handles: 3, parked: 1, mailboxes: 5, parcels: 7, parcelBytes: 4096 }
const version = '1.2.3'

async function serve(t: TestContext, more: Partial<HttpOptions> = {}): Promise<URL> {
  const server = await startHttp({
    host: '127.0.0.1',
    port: 0,
    metrics: createMetrics({ relay: () => relay, mailboxes: () => mailboxes, version }),
    page: () => statusPage({ unready: undefined, relay, mailboxes, uptime: 90_000_000, version }),
    checkHealth: () => {},
    checkReady: () => {},
    onOtherPort: () => {},
    onError: () => {},
    ...more,
  })
  t.after(() => server.stop())
  return new URL(server.url)
}

/** Not fetch(), because fetch() does not let a test set the Host header. */
async function get(at: URL, path: string, { method = 'GET', host = at.host } = {}) {
  const request = http.request({ hostname: at.hostname, port: at.port, path, method, headers: { host } }).end()
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  let body = ''
  for await (const chunk of response.setEncoding('utf8')) body += chunk
  return { status: response.statusCode, headers: response.headers, body }
}

test('/metrics has every metric for Prometheus', async (t) => {
  const { status, headers, body } = await get(await serve(t), '/metrics')
  assert.equal(status, 200)
  assert.match(headers['content-type'] ?? '', /^text\/plain; version=0\.0\.4/)
  const lines = body.split('\n')
  for (const line of [
    'quorum_connections 7',
    'quorum_reservations 5',
    'quorum_circuits 2',
    'quorum_relayed_bytes_total 3145728',
    'quorum_relayed_today_bytes 1048576',
    'quorum_relay_spent 1',
    'quorum_relayed_today_users{by="peer",more="1000000"} 1',
    'quorum_relayed_today_users{by="address",more="0"} 1',
    'quorum_relayed_today_share{by="peer",top="1"} 0.5',
    'quorum_records 6',
    'quorum_directory_sessions 4',
    'quorum_held_envelopes 11',
    'quorum_held_bytes 2048',
    'quorum_handles 3',
    'quorum_parked_invites 1',
    'quorum_requests_total{kind="lookup",outcome="ok"} 10',
    'quorum_requests_total{kind="lookup",outcome="rate-limited"} 1',
    'quorum_refused_total 9',
    'quorum_sockets 12',
    'quorum_sockets_waiting 3',
    'quorum_sockets_refused_total 21',
    'quorum_info{version="1.2.3"} 1',
  ]) {
    assert.ok(lines.includes(line), line)
  }
  assert.match(body, /^process_resident_memory_bytes \d/m)
})

test('a scrape reports current values, and does not accumulate', async (t) => {
  const at = await serve(t)
  const first = await get(at, '/metrics')
  const second = await get(at, '/metrics')
  const figures = ({ body }: { body: string }) => body.split('\n').filter((line) => line.startsWith('quorum_'))
  assert.deepEqual(figures(second), figures(first))
})

test('before the relay runs, all metrics are zero', async (t) => {
  const metrics = createMetrics({ relay: () => undefined, mailboxes: () => mailboxes, version })
  const { body } = await get(await serve(t, { metrics }), '/metrics')
  assert.match(body, /^quorum_connections 0$/m)
})

test('/healthz and /readyz return ok, or 503 with a code and no details of the machine', async (t) => {
  const well = await serve(t)
  assert.deepEqual((await get(well, '/healthz')).status, 200)
  assert.deepEqual((await get(well, '/readyz')).body, 'ok\n')
  const refuse = () => {
    throw new QuorumError('disk-full', 'the data folder /srv/secret has no space left')
  }
  const ill = await serve(t, { checkHealth: refuse, checkReady: refuse })
  for (const path of ['/healthz', '/readyz']) {
    const { status, body } = await get(ill, path)
    assert.deepEqual([status, body], [503, 'disk-full\n'])
  }
})

test('the status page shows metrics, and loads no resources and runs no scripts', async (t) => {
  const { status, headers, body } = await get(await serve(t), '/')
  assert.equal(status, 200)
  const policy = headers['content-security-policy'] ?? ''
  assert.match(String(policy), /^default-src 'none'; style-src 'sha256-[^']+';/)
  assert.doesNotMatch(body, /<script|<img|<link|src=|href=|url\(/)
  assert.match(body, /Ready\./)
  assert.match(body, /<dt>Relayed since the start<\/dt><dd>3\.1 MB<\/dd>/)
  assert.match(body, /<dt>Relayed since midnight \(UTC\)<\/dt><dd>1 MB: used up, no circuits<\/dd>/)
  assert.match(body, /<dt>Running for<\/dt><dd>1 d 1 h<\/dd>/)
})

test('the status page shows why the node is not ready', () => {
  assert.match(statusPage({ unready: 'disk-full', relay, mailboxes, uptime: 0, version }), /Not ready: disk-full\./)
})

test('only GET and HEAD are answered, and only for known paths', async (t) => {
  const at = await serve(t)
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
    const { status, headers } = await get(at, '/healthz', { method })
    assert.deepEqual([status, headers.allow], [405, 'GET, HEAD'], method)
  }
  const head = await get(at, '/', { method: 'HEAD' })
  assert.deepEqual([head.status, head.body], [200, ''])
  assert.ok(Number(head.headers['content-length']) > 500)
  for (const path of ['/nothing', '//', '/../etc/passwd', '/metrics/', '/%00']) {
    assert.equal((await get(at, path)).status, 404, path)
  }
  assert.equal((await get(at, '/healthz?probe=1')).status, 200)
})

test('on loopback a foreign Host is refused (DNS rebinding)', async (t) => {
  const at = await serve(t)
  for (const host of ['evil.example', 'evil.example:9090', '127.0.0.1.evil.example', 'localhost.evil.example']) {
    assert.equal((await get(at, '/metrics', { host })).status, 421, host)
  }
  for (const host of ['localhost', 'LOCALHOST:1', '127.0.0.1', '[::1]:9090']) {
    assert.equal((await get(at, '/metrics', { host })).status, 200, host)
  }
})

test('beyond loopback any Host is served', async (t) => {
  const at = await serve(t, { host: '0.0.0.0' })
  at.hostname = '127.0.0.1'
  assert.equal((await get(at, '/healthz', { host: 'node.example.org' })).status, 200)
})

test('an internal error is a 500 without details, and is reported', async (t) => {
  const errors: Error[] = []
  const page = () => {
    throw new Error('secret')
  }
  const { status, body } = await get(await serve(t, { page, onError: (error) => errors.push(error) }), '/')
  assert.deepEqual([status, body], [500, 'internal\n'])
  assert.equal(errors[0]?.message, 'secret')
})

test('an occupied port leads to the next free one; an address of another machine is refused in one sentence', async (t) => {
  const { hostname: host, port } = await serve(t)
  let other = 0
  const second = await serve(t, { host, port: Number(port), onOtherPort: (at) => (other = at) })
  assert.ok(other > Number(port))
  assert.equal(second.port, String(other))
  await assert.rejects(serve(t, { host: '192.0.2.1', port: 1 }), {
    code: 'bad-request',
    message: /192\.0\.2\.1:1.*--http/,
  })
})

test('stopping closes idle connections and can be repeated', async (t) => {
  const server = await startHttp({
    host: '127.0.0.1',
    port: 0,
    metrics: createMetrics({ relay: () => relay, mailboxes: () => mailboxes, version }),
    page: () => '',
    checkHealth: () => {},
    checkReady: () => {},
    onOtherPort: () => {},
    onError: () => {},
  })
  const socket = net.connect(Number(new URL(server.url).port), '127.0.0.1')
  t.after(() => socket.destroy())
  await once(socket, 'connect')
  const closed = once(socket, 'close')
  socket.resume()
  await server.stop()
  await server.stop()
  await closed
})
