/**
 * A node's look from outside: does the peer answer at that port of the address it came from? Only ever that address,
 * and only a finished handshake with that very peer counts, so nobody can have a third party dialled through it.
 */
import type { Connection } from '@libp2p/interface'
import { hostPart } from '../address/address.ts'
import { toError } from '../base/errors.ts'
import type { DirectDial } from './direct-dial.ts'

/** Over a TCP connection of its own, closed again at once. `timeout` in milliseconds. */
export async function dialBack(
  directDial: DirectDial,
  from: Connection,
  port: number,
  timeout: number,
): Promise<boolean> {
  const host = hostPart(from.remoteAddr)
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
