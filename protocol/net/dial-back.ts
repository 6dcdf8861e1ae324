/**
 * A node's look from outside: does the peer answer at that port of the address it came from? Only ever that address,
 * and only a finished handshake with that very peer counts, so nobody can have a third party dialled through it.
 */
import type { Connection } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { toError } from '../base/errors.ts'
import type { DirectDial } from './direct-dial.ts'

/** Over a TCP connection of its own, closed again at once. `timeout` in milliseconds. */
export async function dialBack(
  directDial: DirectDial,
  from: Connection,
  port: number,
  timeout: number,
): Promise<boolean> {
  const host = seenHost(from.remoteAddr.toString())
  if (host == null) return false
  const signal = AbortSignal.timeout(timeout)
  try {
    const connection = await directDial.dial(`${host}/tcp/${port}/p2p/${from.remotePeer.toString()}`, signal, timeout)
    connection.close({ signal }).catch((error: unknown) => connection.abort(toError(error)))
    return true
  } catch {
    // Not reachable is what was asked for; why is the peer's own business.
    return false
  }
}

/** `/ip4/192.0.2.1`: where a connection comes from, unless it comes through another node. */
function seenHost(address: string): string | undefined {
  const [first] = multiaddr(address).getComponents()
  const isHost = first?.value != null && (first.name === 'ip4' || first.name === 'ip6')
  return isHost && !address.includes('/p2p-circuit') ? `/${first.name}/${first.value}` : undefined
}
