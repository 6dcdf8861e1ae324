/** The question for a code in the local network and its answer: what is one of them, and in which networks. */
import assert from 'node:assert/strict'
import type { networkInterfaces, NetworkInterfaceInfo } from 'node:os'
import { test } from 'node:test'
import { limits } from '../../../protocol/base/limits.ts'
import { isIn, lanNetworks } from '../../../protocol/net/lan/lan-networks.ts'
import {
  answerFor,
  mayAnswer,
  mayAsk,
  questionFor,
  sealedFor,
  slotAsked,
  slotText,
} from '../../../protocol/net/lan/slot-records.ts'
import { netLimits } from '../../../protocol/net/limits.ts'
import { announced, dns } from '../../support/text-decoders.ts'

const slot = slotText(new Uint8Array(16).fill(0xa7))
const other = slotText(new Uint8Array(16))
const question = dns.encode({ type: 'query', ...questionFor(slot) })
const answer = (sealed: Uint8Array): Buffer => dns.encode({ type: 'response', ...answerFor(slot, sealed) })

test('a question is for its slot, and is nothing else', () => {
  assert.ok(mayAsk(question) && !mayAnswer(question))
  assert.equal(slotAsked(dns.decode(question)), slot)
  assert.ok(question.byteLength < 100, `${question.byteLength} bytes`)
  for (const [name, type] of [
    [`${slot}.${slot}._quorum-code._udp.local`, 'TXT'],
    [`${slot.slice(1)}._quorum-code._udp.local`, 'TXT'],
    [`${slot}._quorum._udp.local`, 'TXT'],
    ['_quorum-code._udp.local', 'PTR'],
    [`${slot}._quorum-code._udp.local`, 'ANY'],
  ] as const) {
    assert.equal(slotAsked(dns.decode(dns.encode({ type: 'query', questions: [{ name, type }] }))), undefined, name)
  }
  assert.equal(slotAsked({ questions: [] }), undefined)
})

for (const length of [41, 254, 255, 256, 700, limits.parkedInvite]) {
  test(`an answer of ${length} bytes is what was sealed, and for its slot only`, () => {
    const sealed = Buffer.alloc(length, 0xfe)
    const datagram = answer(sealed)
    assert.ok(mayAnswer(datagram) && !mayAsk(datagram))
    assert.ok(datagram.byteLength <= netLimits.dnsDatagram)
    assert.deepEqual(sealedFor(slot, dns.decode(datagram)), sealed)
    assert.equal(sealedFor(other, dns.decode(datagram)), undefined)
  })
}

test('what is longer, has more in it, or is of other programs is not decoded', () => {
  const long = answer(Buffer.alloc(limits.parkedInvite + 1))
  assert.ok(!mayAnswer(long))
  assert.equal(sealedFor(slot, dns.decode(long)), undefined)
  assert.ok(!mayAnswer(announced('/ip4/192.168.1.7/tcp/4001')))
  assert.ok(!mayAsk(Buffer.concat([question, Buffer.alloc(1)])))
  assert.ok(!mayAsk(question.subarray(0, 11)) && !mayAnswer(Buffer.alloc(0)))
  const twice = { questions: [questionFor(slot).questions[0], questionFor(other).questions[0]] }
  assert.ok(!mayAsk(dns.encode({ type: 'query', ...twice })))
  const { answers } = answerFor(slot, Buffer.alloc(41))
  assert.ok(!mayAnswer(dns.encode({ type: 'response', answers: [...answers, ...answers] })))
  assert.ok(!mayAnswer(dns.encode({ type: 'response', answers, additionals: answers })))
})

test('codes are asked for in networks of wires and radio with private addresses, else on loopback', () => {
  const one = (address: string, prefix: number, mac: string, internal = false): NetworkInterfaceInfo => ({
    ...({ address, cidr: `${address}/${prefix}`, mac, internal, netmask: '' } as const),
    ...(address.includes(':') ? { family: 'IPv6', scopeid: 0 } : { family: 'IPv4' }),
  })
  const interfaces: typeof networkInterfaces = () => ({
    lo: [one('127.0.0.1', 8, '00:00:00:00:00:00', true)],
    wlan0: [one('192.168.1.7', 24, '02:fc:00:00:00:01'), one('fd00::7', 64, '02:fc:00:00:00:01')],
    eth0: [one('5.5.5.5', 24, '02:fc:00:00:00:02')],
    tun0: [one('10.8.0.2', 24, '00:00:00:00:00:00')],
  })
  const [network, ...others] = lanNetworks(false, interfaces)
  assert.deepEqual([network, others], [{ address: '192.168.1.7', prefix: 24 }, []])
  assert.deepEqual(lanNetworks(true, interfaces), [{ address: '127.0.0.1', prefix: 8 }])
  assert.ok(network !== undefined && isIn(network, '192.168.1.200') && !isIn(network, '192.168.2.1'))
  assert.ok(network !== undefined && !isIn(network, 'fd00::9') && !isIn(network, ''))
})
