/** Invite links, codes to read aloud, and the ways in which a person can name a peer. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sign } from '../../../protocol/identity/identity.ts'
import {
  createCode,
  inviteFromLink,
  inviteToLink,
  looksLikeCode,
  ParkedInvite,
  parseCode,
} from '../../../protocol/identity/invite-link.ts'
import { limits } from '../../../protocol/base/limits.ts'
import { binaryAddressesToWire, encode, signedToWire } from '../../../protocol/wire/codec.ts'
import { inviteFromWire, inviteToWire } from '../../../protocol/wire/contact.ts'
import { InviteSchema } from '../../../protocol/wire/quorum_pb.ts'
import { alice, bob } from '../../support/people.ts'
import { refused } from '../../support/refused.ts'

const content = {
  name: 'Alice',
  nodes: ['/dns4/node.example.org/tcp/4001'],
  addresses: ['/ip4/192.0.2.1/tcp/4002'],
  token: new Uint8Array(16).fill(7),
  expiresAt: 1_800_000_000_000,
}
const link = inviteToLink(alice, content)

test('a link contains its author’s data and identity', () => {
  const invite = inviteFromLink(`  ${link}\n`)
  assert.deepEqual({ ...invite, token: new Uint8Array(invite.token) }, { ...content, peer: alice.peer })
})

test('a link with one node and one address has less than 300 characters', () => {
  const short = inviteToLink(alice, {
    ...content,
    nodes: [`/dns4/node.example.org/tcp/4001/p2p/${bob.peer}`],
    addresses: ['/ip4/192.0.2.1/tcp/4002'],
  })
  assert.ok(short.length < 300, `${short.length} characters`)
})

test('links of earlier versions have their addresses as text', () => {
  const { name, token, nodes, addresses } = content
  const payload = encode(InviteSchema, { name, token, nodes, addresses, expiresAt: BigInt(content.expiresAt) })
  const earlier = signedToWire(sign(alice, 'quorum-invite', payload))
  const invite = inviteFromLink(`quorum://add/${Buffer.from(earlier).toString('base64url')}`)
  assert.deepEqual({ ...invite, token: new Uint8Array(invite.token) }, { ...content, peer: alice.peer })
})

test('of a link, malformed addresses are dropped and lists are cut', () => {
  const { name, token } = content
  const good = binaryAddressesToWire(content.nodes)
  const binaryNodes = [new Uint8Array(), Buffer.from([0xff, 0xff]), ...good, new Uint8Array(100_000)]
  const binaryAddresses = Array.from({ length: 30 }, () => binaryAddressesToWire(content.addresses)).flat()
  const fields = { name, token, binaryNodes: binaryNodes.slice(0, 3), binaryAddresses, expiresAt: 1n }
  assert.deepEqual(inviteFromWire(encode(InviteSchema, fields)).nodes, content.nodes)
  assert.deepEqual(inviteFromWire(encode(InviteSchema, { ...fields, binaryNodes })).nodes, content.nodes)
  assert.equal(inviteFromWire(encode(InviteSchema, fields)).addresses.length, limits.addressesTold)
})

test('the largest link fits its limit', () => {
  const address = `/dns4/${'a'.repeat(60)}.example.org/tcp/65535/wss/p2p/${alice.peer}`
  const largest = inviteToLink(alice, {
    ...content,
    name: '世'.repeat(limits.nameCharacters),
    nodes: Array<string>(limits.nodesTold).fill(address),
    addresses: Array<string>(limits.addressesTold).fill('/ip6/2001:db8:1111:2222:3333:4444:5555:6666/tcp/65535'),
  })
  assert.ok(largest.length <= limits.inviteLink, `${largest.length} characters`)
})

test('a link is refused wherever it is damaged, or says the very same', () => {
  const scheme = 'quorum://add/'.length
  for (let at = scheme; at < link.length - 1; at += 1) {
    const letter = link[at] === 'A' ? 'B' : 'A'
    const damaged = link.slice(0, at) + letter + link.slice(at + 1)
    try {
      // The decoder does not look at the type of a field whose number it knows.
      assert.deepEqual(inviteFromLink(damaged), inviteFromLink(link))
    } catch (error) {
      if (!refused('bad-invite')(error)) throw error
    }
  }
  assert.throws(() => inviteFromLink(link.slice(0, -5)), refused('bad-invite'))
  assert.throws(() => inviteFromLink('quorum://add/'), refused('bad-invite'))
  assert.throws(() => inviteFromLink(link + 'A'.repeat(limits.inviteLink)), refused('bad-invite'))
})

test('data that its author signed for another purpose is no invite', () => {
  const record = signedToWire(sign(alice, 'quorum-record', inviteToWire(content)))
  const forged = `quorum://add/${Buffer.from(record).toString('base64url')}`
  assert.throws(() => inviteFromLink(forged), refused('bad-invite'))
})

test('a code is ten letters that cannot be confused, and no two codes are equal', () => {
  const codes = Array.from({ length: 200 }, createCode)
  for (const code of codes) assert.match(code, /^[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}$/)
  assert.equal(new Set(codes).size, codes.length)
  const letters = new Set(codes.join('').replaceAll('-', ''))
  assert.equal(letters.size, 32, 'all of the alphabet is used')
})

test('a code is accepted in the forms that people type', () => {
  for (const typed of ['K7QF2-M9XT1', 'k7qf2m9xt1', ' K7QF2 M9XTl ', 'k7q-f2m-9xt-i']) {
    assert.equal(parseCode(typed), 'K7QF2-M9XT1', typed)
  }
  assert.equal(parseCode('OOOOOOOOOO'), '00000-00000')
  for (const typed of ['', 'K7QF2-M9XT', 'K7QF2-M9XT11', 'K7QF2-M9XTU', 'K7QF2-M9XT!']) {
    assert.equal(parseCode(typed), undefined, typed)
  }
})

test('a code always leads to the same slot, and opens the invite parked under it', async () => {
  const parked = await ParkedInvite.fromCode('K7QF2-M9XT1')
  assert.equal(Buffer.from(parked.slot).toString('hex'), 'e7ad5efccdc04920615a440315e4513d')
  assert.equal(Buffer.from(parked.lanSlot).toString('hex'), 'e7d2804554542a61265a3af453d0f45f')
  const sealed = parked.seal(link)
  assert.ok(sealed.byteLength <= limits.parkedInvite)
  assert.ok(!Buffer.from(sealed).includes(link.slice(20, 40)))
  assert.equal((await ParkedInvite.fromCode('K7QF2-M9XT1')).open(sealed), link)

  const other = await ParkedInvite.fromCode('K7QF2-M9XT2')
  assert.notDeepEqual(other.slot, parked.slot)
  assert.throws(() => other.open(sealed), refused('bad-invite'))
  assert.throws(() => parked.open(sealed.subarray(0, -1)), refused('bad-invite'))
  assert.throws(() => parked.open(new Uint8Array(10)), refused('bad-invite'))
  assert.throws(() => parked.open(new Uint8Array()), refused('bad-invite'))
})

test('what looks like a code is told from names', () => {
  const codes = [
    'K7QF2-M9XT1',
    'k7qf2m9xt1',
    'k7qf2.m9xt',
    'K7QF2_M9XT1A',
    'k7qf2 m9xtu',
    'K7QF-M9XT',
    'abcde-fghj',
    'k7qf2m9xt',
  ]
  for (const text of codes) assert.ok(looksLikeCode(text), text)
  const names = [
    'alice',
    'alice_1',
    'alice2024',
    'bob.of-york',
    'annabelle.handle',
    'alexander',
    'a-b_c.9',
    '@k7qf2m9xt',
    'k7q',
    'k7qf2m9xt1234',
  ]
  for (const text of names) assert.ok(!looksLikeCode(text), text)
})
