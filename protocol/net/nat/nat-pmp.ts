/**
 * NAT-PMP (RFC 6886), as far as it takes to have one TCP port passed on by the router at home: the default gateway is
 * asked in datagrams of a dozen bytes. Many routers speak this or UPnP (upnp-igd.ts) and not the other. Written here because
 * what libp2p brings for it (@achingbrain/nat-port-mapper, in @libp2p/upnp-nat) comes with the trouble told in upnp-igd.ts.
 * Any machine of the local network can forge an answer: it is a port number, and nodes find out whether that is true.
 */
import { createSocket } from 'node:dgram'
import { readFile } from 'node:fs/promises'
import { endianness, networkInterfaces, platform } from 'node:os'
import { QuorumError } from '../../base/errors.ts'
import { netLimits } from '../limits.ts'

export interface Gateway {
  /** IPv4. */
  address: string
  port: number
  /** Our address in its network. */
  local: string
}

const servicePort = 5351
const publicAddress = 0
const mapTcp = 2
/** Set in answers. */
const answered = 0x80
/** Bytes of an answer: of any, and of one about a port. */
const shortest = 8
const portAnswer = 16
/** Datagrams get lost: when each is sent, in milliseconds, as the standard doubles them. */
const sent = [0, 250, 750, 1750]

/** The gateway of the network of `local`, an IPv4 address, or undefined if none speaks NAT-PMP. */
export async function findGateway(local: string, signal: AbortSignal): Promise<Gateway | undefined> {
  const address = await gatewayOf(local)
  if (address === undefined) return undefined
  const gateway = { address, port: servicePort, local }
  return (await speaks(gateway, signal)) ? gateway : undefined
}

/** Whether it answers at all; what it says of itself is of no interest. */
export async function speaks(gateway: Gateway, signal: AbortSignal): Promise<boolean> {
  const over = AbortSignal.any([signal, AbortSignal.timeout(netLimits.routerSearch)])
  const heard = ask(gateway, Buffer.from([0, publicAddress]), () => true, over)
  return heard.then(
    () => true,
    () => false,
  )
}

/**
 * Has TCP to `wanted` of the router's outside passed on to our `port`; called again, it renews. Returns the outside
 * port, which is another one if somebody has `wanted`.
 * Errors: `internal` when the router refuses, `node-unreachable` when it is silent; else what the network threw.
 */
export async function askPort(gateway: Gateway, port: number, wanted: number, signal: AbortSignal): Promise<number> {
  const answer = await map(gateway, port, wanted, netLimits.portLease / 1000, signal)
  const outside = answer.readUInt16BE(10)
  if (outside === 0) throw new QuorumError('internal', 'The router passes on no port')
  return outside
}

/** Takes that back. */
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
  const over = AbortSignal.any([signal, AbortSignal.timeout(netLimits.routerAnswer)])
  return ask(gateway, request, (answer) => answer.byteLength >= portAnswer && answer.readUInt16BE(8) === port, over)
}

/** The first answer to `request` that `fits`. */
async function ask(
  { address, port, local }: Gateway,
  request: Buffer,
  fits: (answer: Buffer) => boolean,
  signal: AbortSignal,
): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  const over = (): void => reject(new QuorumError('node-unreachable', 'No router answers'))
  const socket = createSocket('udp4')
  const timers: NodeJS.Timeout[] = []
  const send = (): void => {
    for (const after of sent) timers.push(setTimeout(() => socket.send(request), after))
  }
  signal.addEventListener('abort', over)
  // Connected: the system drops what others send, and tells at once where nobody listens.
  socket.once('connect', send)
  socket.on('error', reject)
  socket.on('message', (answer) => {
    const itsOwn = answer.byteLength >= shortest && answer[0] === 0 && answer[1] === (answered | (request[1] ?? 0))
    if (!itsOwn) return
    const result = answer.readUInt16BE(2)
    if (result !== 0) reject(new QuorumError('internal', `The router refuses to pass on a port (${result})`))
    else if (fits(answer)) resolve(answer)
  })
  try {
    if (signal.aborted) over()
    else socket.bind({ address: local, port: 0 }, () => socket.connect(port, address))
    return await promise
  } finally {
    signal.removeEventListener('abort', over)
    socket.off('connect', send)
    for (const timer of timers) clearTimeout(timer)
    socket.close()
  }
}

/**
 * The default gateway of the interface with that address. Where no file tells it, the first address of its network,
 * which nearly all routers at home have.
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

/** In `table` as Linux writes it: the gateway of `name`, in the byte order of the machine. */
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
