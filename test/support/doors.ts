/** The ways into Quorum that are open to strangers: a node's and a peer's, over TCP and over WebSocket. */
import { loopback } from './network.ts'

/** For `listen`: both transports. */
export const bothTransports = [loopback, `${loopback}/ws`]

export interface Door {
  /** `a node over TCP` … */
  name: string
  /** With the PeerId. */
  address: string
  over: 'TCP' | 'WebSocket'
}

/** The doors of one that listens on these addresses. */
export function doorsOf(whose: string, addresses: readonly string[]): Door[] {
  return addresses.map((address) => {
    const over = address.includes('/ws') ? 'WebSocket' : 'TCP'
    return { name: `${whose} over ${over}`, address, over }
  })
}
