/**
 * Checks the address of a node as a person or a program gives it, in every program alike, and says which part of it is
 * wrong. Addresses that arrive in messages are not checked here: what does not fit is dropped there.
 */
import { isIPv4, isIPv6 } from 'node:net'
import { isRelayed, parseAddress } from './address.ts'
import { QuorumError } from '../base/errors.ts'
import { blank, unseen } from '../base/foreign-text.ts'
import { limits } from '../base/limits.ts'
import { parsePeerId } from './peer-id.ts'

/** The part that is wrong: `form` is the address as a whole, `peer` the PeerId at its end. */
export type AddressPart = 'form' | 'host' | 'port' | 'transport' | 'peer'

const example = '/dns4/node.example.org/tcp/4001/p2p/12D3Koo…'
const transports = /^(\/ws|\/wss|\/tls\/ws|\/tls\/sni\/[^/]+\/ws)?$/u
const interrupted = new RegExp(`[${blank}${unseen}]`, 'u')

/** The address without the white space around it. Errors: `bad-request`, whose `part` is an `AddressPart`. */
export function givenNodeAddress(given: string): string {
  const address = given.trim().replace(/\/$/, '')
  if (address.length > limits.address) throw wrong('form', 'it is too long')
  if (interrupted.test(address)) {
    throw wrong('form', 'there is a blank, a line break or an invisible character in it; give one address at a time')
  }
  const [before, family = '', host = '', tcp, port = ''] = address.split('/')
  if (before !== '' || !/^(ip[46]|dns[46]?)$/.test(family)) throw wrong('form', `it looks like ${example}`)
  if (!isHost(family, host)) throw wrong('host', `${JSON.stringify(host)} is no ${kindOfHost(family)}`)
  if (isNobody(host)) {
    throw wrong(
      'host',
      `${JSON.stringify(host)} is where a node listens; where it is reached is in the line that it prints`,
    )
  }
  if (tcp !== 'tcp') throw wrong('transport', 'after the host comes /tcp/ and a port, as Quorum connects over TCP only')
  if (!/^[1-9]\d{0,4}$/.test(port) || Number(port) > 65_535) {
    throw wrong('port', `${JSON.stringify(port)} is no port from 1 to 65535`)
  }
  if (isRelayed(address)) throw wrong('transport', 'it leads through another node, with /p2p-circuit')
  const end = /\/p2p\/(?<peer>[^/]*)$/.exec(address)?.groups?.['peer']
  if (end === undefined) throw wrong('peer', `it ends with /p2p/ and the identity of the node, as in ${example}`)
  if (parsePeerId(end) === undefined) {
    throw wrong('peer', `${JSON.stringify(end)} is no identity of a node: copy it as a whole, and nothing after it`)
  }
  const between = address.slice(['', family, host, tcp, port].join('/').length, -`/p2p/${end}`.length)
  if (!transports.test(between) || parseAddress(address) === undefined) {
    throw wrong('transport', `between port and identity comes nothing, /ws or /tls/ws, as in ${example}`)
  }
  return address
}

function isHost(family: string, host: string): boolean {
  if (family === 'ip4') return isIPv4(host)
  if (family === 'ip6') return isIPv6(host) && !host.includes('%')
  // A name that ends in a number is an address to a resolver, whatever is left out of it: `0` is 0.0.0.0.
  if (/(^|\.)(\d+|0x[\da-f]*)\.?$/iu.test(host)) return isIPv4(host)
  return /^[\p{L}\p{M}\p{N}_-]{1,63}(\.[\p{L}\p{M}\p{N}_-]{1,63})*\.?$/u.test(host)
}

/** No single machine: any address of this one, or all machines of a network. */
function isNobody(host: string): boolean {
  const [ipv4] = /(?<=^[0:]+:(?:ffff:)?)[\d.]+$/iu.exec(host) ?? [host]
  return isIPv4(ipv4) ? /^(0|22[4-9]|2[345]\d)\./u.test(ipv4) : isIPv6(host) && /^(ff|[0:]+$)/iu.test(host)
}

function kindOfHost(family: string): string {
  if (family === 'ip4') return 'IPv4 address'
  return family === 'ip6' ? 'IPv6 address' : 'name of a machine'
}

function wrong(part: AddressPart, why: string): QuorumError {
  return new QuorumError('bad-request', `That is no address of a node: ${why}`, { part })
}
