/**
 * The one function by which a peer connects to an address: it asks the rules (net/policy.ts) itself, so that no caller
 * can forget them. It dials at once, independent of other dials. libp2p's dial queue joins every dial to a peer into
 * one job that tries addresses one after another, so a dead address delays the relay after it. This calls the
 * transports directly; the upgrader still checks the PeerId in the address, and the connection manager registers the
 * connection like any other. Retires when the dial queue races addresses (libp2p/js-libp2p, "smart dialling").
 */
import type { Connection, PeerId } from '@libp2p/interface'
import type { TransportManager } from '@libp2p/interface-internal'
import { multiaddr } from '@multiformats/multiaddr'
import { lastPeer } from '../address/address.ts'
import { QuorumError } from '../base/errors.ts'
import { dialSignal } from './dial-signal.ts'
import type { AddressSource, Policy } from './policy.ts'
import { resolved } from './resolve.ts'

/** libp2p reports it when the transport is connected, before the handshake. */
const answered = 'upgrader:encrypt-outbound-connection'

interface Components {
  peerId: PeerId
  transportManager: TransportManager
}

/** The rules of a peer about its dials. */
export type DialRules = Pick<Policy, 'refusesDial' | 'takeDial'>

/** For those who dial nothing that others told them: they have rules of their own. */
export const anyDial: DialRules = { refusesDial: () => undefined, takeDial: () => undefined }

export interface DirectDial {
  /**
   * Connects to `address`, which must name the peer: `…/p2p/<PeerId>`. `source`: who told the address.
   * Errors: those of Policy.takeDial; `bad-request` for an address without a PeerId, of this peer, or that no transport
   * can dial; else what the transport or the handshake threw. `signal`, or `timeout` milliseconds, end the attempt, but
   * not a connection that was made: libp2p closes one whose dial signal aborts later. `handshake`: once the remote
   * system has answered, the attempt has this many milliseconds from then on.
   */
  dial(
    address: string,
    source: AddressSource,
    signal: AbortSignal,
    timeout: number,
    handshake?: number,
  ): Promise<Connection>
  /** Why the rules refuse to dial that address; undefined if they do not. */
  refuses(address: string, source: AddressSource): QuorumError | undefined
  /** Own addresses, before `announceFilter` hides the private ones. */
  listening(): string[]
  /** Listens on these as well; where that cannot be, `listening` lacks them. */
  listen(addresses: readonly string[]): Promise<void>
  /** Listens on circuits only from now on. What came in through the closed sockets is cut. */
  stopListening(): Promise<void>
}

/** A libp2p service: `services: { directDial: directDial(rules) }`. */
export function directDial(rules: DialRules): (components: Components) => DirectDial {
  return ({ peerId, transportManager }) => ({
    async dial(told, source, signal, timeout, handshake) {
      rules.takeDial(told, source)
      signal.throwIfAborted()
      using attempt = dialSignal(signal, timeout)
      const refuses = (address: string): QuorumError | undefined => rules.refusesDial(address, source)
      const address = source === 'own-node' ? told : await resolved(told, refuses, attempt.signal)
      const target = multiaddr(address)
      const peer = lastPeer(address)
      if (peer == null || peer === peerId.toString() || transportManager.dialTransportForMultiaddr(target) == null) {
        throw new QuorumError('bad-request', 'That address cannot be dialled')
      }
      return await transportManager.dial(target, {
        signal: attempt.signal,
        onProgress: ({ type }: { type: string }) => {
          if (type === answered && handshake !== undefined) attempt.extend(handshake)
        },
      })
    },
    refuses: (address, source) => rules.refusesDial(address, source),
    listening: () => transportManager.getAddrs().map(String),
    async listen(addresses) {
      await transportManager.listen(addresses.map((address) => multiaddr(address)))
    },
    async stopListening() {
      const sockets = transportManager
        .getListeners()
        .filter((listener) => listener.getAddrs().some((address) => !address.toString().includes('/p2p-circuit')))
      await Promise.all(sockets.map((listener) => listener.close()))
    },
  })
}
