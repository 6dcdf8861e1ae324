/**
 * The "Internet gateway device" of UPnP, as much of it as maps one TCP port: the router is found by multicast,
 * describes itself in XML and is controlled by SOAP. Own code, because libp2p's package for it (@libp2p/upnp-nat
 * 4.0.28, with @achingbrain/ssdp) ends the process at an unexpected datagram and knows only version 2 of these devices,
 * which most routers are not. Any machine of the local network can pose as a router: an answer is accepted only about
 * the machine that sent it, is bounded, and is never trusted: nodes verify the port (directory/reachability.ts). The
 * public address is not even requested, because nodes observe it.
 */
import { createSocket } from 'node:dgram'
import http from 'node:http'
import { onAbort } from '../../base/abort-listener.ts'
import { QuorumError } from '../../base/errors.ts'
import { netLimits } from '../limits.ts'

export interface Router {
  /** The URL that accepts actions, and the service type to name in them. */
  control: URL
  service: string
  /** The own address in its network. */
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
/** TTL of the search: the default of UPnP Device Architecture 1.1. */
const multicastTtl = 2

/** Error codes of WANIPConnection: ConflictInMappingEntry, OnlyPermanentLeasesSupported. */
const conflict = 718
const onlyPermanentLeases = 725

/** The router in the network of `local`, an IPv4 address of this machine; undefined if none answers. */
export async function findRouter(local: string, signal: AbortSignal): Promise<Router | undefined> {
  const location = await searchFrom(local, signal)
  if (location == null) return undefined
  const found = serviceIn(await request(location, local, signal), location)
  return found && { ...found, local }
}

/** The service that maps ports, in the description at `location`: only one of the same host. */
export function serviceIn(description: string, location: URL): Omit<Router, 'local'> | undefined {
  for (const part of description.split('<service>')) {
    const service = /<serviceType>\s*(urn:schemas-upnp-org:service:WAN(?:IP|PPP)Connection:[12])\s*</.exec(part)?.[1]
    const path = /<controlURL>\s*([^<\s]+)\s*</.exec(part)?.[1]
    if (service == null || path == null || !URL.canParse(path, location.href)) continue
    const control = new URL(path, location)
    if (control.protocol === 'http:' && control.hostname === location.hostname) return { control, service }
  }
  return undefined
}

/**
 * Maps TCP port `wanted` of the router to the local `port`, or renews that mapping. Returns the external port, which is
 * another one if `wanted` is in use. `random`: 0 to 1.
 * Errors: `internal` when the router refuses; else the network's.
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
    const external = tries[at] ?? wanted
    const refusal = await invoke(router, 'AddPortMapping', signal, {
      NewRemoteHost: '',
      NewExternalPort: external,
      NewProtocol: 'TCP',
      NewInternalPort: port,
      NewInternalClient: router.local,
      NewEnabled: 1,
      NewPortMappingDescription: 'Quorum',
      NewLeaseDuration: lease,
    })
    if (refusal == null) return external
    if (refusal === onlyPermanentLeases && lease !== 0) lease = 0
    else if (refusal === conflict) at += 1
    else throw new QuorumError('internal', `The router refuses to map a port (${refusal})`)
  }
  throw new QuorumError('internal', 'The router has no free port')
}

/** Removes that mapping. */
export async function closePort(router: Router, external: number, signal: AbortSignal): Promise<void> {
  await invoke(router, 'DeletePortMapping', signal, {
    NewRemoteHost: '',
    NewExternalPort: external,
    NewProtocol: 'TCP',
  })
}

/** URL of the description of the first router that answers. */
async function searchFrom(local: string, signal: AbortSignal): Promise<URL | undefined> {
  const found = Promise.withResolvers<URL | undefined>()
  const nothing = (): void => found.resolve(undefined)
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(netLimits.routerSearch)])
  using _ = onAbort(deadline, nothing)
  const socket = createSocket('udp4')
  // The interface is gone or has no multicast: there is no router then.
  socket.on('error', nothing)
  socket.on('message', (answer, { address }) => {
    const location = locationIn(answer.toString('latin1'), address)
    if (location != null) found.resolve(location)
  })
  const timers: NodeJS.Timeout[] = []
  try {
    if (signal.aborted) return undefined
    socket.bind({ address: local, port: 0 }, () => {
      socket.setMulticastTTL(multicastTtl)
      for (const after of netLimits.routerSearchSends)
        timers.push(setTimeout(() => socket.send(search, group.port, group.address), after))
    })
    return await found.promise
  } finally {
    for (const timer of timers) clearTimeout(timer)
    socket.close()
  }
}

/** Only a URL of the machine that answered: it could direct requests to any other host otherwise. */
export function locationIn(answer: string, from: string): URL | undefined {
  const text = answer.startsWith('HTTP/1.1 200 ') ? /^location:[ \t]*(\S+)/im.exec(answer)?.[1] : undefined
  if (text == null || !URL.canParse(text)) return undefined
  const location = new URL(text)
  return location.protocol === 'http:' && location.hostname === from ? location : undefined
}

/** Invokes an action. Returns the error code of a refusal; undefined for success. */
async function invoke(
  { control, service, local }: Router,
  action: string,
  signal: AbortSignal,
  values: Readonly<Record<string, string | number>>,
): Promise<number | undefined> {
  const fields = Object.entries(values).map(([name, value]) => `<${name}>${value}</${name}>`)
  const body = `<?xml version="1.0"?>
<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"
  s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/">
<s:Body><u:${action} xmlns:u="${service}">${fields.join('')}</u:${action}></s:Body></s:Envelope>`
  return refusalIn(await request(control, local, signal, { action: `"${service}#${action}"`, body }), action)
}

/** The error code of a refusal; undefined for success. Errors: `internal` for what is no answer to `action`. */
export function refusalIn(answer: string, action: string): number | undefined {
  const refusal = /<errorCode>\s*(\d{1,4})\s*</.exec(answer)?.[1]
  if (refusal != null) return Number(refusal)
  if (!answer.includes(`${action}Response`)) throw new QuorumError('internal', 'That is no answer of a UPnP router')
  return undefined
}

/** A GET, or a POST with a SOAP body. Errors: the network's, `too-large`. */
async function request(
  url: URL,
  localAddress: string,
  signal: AbortSignal,
  soap?: { action: string; body: string },
): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>()
  const headers = soap && { 'content-type': 'text/xml; charset="utf-8"', soapaction: soap.action }
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(netLimits.routerAnswer)])
  // No agent: no connection stays open.
  http
    .request(url, {
      agent: false,
      localAddress,
      signal: deadline,
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
    if (text.length > netLimits.routerText) throw new QuorumError('too-large', 'The answer of a router is too long')
  }
  return text
}
