/**
 * Decoders of text, as targets for fuzzing: invites, addresses, names, and the answers of routers and of neighbours on
 * the local network.
 */
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import type MulticastDns from 'multicast-dns'
import { cleanLine, cleanText, openable, pieces } from '../../desktop/text/foreign.ts'
import {
  circuitAddress,
  endpoint,
  hostPart,
  isAddress,
  isPlainTcp,
  isPublic,
  parseAddress,
  relayPeer,
  scopeOf,
  withPeer,
} from '../../protocol/address/address.ts'
import { givenNodeAddress } from '../../protocol/address/given-address.ts'
import { addressesToAnnounce, byNode, nodePeer } from '../../protocol/address/node-addresses.ts'
import { quotaKeys } from '../../protocol/address/quota-key.ts'
import { QuorumError } from '../../protocol/base/errors.ts'
import { limits } from '../../protocol/base/limits.ts'
import { riskOf } from '../../protocol/file/name-risk.ts'
import { numbered, safeComponent, safePaths } from '../../protocol/file/safe-names.ts'
import { createCode, inviteFromLink, inviteToLink } from '../../protocol/identity/invite-link.ts'
import { parseRecipient, splitNote } from '../../protocol/identity/recipient.ts'
import { appearance } from '../../protocol/identity/lookalike.ts'
import { fits } from '../../protocol/net/lan/dns-datagrams.ts'
import { isNearby } from '../../protocol/net/lan/mdns.ts'
import {
  answerFor,
  mayAnswer,
  mayAsk,
  questionFor,
  sealedFor,
  slotAsked,
  slotText,
} from '../../protocol/net/lan/slot-records.ts'
import { answers, maps } from '../../protocol/net/nat/nat-pmp.ts'
import { netLimits } from '../../protocol/net/limits.ts'
import { locationIn, refusalIn, serviceIn } from '../../protocol/net/nat/upnp-igd.ts'
import { addressesFromWire } from '../../protocol/wire/codec.ts'
import { orRefuses, type Target } from './fuzz-target.ts'
import { hostileTexts } from './hostile-texts.ts'
import { alice } from './people.ts'
import * as terminal from '../../scripts/cli/terminal/sanitize.ts'

const peer = alice.peer
const content = { name: 'Alice', token: new Uint8Array(16), expiresAt: 1, nodes: [], addresses: [] }

function text(name: string, seeds: string[], run: (text: string) => void, share = 1): Target {
  return {
    name,
    share,
    seeds: () => seeds.map((one) => Buffer.from(one)),
    run: (bytes) => run(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString()),
  }
}

const relay = `/dns4/node.example.org/tcp/4001/p2p/${peer}`
const addresses = [
  '/ip4/192.0.2.7/tcp/40001',
  '/ip6/2001:db8::1/tcp/4002',
  '/ip6zone/eth0/ip6/fe80::1/tcp/1',
  '/dns6/localhost/tcp/443/tls/ws',
  '/ip4/10.1.2.3/tcp/80/http-path/a%2fb',
  '/unix/a/p2p-circuit',
  relay,
  circuitAddress(relay, peer),
]

/** All that is asked about an address: nothing throws, whatever it is. */
function examine(address: string): void {
  const parsed = parseAddress(address)
  assert.ok(parsed !== undefined || !isAddress(address))
  if (isAddress(address)) assert.ok(address.length <= limits.address && parsed?.family !== undefined)
  assert.ok(['machine', 'link', 'network', 'public'].includes(scopeOf(address)))
  isPublic(address)
  isPlainTcp(address)
  relayPeer(address)
  endpoint(address)
  const host = hostPart(address)
  if (host !== undefined) assert.equal(hostPart(host), host)
  quotaKeys(parsed?.host)
  withPeer(address, peer)
  const lines = address.split('\n')
  addressesToAnnounce([...byNode(lines).values()].map((known) => ({ known, use: 0 })))
  assert.ok(addressesFromWire(lines, limits.addressesTold).every(isAddress))
  orRefuses(() => nodePeer(address))
  orRefuses(() => nodePeer(givenNodeAddress(address)))
}

const names = [
  'Report 2026.tar.gz',
  '../CON:\u202egpj.exe',
  'a/b/../c/.quorum-1/x',
  'Große Übersicht (2).pdf',
  'PROGRA~1.TXT',
  '\u0915\u094d\u200d\u0937 \ud83d\udc68\u200d\ud83d\udc69.png',
  `${'x'.repeat(250)}.docx`,
  `${'d/'.repeat(70)}f`,
  ...hostileTexts.filter(({ length }) => length < 200),
]

function examineName(name: string): void {
  const safe = safeComponent(name)
  for (const one of [safe, numbered(safe, 2)]) {
    assert.ok(one !== '' && one !== '.' && one !== '..' && Buffer.byteLength(one) <= 255 && !/[/\\\0]/.test(one), one)
  }
  assert.equal(safeComponent(safe), safe)
  const paths = name.split('\n')
  const safely = safePaths(paths)
  assert.equal(
    new Set(safely.filter((path) => !path.endsWith('/'))).size,
    paths.filter((path) => !path.endsWith('/')).length,
  )
  riskOf(name)
}

function examineText(shown: string): void {
  for (const cleaned of [cleanText(shown), cleanLine(shown), terminal.cleanText(shown), terminal.cleanLine(shown)]) {
    // oxlint-disable-next-line no-control-regex -- what a terminal acts on
    assert.ok(!/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/u.test(cleaned))
  }
  assert.equal(
    pieces(shown)
      .map((piece) => piece.text)
      .join(''),
    shown,
  )
  for (const piece of pieces(shown)) if ('link' in piece) openable(piece.link)
  appearance(shown)
}

const ssdp = `HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\nLOCATION: http://192.0.2.1:5000/d.xml\r\n\r\n`
const service = (type: string): string =>
  `<service><serviceType>urn:schemas-upnp-org:service:${type}:1</serviceType><controlURL>/ctl/${type}</controlURL></service>`
const described = new URL('http://192.0.2.1:5000/d.xml')

const mapping = Buffer.from('0000000000000000abcd01bb00000e10', 'hex')
const requested = Buffer.from([0, 2])
mapping[1] = 0x82

// The package exports neither; it calls them for each datagram, with the result of its DNS decoder.
const ofMdns = new URL('query.js', import.meta.resolve('@libp2p/mdns'))
const { gotResponse } = (await import(ofMdns.href)) as {
  gotResponse(
    packet: unknown,
    own: string,
    tag: string,
    options: object,
  ): { id: unknown; multiaddrs: Parameters<typeof isNearby>[0][] } | undefined
}
/** The encoder and decoder of the package multicast-dns. */
export const dns = createRequire(createRequire(ofMdns).resolve('multicast-dns'))('dns-packet') as {
  encode(packet: object): Buffer
  decode(bytes: Buffer): MulticastDns.FullPacket
}
const tag = '_quorum._udp.local'
const codeSlot = slotText(new Uint8Array(16).fill(0x5c))
const log = Object.assign(() => undefined, { error: () => undefined, trace: () => undefined })
/** A datagram in which a neighbour announces addresses. */
export const announced = (...data: string[]): Buffer =>
  dns.encode({
    type: 'response',
    answers: [
      { name: tag, type: 'PTR', class: 'IN', ttl: 120, data: `someone.${tag}` },
      ...data.map((address) => ({
        name: `someone.${tag}`,
        type: 'TXT',
        class: 'IN',
        ttl: 120,
        data: `dnsaddr=${address}`,
      })),
    ],
  })

export const texts: Target[] = [
  text(
    'pasted text',
    [inviteToLink(alice, content), createCode(), peer, '@alice_1'],
    (typed) => {
      const recipient = orRefuses(() => parseRecipient(typed))
      orRefuses(() => splitNote(typed))
      if (recipient?.kind === 'handle') assert.match(recipient.handle, limits.handlePattern)
      orRefuses(
        () => inviteFromLink(typed),
        (error) => error instanceof QuorumError && error.code === 'bad-invite',
      )
    },
    0.2,
  ),
  text('addresses', [...addresses, addresses.join('\n')], examine, 0.2),
  text('names of files', [...names, names.slice(0, 4).join('\n')], examineName, 0.1),
  text('text of people', names, examineText, 0.1),
  text('a router that answers a search', [ssdp], (answer) => {
    const location = locationIn(answer, '192.0.2.1')
    if (location !== undefined) assert.equal(`${location.protocol}//${location.hostname}`, 'http://192.0.2.1')
  }),
  text(
    'a router that describes itself',
    [`<root>${service('WANIPConnection')}${service('Layer3Forwarding')}</root>`, service('WANPPPConnection')],
    (description) => {
      const found = serviceIn(description, described)
      if (found !== undefined) assert.equal(found.control.hostname, described.hostname)
    },
  ),
  text(
    'a router that maps a port',
    ['<u:AddPortMappingResponse xmlns:u="x"/>', '<UPnPError><errorCode>718</errorCode></UPnPError>'],
    (answer) => {
      const code = orRefuses(() => refusalIn(answer, 'AddPortMapping'))
      assert.ok(code === undefined || (Number.isSafeInteger(code) && code <= 9999))
    },
  ),
  {
    name: 'a NAT-PMP answer',
    seeds: () => [mapping, mapping.subarray(0, 12)],
    run(bytes) {
      const answer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      if (orRefuses(() => answers(answer, requested)) === true && maps(answer, 0xabcd)) answer.readUInt16BE(10)
    },
  },
  {
    name: 'an mDNS answer',
    share: 0.1,
    seeds: () => [
      announced(`/ip4/192.168.1.7/tcp/4001/p2p/${peer}`),
      announced(`/ip6/fd00::7/tcp/4001/p2p/${peer}`, `/dns4/a.local/tcp/1/p2p/${peer}`),
    ],
    run(bytes) {
      if (!fits(Buffer.from(bytes))) return
      // The package catches whatever its decoder throws.
      const packet = orRefuses(
        () => dns.decode(Buffer.from(bytes)),
        () => true,
      )
      if (packet?.type !== 'response') return
      const found = gotResponse(packet, 'own', tag, { log })
      found?.multiaddrs.filter(isNearby).map(String)
    },
  },
  {
    name: 'a question or an answer for a code in the local network',
    share: 0.5,
    seeds: () => [
      dns.encode({ type: 'query', ...questionFor(codeSlot) }),
      dns.encode({ type: 'response', ...answerFor(codeSlot, new Uint8Array(300).fill(0xa5)) }),
    ],
    run(bytes) {
      const datagram = Buffer.from(bytes)
      const [question, answer] = [mayAsk(datagram), mayAnswer(datagram)]
      if (!question && !answer) return
      assert.ok(question !== answer && datagram.byteLength <= netLimits.dnsDatagram)
      // The package catches whatever its decoder throws.
      const packet = orRefuses(
        () => dns.decode(datagram),
        () => true,
      )
      if (packet === undefined) return
      const asked = slotAsked(packet)
      assert.ok(asked === undefined || /^[0-9a-f]{32}$/u.test(asked))
      const sealed = sealedFor(codeSlot, packet)
      assert.ok(sealed === undefined || sealed.byteLength <= Math.min(limits.parkedInvite, datagram.byteLength))
    },
  },
]
