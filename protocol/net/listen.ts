/**
 * Where a peer listens: on the given addresses, or on the port of its last run, which routers and friends still know.
 */
import { isAddress, isRelayed, parseAddress } from '../address/address.ts'
import { QuorumError } from '../base/errors.ts'
import { createPeerNetwork, type PeerNetwork } from './libp2p.ts'
import { type DirectMode, type Policy } from './policy.ts'
import type { Settings } from '../identity/settings.ts'

/** A started network that listens on the given addresses, or on the port of the last run, or on any port. */
export async function listening(
  options: { listen?: readonly string[]; direct?: DirectMode },
  policy: Policy,
  privateKey: Parameters<typeof createPeerNetwork>[0]['privateKey'],
  settings: Settings,
): Promise<PeerNetwork> {
  const direct = options.direct ?? 'auto'
  const odd = options.listen?.find((address) => !isAddress(address))
  if (odd != null) throw new QuorumError('bad-request', `${JSON.stringify(odd)} is no multiaddr to listen on`)
  const anywhere = (port: number): string[] => [`/ip4/0.0.0.0/tcp/${port}`, `/ip6/::/tcp/${port}`]
  const start = async (listen: readonly string[]): Promise<PeerNetwork> => {
    const network = await createPeerNetwork({ privateKey, listen, policy })
    await network.start()
    return network
  }
  if (direct === 'never') return start([])
  if (options.listen != null) return start(options.listen)
  const port = settings.port()
  let network = await start(anywhere(port))
  let own = network.services.directDial.listening().find((address) => !isRelayed(address))
  if (own == null && port !== 0) {
    // Another program uses that port now.
    await network.stop()
    network = await start(anywhere(0))
    own = network.services.directDial.listening().find((address) => !isRelayed(address))
  }
  const used = parseAddress(own ?? '')?.port ?? 0
  if (used !== port) settings.setPort(used)
  return network
}

/** The addresses among `wanted` on which nothing listens. */
export function unbound(network: PeerNetwork, wanted: readonly string[]): string[] {
  const listening = network.services.directDial.listening().filter((address) => !isRelayed(address))
  return wanted.filter((address) => {
    if (isRelayed(address)) return false
    const { family, transport, port } = parseAddress(address) ?? {}
    return !listening.some((bound) => {
      const own = parseAddress(bound)
      return family === own?.family && transport === own?.transport && (port === 0 || port === own?.port)
    })
  })
}
