/** Why a node is not reached: for each thing that can answer in its place, `self` names it, and goes on trying. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import https from 'node:https'
import net from 'node:net'
import { test, type TestContext } from 'node:test'
import type { NodeProblem } from '../../protocol/index.ts'
import { undo } from '../support/cleanup.ts'
import { loopback, nextEvent, startNode, startPeer, until } from '../support/network.ts'
import { bob } from '../support/people.ts'
import { untrusted } from '../support/untrusted.ts'

async function port(t: TestContext, server: net.Server | https.Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const sockets = new Set<net.Socket>()
  server.on('connection', (socket: net.Socket) => sockets.add(socket.on('error', () => undefined)))
  undo(t).defer(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return (server.address() as net.AddressInfo).port
}

const page: http.RequestListener = (_, response) => void response.writeHead(404).end('nothing here')
const greets = (text: string | Buffer): net.Server => net.createServer((socket) => socket.write(text))

async function answeredBy(t: TestContext, server: net.Server, transport = ''): Promise<string> {
  return `/ip4/127.0.0.1/tcp/${await port(t, server)}${transport}/p2p/${bob.peer}`
}

const places: Record<string, [NodeProblem, (t: TestContext) => Promise<string>]> = {
  'another node': ['wrong-peer', async (t) => (await startNode(t)).addresses()[0]?.replace(/\w+$/u, bob.peer) ?? ''],
  'a peer': [
    'not-a-node',
    async (t) => {
      const peer = await startPeer(t)
      const { listen } = await peer.self()
      return `${listen[0]?.replace(/\/p2p\/.*/u, '')}/p2p/${peer.id}`
    },
  ],
  'a web server, to plain TCP': ['web', (t) => answeredBy(t, http.createServer(page))],
  // What OpenSSL answers to something else than TLS: the alert "protocol version".
  'a web server with TLS, to plain TCP': ['web', (t) => answeredBy(t, greets(Buffer.from('15030100020246', 'hex')))],
  'a web server without a node behind it': ['no-websocket', (t) => answeredBy(t, http.createServer(page), '/ws')],
  'a node that speaks plain TCP, to a WebSocket': [
    'no-websocket',
    (t) => answeredBy(t, greets('\x13/multistream/1.0.0\n'), '/ws'),
  ],
  'no TLS where TLS is expected': ['no-websocket', (t) => answeredBy(t, greets('220 mail\r\n'), '/tls/ws')],
  'a certificate of nobody': ['certificate', (t) => answeredBy(t, https.createServer(untrusted, page), '/tls/ws')],
  'an SSH server, whose greeting is shorter than a frame': ['ssh', (t) => answeredBy(t, greets('SSH-2.0-Some\r\n'))],
  'somebody who begins as libp2p does by chance': ['other-service', (t) => answeredBy(t, greets('\x13'.repeat(4000)))],
  'libp2p without Noise': ['not-a-node', (t) => answeredBy(t, greets('\x13/multistream/1.0.0\n\x03na\n'))],
  'a WebSocket of nobody': [
    'no-websocket',
    (t) =>
      answeredBy(
        t,
        greets('HTTP/1.1 101 Hi\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n'),
        '/ws',
      ),
  ],
  'a mail server': ['other-service', (t) => answeredBy(t, greets('220 mail ESMTP\r\n'))],
  'somebody who hangs up': [
    'closed',
    (t) =>
      answeredBy(
        t,
        net.createServer((socket) => socket.destroy()),
      ),
  ],
  nobody: [
    'refused',
    async (t) => {
      const server = net.createServer()
      const address = await answeredBy(t, server)
      server.close()
      return address
    },
  ],
  'a name that nobody has': ['unknown-name', async () => `/dns4/nobody.invalid/tcp/1/p2p/${bob.peer}`],
}

for (const [what, [problem, place]] of Object.entries(places)) {
  test(`${what} answers in place of a node: ${problem}`, async (t) => {
    const peer = await startPeer(t, { nodes: [await place(t)] })
    await until(async () => (await peer.self()).nodes[0]?.state === 'unreachable', 'it is not reached')
    assert.equal((await peer.self()).nodes[0]?.problem, problem)
  })
}

test('of several addresses the one that answers is told about; a node that is reached has no problem', async (t) => {
  const node = await startNode(t, { listen: [loopback] })
  const web = `/ip4/127.0.0.1/tcp/${await port(t, http.createServer(page))}/p2p/${node.peer}`
  const peer = await startPeer(t, { nodes: [`/ip4/127.0.0.1/tcp/1/p2p/${node.peer}`, web] })
  await until(async () => (await peer.self()).nodes[0]?.problem === 'web', 'the web server is named')
  const connected = nextEvent(peer, 'node-state', ({ state }) => state === 'connected')
  await peer.addNode({ address: node.addresses()[0] ?? '' })
  assert.ok(!('problem' in (await connected)))
})
