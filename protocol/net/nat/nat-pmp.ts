/**
 * NAT-PMP (RFC 6886), as much of it as maps one TCP port: the default gateway is asked in datagrams of a dozen bytes.
 * Many home routers implement either this or UPnP (upnp-igd.ts). Own code, because libp2p's package for it
 * (@achingbrain/nat-port-mapper, in @libp2p/upnp-nat) has the problems named in upnp-igd.ts. Any machine of the local
 * network can forge an answer: all it contains is a port number, which nodes verify (directory/reachability.ts).
 */
import { createSocket } from 'node:dgram'
import { readFile } from 'node:fs/promises'
import { endianness, networkInterfaces, platform } from 'node:os'
import { onAbort } from '../../base/abort-listener.ts'
import { QuorumError, toError } from '../../base/errors.ts'
import { netLimits } from '../limits.ts'

export interface Gateway {
  /** IPv4. */
  address: string
  port: number
  /** The own address in its network. */
  local: string
}

const servicePort = 5351
const publicAddress = 0
const mapTcp = 2
/** The bit that answers have set. */
const answerBit = 0x80
/** Bytes of an answer: the minimum, and of a mapping. */
const answerLength = 8
const mappingLength = 16

/** The gateway of the network of `local`, an IPv4 address; undefined if it does not speak NAT-PMP. */
export async function findGateway(local: string, signal: AbortSignal): Promise<Gateway | undefined> {
  const address = await gatewayOf(local)
  if (address === undefined) return undefined
  const gateway = { address, port: servicePort, local }
  return (await speaks(gateway, signal)) ? gateway : undefined
}

/** Whether it answers at all; the content of the answer is ignored. */
export async function speaks(gateway: Gateway, signal: AbortSignal): Promise<boolean> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(netLimits.routerSearch)])
  const answer = ask(gateway, Buffer.from([0, publicAddress]), () => true, deadline)
  return answer.then(
    () => true,
    () => false,
  )
}

/**
 * Maps TCP port `wanted` of the router to the local `port`, or renews that mapping. Returns the external port, which is
 * another one if `wanted` is in use.
 * Errors: `internal` when the router refuses, `node-unreachable` when it does not answer; else the network's.
 */
export async function askPort(gateway: Gateway, port: number, wanted: number, signal: AbortSignal): Promise<number> {
  const answer = await map(gateway, port, wanted, netLimits.portLease / 1000, signal)
  const external = answer.readUInt16BE(10)
  if (external === 0) throw new QuorumError('internal', 'The router maps no port')
  return external
}

/** Removes that mapping. */
export async function returnPort(gateway: Gateway, port: number, signal: AbortSignal): Promise<void> {
  await map(gateway, port, 0, 0, signal)
}

async function map(
  gateway: Gateway,
  port: number,
  wanted: number,
  lease: number,
  signal: AbortSignal,
): Promise<Buffer> {
  const request = Buffer.alloc(12)
  request.writeUInt8(mapTcp, 1)
  request.writeUInt16BE(port, 4)
  request.writeUInt16BE(wanted, 6)
  request.writeUInt32BE(lease, 8)
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(netLimits.routerAnswer)])
  return ask(gateway, request, (answer) => maps(answer, port), deadline)
}

/** An answer about the local `port`, complete. */
export function maps(answer: Buffer, port: number): boolean {
  return answer.byteLength >= mappingLength && answer.readUInt16BE(8) === port
}

/** A datagram is an answer to `request`; others are ignored. Errors: `internal` when the router refuses. */
export function answers(answer: Buffer, request: Buffer): boolean {
  const matches = answer.byteLength >= answerLength && answer[0] === 0 && answer[1] === (answerBit | (request[1] ?? 0))
  if (!matches) return false
  const result = answer.readUInt16BE(2)
  if (result !== 0) throw new QuorumError('internal', `The router refuses to map a port (${result})`)
  return true
}

/** The first answer to `request` for which `fits` holds. */
async function ask(
  { address, port, local }: Gateway,
  request: Buffer,
  fits: (answer: Buffer) => boolean,
  signal: AbortSignal,
): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  const socket = createSocket('udp4')
  const timers: NodeJS.Timeout[] = []
  const send = (): void => {
    for (const after of netLimits.natPmpSends) timers.push(setTimeout(() => socket.send(request), after))
  }
  // Connected: the system drops datagrams of other hosts, and reports at once that the port is closed.
  socket.once('connect', send)
  socket.on('error', reject)
  socket.on('message', (answer) => {
    try {
      if (answers(answer, request) && fits(answer)) resolve(answer)
    } catch (error) {
      reject(toError(error))
    }
  })
  try {
    using _ = onAbort(signal, () => reject(new QuorumError('node-unreachable', 'No router answers')))
    if (!signal.aborted) socket.bind({ address: local, port: 0 }, () => socket.connect(port, address))
    return await promise
  } finally {
    socket.off('connect', send)
    for (const timer of timers) clearTimeout(timer)
    socket.close()
  }
}

/**
 * The default gateway of the interface with that address. On systems without a file that contains it, the first address
 * of that network, which nearly all home routers have. (Why not the package default-gateway: ARCHITECTURE.md.)
 */
async function gatewayOf(local: string): Promise<string | undefined> {
  for (const [name, addresses = []] of Object.entries(networkInterfaces())) {
    const own = addresses.find(({ address }) => address === local)
    if (own === undefined) continue
    if (platform() === 'linux') return defaultRoute(await readFile('/proc/net/route', 'latin1'), name)
    const mask = toNumber(own.netmask)
    return fromNumber(((toNumber(local) & mask) >>> 0) + 1)
  }
  return undefined
}

/**
 * The gateway of interface `name` in a routing table of Linux, which has addresses in the byte order of the machine.
 */
export function defaultRoute(table: string, name: string): string | undefined {
  for (const line of table.split('\n').slice(1)) {
    const [device, destination, gateway = ''] = line.split('\t')
    if (device !== name || destination !== '00000000' || !/^[0-9A-F]{8}$/.test(gateway)) continue
    const bytes = Buffer.from(gateway, 'hex')
    const address = (endianness() === 'LE' ? bytes.toReversed() : bytes).join('.')
    if (address !== '0.0.0.0') return address
  }
  return undefined
}

function toNumber(address: string): number {
  return Buffer.from(address.split('.').map(Number)).readUInt32BE()
}

function fromNumber(address: number): string {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(address)
  return bytes.join('.')
}
