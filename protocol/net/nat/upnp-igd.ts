/**
 * A home router's "Internet gateway device" of UPnP, as far as it takes to have one TCP port passed on: it is searched
 * for by multicast, described in XML, and asked by SOAP. Written here because what libp2p brings for it
 * (@libp2p/upnp-nat 4.0.28, by @achingbrain/ssdp) ends the process when a datagram is not as it expects, and knows only
 * version 2 of these devices, which most routers are not. Any machine of the local network can pretend to be a router:
 * it is heard only about itself, in few bytes, and what it says is never taken for true. Its public address is not
 * even asked: nodes find that out.
 */
import { createSocket } from 'node:dgram'
import http from 'node:http'
import { QuorumError } from '../../base/errors.ts'
import { netLimits } from '../limits.ts'

export interface Router {
  /** Where it takes orders, and under which name. */
  control: URL
  service: string
  /** Our address in its network. */
  local: string
}

const group = { address: '239.255.255.250', port: 1900 }
/** Routers of version 2 answer to version 1 as well. */
const search = [
  'M-SEARCH * HTTP/1.1',
  `HOST: ${group.address}:${group.port}`,
  'MAN: "ssdp:discover"',
  'MX: 1',
  'ST: urn:schemas-upnp-org:device:InternetGatewayDevice:1',
  '',
  '',
].join('\r\n')
/** Datagrams get lost: when each is sent, in milliseconds. */
const searches = [0, 700, 1400]
/** Its network only: the standard's default. */
const hops = 2

/** What routers answer, by the standards of WANIPConnection. */
const conflict = 718
const onlyForever = 725

/** The router in the network of the interface `local`, an IPv4 address, or undefined if none answers. */
export async function findRouter(local: string, signal: AbortSignal): Promise<Router | undefined> {
  const location = await searchFrom(local, signal)
  if (location == null) return undefined
  for (const part of (await request(location, local, signal)).split('<service>')) {
    const service = /<serviceType>\s*(urn:schemas-upnp-org:service:WAN(?:IP|PPP)Connection:[12])\s*</.exec(part)?.[1]
    const path = /<controlURL>\s*([^<\s]+)\s*</.exec(part)?.[1]
    if (service == null || path == null || !URL.canParse(path, location.href)) continue
    const control = new URL(path, location)
    if (control.protocol === 'http:' && control.hostname === location.hostname) return { control, service, local }
  }
  return undefined
}

/**
 * Has TCP to `wanted` of the router's outside passed on to our `port`; called again, it renews. Returns the outside
 * port, which is another one if somebody has `wanted`. `random`: 0 to 1.
 * Errors: `internal` when the router refuses; else what the network threw.
 */
export async function openPort(
  router: Router,
  port: number,
  wanted: number,
  signal: AbortSignal,
  random: () => number = Math.random,
): Promise<number> {
  const [first, count] = netLimits.outsidePorts
  const tries = [wanted, first + Math.floor(random() * count), first + Math.floor(random() * count)]
  let lease: number = netLimits.portLease / 1000
  for (let at = 0; at < tries.length;) {
    const outside = tries[at] ?? wanted
    const refusal = await order(router, 'AddPortMapping', signal, {
      NewRemoteHost: '',
      NewExternalPort: outside,
      NewProtocol: 'TCP',
      NewInternalPort: port,
      NewInternalClient: router.local,
      NewEnabled: 1,
      NewPortMappingDescription: 'Quorum',
      NewLeaseDuration: lease,
    })
    if (refusal == null) return outside
    if (refusal === onlyForever && lease !== 0) lease = 0
    else if (refusal === conflict) at += 1
    else throw new QuorumError('internal', `The router refuses to pass on a port (${refusal})`)
  }
  throw new QuorumError('internal', 'The router has no port to spare')
}

/** Takes that back. */
export async function closePort(router: Router, outside: number, signal: AbortSignal): Promise<void> {
  await order(router, 'DeletePortMapping', signal, {
    NewRemoteHost: '',
    NewExternalPort: outside,
    NewProtocol: 'TCP',
  })
}

/** Where the first router that answers describes itself. */
async function searchFrom(local: string, signal: AbortSignal): Promise<URL | undefined> {
  const found = Promise.withResolvers<URL | undefined>()
  const nothing = (): void => found.resolve(undefined)
  const over = AbortSignal.any([signal, AbortSignal.timeout(netLimits.routerSearch)])
  over.addEventListener('abort', nothing)
  const socket = createSocket('udp4')
  // The interface is gone, or has no multicast: then there is no router.
  socket.on('error', nothing)
  socket.on('message', (answer, { address }) => {
    const location = locationIn(answer.toString('latin1'), address)
    if (location != null) found.resolve(location)
  })
  const timers: NodeJS.Timeout[] = []
  try {
    if (signal.aborted) return undefined
    socket.bind({ address: local, port: 0 }, () => {
      socket.setMulticastTTL(hops)
      for (const after of searches) timers.push(setTimeout(() => socket.send(search, group.port, group.address), after))
    })
    return await found.promise
  } finally {
    for (const timer of timers) clearTimeout(timer)
    socket.close()
  }
}

/** Only on the very machine that answers: else it could have us ask anybody. */
function locationIn(answer: string, from: string): URL | undefined {
  const text = answer.startsWith('HTTP/1.1 200 ') ? /^location:[ \t]*(\S+)/im.exec(answer)?.[1] : undefined
  if (text == null || !URL.canParse(text)) return undefined
  const location = new URL(text)
  return location.protocol === 'http:' && location.hostname === from ? location : undefined
}

/** Returns the number of the refusal, if it is one. */
async function order(
  { control, service, local }: Router,
  action: string,
  signal: AbortSignal,
  values: Readonly<Record<string, string | number>>,
): Promise<number | undefined> {
  const fields = Object.entries(values).map(([name, value]) => `<${name}>${value}</${name}>`)
  const body = `<?xml version="1.0"?>
<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/">
<s:Body><u:${action} xmlns:u="${service}">${fields.join('')}</u:${action}></s:Body></s:Envelope>`
  const answer = await request(control, local, signal, { action: `"${service}#${action}"`, body })
  const refusal = /<errorCode>\s*(\d{1,4})\s*</.exec(answer)?.[1]
  if (refusal != null) return Number(refusal)
  if (!answer.includes(`${action}Response`)) throw new QuorumError('internal', 'That is no answer of a router')
  return undefined
}

/** A GET, or a POST of SOAP. Errors: what the network threw, `too-large`. */
async function request(
  url: URL,
  localAddress: string,
  signal: AbortSignal,
  soap?: { action: string; body: string },
): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>()
  const headers = soap && { 'content-type': 'text/xml; charset="utf-8"', soapaction: soap.action }
  const over = AbortSignal.any([signal, AbortSignal.timeout(netLimits.routerAnswer)])
  // No agent: nothing is to stay open.
  http
    .request(url, {
      agent: false,
      localAddress,
      signal: over,
      method: soap ? 'POST' : 'GET',
      ...(headers && { headers }),
    })
    .on('response', resolve)
    .on('error', reject)
    .end(soap?.body)
  const response = await promise
  let text = ''
  for await (const bytes of response.setEncoding('utf8') as AsyncIterable<string>) {
    text += bytes
    if (text.length > netLimits.routerText) throw new QuorumError('too-large', 'A router does not say that much')
  }
  return text
}
