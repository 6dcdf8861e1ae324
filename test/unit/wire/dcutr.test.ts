/** Hole punch messages: DCUtR's bytes, and which addresses of a list are used. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { multiaddr } from '@multiformats/multiaddr'
import { limits } from '../../../protocol/base/limits.ts'
import { encode } from '../../../protocol/wire/codec.ts'
import { HolePunch_Type, HolePunchSchema } from '../../../protocol/wire/dcutr_pb.ts'
import { punchFromWire, punchToWire } from '../../../protocol/wire/dcutr.ts'

const address = '/ip4/5.5.5.2/tcp/4001'

test('a message is decoded as it was encoded', () => {
  const connect = { kind: 'connect', addresses: [address, '/ip6/2a00::1/tcp/7'], localPort: 4001 } as const
  assert.deepEqual(punchFromWire(punchToWire({ ...connect, addresses: [...connect.addresses] })), connect)
  assert.deepEqual(punchFromWire(punchToWire({ kind: 'sync' })), { kind: 'sync' })
})

test('the bytes are those of the specification of DCUtR', () => {
  const bytes = [...multiaddr(address).bytes]
  // Field 1: type CONNECT, 100. Field 2: an address.
  const connect = [0x08, 100, 0x12, bytes.length, ...bytes]
  assert.deepEqual([...punchToWire({ kind: 'connect', addresses: [address], localPort: 0 })], connect)
  // SYNC, 300.
  assert.deepEqual([...punchToWire({ kind: 'sync' })], [0x08, 0xac, 0x02])
  assert.deepEqual(punchFromWire(Uint8Array.from(connect)), { kind: 'connect', addresses: [address], localPort: 0 })
})

test('invalid addresses and addresses other than TCP are dropped; of many only some are examined', () => {
  const of = (observedAddresses: Uint8Array[]): unknown =>
    punchFromWire(encode(HolePunchSchema, { type: HolePunch_Type.CONNECT, observedAddresses }))
  const odd = [
    new Uint8Array(),
    Uint8Array.of(255, 255),
    multiaddr('/ip4/5.5.5.2/udp/1/quic-v1').bytes,
    multiaddr('/unix/tmp').bytes,
    multiaddr(`/dns4/${'a'.repeat(limits.address)}/tcp/1`).bytes,
  ]
  assert.deepEqual(of([...odd, multiaddr(address).bytes]), { kind: 'connect', addresses: [address], localPort: 0 })
  const many = Array.from({ length: 200 }, () => multiaddr(address).bytes)
  assert.deepEqual(of(many), {
    kind: 'connect',
    addresses: Array.from({ length: limits.addressesTold }, () => address),
    localPort: 0,
  })
})

test('a message of no known type is refused', () => {
  for (const bytes of [[], [0x08, 0], [0x08, 101], [0xff]]) {
    assert.throws(() => punchFromWire(Uint8Array.from(bytes)), { code: 'bad-request' })
  }
})
