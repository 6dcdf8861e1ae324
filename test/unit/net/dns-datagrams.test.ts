/** Datagrams of multicast DNS that say they contain more than they do never reach the decoder, which believes them. */
import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:dgram'
import { test } from 'node:test'
import type { Logger } from '@libp2p/interface'
import type { AddressManager, TransportManager } from '@libp2p/interface-internal'
import { peerIdFromString } from '@libp2p/peer-id'
import { fits, guardSocketOf } from '../../../protocol/net/lan/dns-datagrams.ts'
import { mdns } from '../../../protocol/net/lan/mdns.ts'
import { alice, bob } from '../../support/people.ts'
import { announced } from '../../support/text-decoders.ts'

const address = '/ip4/192.168.1.7/tcp/4001'
const genuine = announced(`${address}/p2p/${bob.peer}`)
/** Found by fuzzing: each of the records after its end is decoded as an empty one. */
const lying = Buffer.from(
  '000080000000ffffffff6f6e65075f71756f72756d045f756470056c6f63616c00001000e65e036b68e2064e0100000078001c07736f6d656f6e65075f7c756f72756d04',
  'hex',
)

test('a datagram that is shorter than its counts, or longer than allowed, does not fit', () => {
  assert.ok(fits(genuine))
  assert.ok(fits(Buffer.alloc(12)))
  assert.ok(!fits(lying))
  assert.ok(!fits(Buffer.alloc(11)))
  assert.ok(!fits(Buffer.alloc(9001)))
})

test('the socket of multicast DNS is guarded: genuine datagrams pass, lying ones are dropped', async () => {
  const sockets: Socket[] = []
  const remember = (message: unknown): void => void sockets.push((message as { socket: Socket }).socket)
  let decoded = 0
  const log = Object.assign(() => undefined, {
    enabled: true,
    error: () => undefined,
    trace: (text: string) => void (decoded += Number(text === 'received mDNS query response')),
  }) as unknown as Logger
  const found: unknown[] = []
  subscribe('udp.socket', remember)
  const end = await mdns()({
    peerId: peerIdFromString(alice.peer),
    transportManager: { getAddrs: () => [] } as unknown as TransportManager,
    addressManager: { getAddresses: () => [] } as unknown as AddressManager,
    logger: { forComponent: () => log },
  }).listen((peer, addresses) => found.push([peer, addresses]))
  unsubscribe('udp.socket', remember)
  try {
    const [socket] = sockets
    const from = { address: '192.168.1.7', port: 5353 }
    socket?.emit('message', lying, from)
    assert.equal(decoded, 0)
    socket?.emit('message', genuine, from)
    assert.equal(decoded, 1)
    assert.deepEqual(found, [[bob.peer, [address]]])
  } finally {
    await end()
  }
})

test('a version that opens no socket, or another way, is reported', () => {
  assert.throws(() => guardSocketOf(() => undefined), /cannot be guarded/)
})
