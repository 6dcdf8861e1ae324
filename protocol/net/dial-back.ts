/**
 * A node's check from outside whether a peer answers at a port (docs/protocol.md, Reachability). It dials only the
 * address that the peer's own connection comes from, and only a finished handshake with that peer counts, so that no
 * peer can make the node dial a third party.
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
    const peer = from.remotePeer.toString()
    const connection = await directDial.dial(`${host}/tcp/${port}/p2p/${peer}`, { peer }, signal, timeout)
    void closeOrAbort(connection)
    return true
  } catch {
    // Not reachable is an answer; the reason does not matter here.
    return false
  }
}
