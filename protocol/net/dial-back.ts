/**
 * A node checks from outside whether a peer answers at a port of the address it came from. The node dials no other
 * address, and only a finished handshake with that same peer counts, so nobody can have a third party dialled through
 * it.
 */
import type { Connection } from '@libp2p/interface'
import { hostPart } from '../address/address.ts'
import { closeOrAbort } from './close.ts'
import type { DirectDial } from './direct-dial.ts'

/** Dials over a separate TCP connection, which is closed again at once. `timeout` in milliseconds. */
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
    void closeOrAbort(connection)
    return true
  } catch {
    // The caller asks only whether the peer is reachable, not why it is not.
    return false
  }
}
