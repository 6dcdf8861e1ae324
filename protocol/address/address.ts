/** What a multiaddr says, without dialling it. */
import { multiaddr, type Multiaddr } from '@multiformats/multiaddr'
import { limits } from '../base/limits.ts'

/** A multiaddr over TCP to an IP address or a name: nothing else is ever dialled (no `/unix/…`). */
export function isAddress(text: string): boolean {
  if (text.length < 2 || text.length > limits.address) return false
  try {
    const [host, transport] = multiaddr(text).getComponents()
    return host != null && /^(ip[46]|dns[46]?)$/.test(host.name) && transport?.name === 'tcp'
  } catch (error) {
    // The parser's way to say no.
    return !(error instanceof Error)
  }
}

/** The PeerId at the end of an address. */
export function lastPeer(address: Multiaddr): string | undefined {
  return address.getComponents().findLast((component) => component.name === 'p2p')?.value
}
