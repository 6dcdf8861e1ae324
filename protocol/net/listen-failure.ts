/** Why a machine cannot listen on an address: the system is asked again, because libp2p keeps no error codes. */
import { once } from 'node:events'
import { createServer } from 'node:net'
import { parseAddress } from '../address/address.ts'
import { codeOf } from '../base/disk-errors.ts'

/** A clause that stands behind the address and a colon; undefined: it can be listened on. */
export async function listenFailure(address: string): Promise<string | undefined> {
  const { family, host, port } = parseAddress(address) ?? {}
  const server = createServer()
  try {
    server.listen({ host, port, exclusive: true, ipv6Only: family === 'ip6' })
    await once(server, 'listening')
    server.close()
    return undefined
  } catch (error) {
    return reason(codeOf(error) ?? String(error), port)
  }
}

function reason(code: string, port = 0): string {
  switch (code) {
    case 'EADDRINUSE':
      return `port ${port} is used by another program`
    case 'EACCES':
      return (
        `the system keeps port ${port} for privileged programs: listen on a port above 1023 (--listen) and have it ` +
        'forwarded, or grant the capability CAP_NET_BIND_SERVICE'
      )
    case 'EADDRNOTAVAIL':
      return (
        'this machine does not have that address. Listen on 0.0.0.0 or :: instead (--listen), and announce the ' +
        'address that others dial (--announce)'
      )
    case 'EAFNOSUPPORT':
      return 'this machine does not have IPv6'
    default:
      return code
  }
}
