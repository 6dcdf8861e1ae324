/** Codec of /libp2p/dcutr (libp2p/specs, relay/DCUtR.md): its two messages, and which received addresses are used. */
import { QuorumError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { binaryAddressesFromWire, binaryAddressesToWire, decode, encode } from './codec.ts'
import { HolePunch_Type, HolePunchSchema } from './dcutr_pb.ts'

export type Punch =
  /** Observed addresses of the sender's port. `localPort`: that port on the sender's machine, 0 if not announced. */
  { kind: 'connect'; addresses: string[]; localPort: number } | { kind: 'sync' }

export function punchToWire(punch: Punch): Uint8Array {
  if (punch.kind === 'sync') return encode(HolePunchSchema, { type: HolePunch_Type.SYNC })
  return encode(HolePunchSchema, {
    type: HolePunch_Type.CONNECT,
    observedAddresses: binaryAddressesToWire(punch.addresses),
    localPort: punch.localPort,
  })
}

/** Addresses that are malformed, or no TCP addresses, are dropped. Errors: `bad-request`. */
export function punchFromWire(bytes: Uint8Array): Punch {
  const { type, observedAddresses, localPort } = decode(HolePunchSchema, bytes)
  if (type === HolePunch_Type.SYNC) return { kind: 'sync' }
  if (type !== HolePunch_Type.CONNECT) throw new QuorumError('bad-request', 'A hole punch message has no known type')
  return { kind: 'connect', addresses: binaryAddressesFromWire(observedAddresses, limits.addressesTold), localPort }
}
