/** Connections to a node that belong to no peer: for programs that only ask the node. */
import { randomBytes } from 'node:crypto'
import net from 'node:net'
import type { Connection } from '@libp2p/interface'
import { lastPeer } from '../../../protocol/address/address.ts'
import { limits } from '../../../protocol/base/limits.ts'
import { identityFromSeed, type Identity } from '../../../protocol/identity/identity.ts'
import { createPeerNetwork } from '../../../protocol/net/libp2p.ts'
import { Policy } from '../../../protocol/net/policy.ts'
import { openMemoryStore } from '../../../protocol/store/memory.ts'

export interface Client {
  identity: Identity
  /** Connects to the node: once, or again after the connection was closed. */
  connect(): Promise<Connection>
}

export async function createClient(node: string): Promise<Client> {
  const nodePeer = lastPeer(node)
  const identity = await identityFromSeed(randomBytes(32))
  const policy = new Policy({
    store: openMemoryStore(),
    privacy: () => ({ direct: 'never', lan: false }),
    isNode: (other) => other === nodePeer,
    loopback: true,
  })
  const network = await createPeerNetwork({ privateKey: identity.privateKey, policy, listen: [] })
  await network.start()
  const { directDial } = network.services
  return {
    identity,
    connect: () => directDial.dial(node, 'own-node', AbortSignal.timeout(limits.dial), limits.dial),
  }
}

/**
 * From now on each dial of this process leaves from a loopback address of its own, as those of different households do.
 * `network`: 1 to 254, the second byte of the addresses. Linux answers on all of 127.0.0.0/8. No option of a peer says
 * where it dials from, so the socket is told.
 */
export function dialFromManyAddresses(network: number): void {
  let dials = 0
  const hosts = 254
  const connect = net.Socket.prototype.connect as (...args: unknown[]) => net.Socket
  net.Socket.prototype.connect = function (this: net.Socket, ...args: unknown[]): net.Socket {
    const [options] = args.flat(1) as [net.TcpSocketConnectOpts | undefined]
    if (typeof options === 'object' && options.host?.startsWith('127.') === true) {
      options.localAddress = `127.${network}.${Math.floor(dials / hosts) % 256}.${(dials % hosts) + 1}`
      dials += 1
    }
    return Reflect.apply(connect, this, args) as net.Socket
  }
}
