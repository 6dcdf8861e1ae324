/**
 * Chooses the addresses on which a peer listens: the given ones, or the port of its last run, because port mappings and
 * friends still use that port.
 */
import { isAddress, isRelayed, parseAddress } from '../address/address.ts'
import { QuorumError } from '../base/errors.ts'
import { createPeerNetwork, type PeerNetwork } from './libp2p.ts'
import type { DirectMode } from '../api/privacy.ts'
import type { Policy } from './policy.ts'
import type { Settings } from '../identity/settings.ts'

/** A started network that listens on the given addresses, or on the port of the last run, or on any port. */
export async function listening(
  options: { listen?: readonly string[] },
  direct: DirectMode,
  policy: Policy,
  privateKey: Parameters<typeof createPeerNetwork>[0]['privateKey'],
  settings: Settings,
): Promise<PeerNetwork> {
  const odd = options.listen?.find((address) => !isAddress(address))
  if (odd != null) throw new QuorumError('bad-request', `${JSON.stringify(odd)} is not a multiaddr to listen on`)
  const start = async (listen: readonly string[]): Promise<PeerNetwork> => {
    const network = await createPeerNetwork({ privateKey, listen, policy })
    await network.start()
    return network
  }
  if (direct === 'never') return start([])
  if (options.listen != null) return start(options.listen)
  const port = settings.port()
  let network = await start(anywhere(port))
  if (sockets(network).length === 0 && port !== 0) {
    // Another program uses that port now.
    await network.stop()
    network = await start(anywhere(0))
  }
  storePort(network, settings)
  return network
}

/** Starts to listen on a running network, as `listening` does; does nothing if it already listens. */
export async function listenAgain(
  network: PeerNetwork,
  options: { listen?: readonly string[] },
  settings: Settings,
): Promise<void> {
  const { directDial } = network.services
  if (sockets(network).length > 0) return
  if (options.listen != null) return directDial.listen(options.listen)
  await directDial.listen(anywhere(settings.port()))
  if (sockets(network).length === 0 && settings.port() !== 0) await directDial.listen(anywhere(0))
  storePort(network, settings)
}

function anywhere(port: number): string[] {
  return [`/ip4/0.0.0.0/tcp/${port}`, `/ip6/::/tcp/${port}`]
}

/** The listening addresses, without circuits. */
function sockets(network: PeerNetwork): string[] {
  return network.services.directDial.listening().filter((address) => !isRelayed(address))
}

function storePort(network: PeerNetwork, settings: Settings): void {
  const used = parseAddress(sockets(network)[0] ?? '')?.port ?? 0
  if (used !== settings.port()) settings.setPort(used)
}

/** The addresses among `wanted` on which nothing listens. */
export function unbound(network: PeerNetwork, wanted: readonly string[]): string[] {
  const listening = sockets(network)
  return wanted.filter((address) => {
    if (isRelayed(address)) return false
    const { family, transport, port } = parseAddress(address) ?? {}
    return !listening.some((bound) => {
      const own = parseAddress(bound)
      return family === own?.family && transport === own?.transport && (port === 0 || port === own?.port)
    })
  })
}
