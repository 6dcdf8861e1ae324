/**
 * One end of a bulk transfer in a process of its own: a stream between two libp2p nodes of Quorum, or a plain TCP or
 * TLS connection for comparison. The receiver discards the data and reports the number of bytes at the end.
 */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import net from 'node:net'
import tls from 'node:tls'
import type { Connection, Stream } from '@libp2p/interface'
import { identityFromSeed } from '../../../protocol/identity/identity.ts'
import { limits } from '../../../protocol/base/limits.ts'
import { pull, push } from '../../../protocol/net/streams.ts'
import { createPeerNetwork, type PeerNetwork } from '../../../protocol/net/libp2p.ts'
import { lastPeer } from '../../../protocol/address/address.ts'
import { Policy, type AddressSource } from '../../../protocol/net/policy.ts'
import { openMemoryStore } from '../../../protocol/store/memory.ts'

const bulkProtocol = '/quorum-bench/bulk/1.0.0'
const echoProtocol = '/quorum-bench/echo/1.0.0'
const loopback = '127.0.0.1'
/** As large as the writes of a file transfer. */
const writeBytes = 1024 * 1024
/** The size of a chat message. */
const pingBytes = 128
/** Milliseconds between two pings. */
const pingPause = 2
/** TLS without certificates: with a shared key, and the cipher that TLS chooses by default. */
const tlsOptions = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2', ciphers: 'PSK-AES256-GCM-SHA384' } as const
const psk = Buffer.alloc(32, 7)

let network: PeerNetwork | undefined
let connection: Connection | undefined

export interface Usage {
  /** Of all threads, user and system, in milliseconds. */
  cpuMs: number
  peakRssBytes: number
}

export const streamCommands = {
  /** Starts a libp2p node, with a reservation at `node` if there is one. Returns the address to dial. */
  async streamStart({ node }: { node?: string }): Promise<string> {
    const { privateKey, peer } = await identityFromSeed(randomBytes(32))
    const nodePeer = node?.slice(node.lastIndexOf('/') + 1)
    const policy = new Policy({
      store: openMemoryStore(),
      privacy: () => ({ direct: 'auto', lan: true }),
      isNode: (other) => other === nodePeer,
      loopback: true,
    })
    policy.relation = (other) => (other === nodePeer ? 'node' : 'friend')
    network = await createPeerNetwork({ privateKey, policy, listen: [`/ip4/${loopback}/tcp/0`] })
    await network.handle(bulkProtocol, discard)
    await network.handle(echoProtocol, echo)
    await network.start()
    if (node === undefined) return `${network.services.directDial.listening()[0] ?? missing('address')}/p2p/${peer}`
    const toNode = await dial(node, 'own-node')
    await network.services.circuits.reserve(toNode.remotePeer)
    return `${node}/p2p-circuit/p2p/${peer}`
  },

  async streamDial({ address }: { address: string }): Promise<void> {
    connection = await dial(address, { peer: lastPeer(address) ?? '' })
  },

  /**
   * Milliseconds until the other end has `bytes`. With `pings`, also the round trips of small messages on another
   * stream of the same connection during that time.
   */
  async streamSend({
    bytes,
    pings,
  }: {
    bytes: number
    pings: boolean
  }): Promise<{ tookMs: number; pingsMs: number[] }> {
    const [bulk, side] = [await open(bulkProtocol), await open(echoProtocol)]
    const data = randomBytes(writeBytes)
    const done = new AbortController()
    const pinging = pings ? roundTrips(side, done.signal) : []
    const started = performance.now()
    for (let left = bytes; left > 0; left -= writeBytes) await push(bulk, data.subarray(0, Math.min(left, writeBytes)))
    await bulk.close()
    const received = await total(bulk)
    const tookMs = performance.now() - started
    if (received !== bytes) throw new Error(`${received} bytes arrived`)
    done.abort()
    return { tookMs, pingsMs: await pinging }
  },

  /** A sink over plain TCP or TLS; returns its port. */
  async socketListen({ secure }: { secure: boolean }): Promise<number> {
    const discard = (socket: net.Socket): void => {
      let received = 0
      socket.on('data', (data) => (received += data.byteLength))
      socket.on('end', () => socket.end(String(received)))
      socket.on('error', () => socket.destroy())
    }
    const server = secure
      ? tls.createServer({ ...tlsOptions, allowHalfOpen: true, pskCallback: () => psk }, discard)
      : net.createServer({ allowHalfOpen: true }, discard)
    server.listen(0, loopback)
    await once(server, 'listening')
    server.unref()
    return (server.address() as net.AddressInfo).port
  },

  /** Milliseconds until the other end has `bytes`. */
  async socketSend({ port, bytes, secure }: { port: number; bytes: number; secure: boolean }): Promise<number> {
    const target = { port, host: loopback, allowHalfOpen: true }
    const socket = secure
      ? tls.connect({
          ...target,
          ...tlsOptions,
          pskCallback: () => ({ psk, identity: 'bench' }),
          checkServerIdentity: () => undefined,
        })
      : net.connect(target)
    await once(socket, secure ? 'secureConnect' : 'connect')
    const data = randomBytes(writeBytes)
    const started = performance.now()
    for (let left = bytes; left > 0; left -= writeBytes) {
      if (!socket.write(data.subarray(0, Math.min(left, writeBytes)))) await once(socket, 'drain')
    }
    socket.end()
    let received = ''
    for await (const text of socket.setEncoding('utf8')) received += String(text)
    const tookMs = performance.now() - started
    if (Number(received) !== bytes) throw new Error(`${received} bytes arrived`)
    return tookMs
  },

  async usage(): Promise<Usage> {
    const { user, system } = process.cpuUsage()
    return { cpuMs: (user + system) / 1000, peakRssBytes: process.resourceUsage().maxRSS * 1024 }
  },
}

async function dial(address: string, source: AddressSource): Promise<Connection> {
  const { directDial } = (network ?? missing('network')).services
  return directDial.dial(address, source, AbortSignal.timeout(limits.dial), limits.dial)
}

async function open(protocol: string): Promise<Stream> {
  return (connection ?? missing('connection')).newStream(protocol, { signal: AbortSignal.timeout(limits.openStream) })
}

async function discard(stream: Stream): Promise<void> {
  let received = 0
  for await (const bytes of pull(stream, { once: true })) received += bytes.byteLength
  await push(stream, Buffer.from(String(received)))
  await stream.close()
}

async function echo(stream: Stream): Promise<void> {
  for await (const bytes of pull(stream)) await push(stream, bytes)
  await stream.close()
}

async function total(stream: Stream): Promise<number> {
  let text = ''
  for await (const bytes of pull(stream)) text += Buffer.from(bytes.subarray()).toString()
  return Number(text)
}

async function roundTrips(stream: Stream, done: AbortSignal): Promise<number[]> {
  const times: number[] = []
  const answers = pull(stream)
  while (!done.aborted) {
    const started = performance.now()
    await push(stream, Buffer.alloc(pingBytes, 1))
    for (let left = pingBytes; left > 0;) left -= (await answers.next()).value?.byteLength ?? missing('answer')
    times.push(performance.now() - started)
    await new Promise((resolve) => setTimeout(resolve, pingPause))
  }
  await stream.close()
  return times
}

function missing(what: string): never {
  throw new Error(`There is no ${what}`)
}
