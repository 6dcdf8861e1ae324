/** What is signed in groups: read as it was written, and refused where somebody else wrote it, or for another group. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  endsToSign,
  readDecision,
  readEntry,
  signConsent,
  signDecision,
  signEntry,
} from '../../../protocol/group/signed.ts'
import { inOrder, type Entry } from '../../../protocol/group/entry.ts'
import { randomBytes, sign } from '../../../protocol/identity/identity.ts'
import { signedFromWire, signedToWire } from '../../../protocol/wire/codec.ts'
import {
  decisionFromWire,
  decisionToWire,
  type ActionContent,
  type EntryContent,
} from '../../../protocol/wire/group.ts'
import { wireLimits } from '../../../protocol/wire/limits.ts'
import { alice, bob } from '../../support/people.ts'
import { refused } from '../../support/refused.ts'

const nothing = new Uint8Array()
const time = Date.UTC(2026, 0, 1)
const founding = signDecision(alice, {
  group: nothing,
  heads: [],
  lamport: 1,
  time,
  action: { kind: 'found', name: 'Newsroom', salt: randomBytes(16) },
})
const group = founding.hash
const bytes = (text: string): Uint8Array => Buffer.from(text, 'hex')
const decides = (action: ActionContent) =>
  signDecision(alice, { group: bytes(group), heads: [bytes(group)], lamport: 2, time, action })
const says = (more: Partial<EntryContent> = {}) =>
  signEntry(bob, {
    group: bytes(group),
    admission: bytes(group),
    mark: new Uint8Array(16),
    sequence: 1,
    previous: nothing,
    ledger: [bytes(group)],
    lamport: 3,
    time,
    id: '01890a5d-ac96-774b-bcce-000000000001',
    content: { kind: 'text', text: 'Hello' },
    ...more,
  })

test('a founding names its group; everything else belongs to one', () => {
  const { hash, author, kind, heads } = readDecision(founding.signed, '')
  assert.deepEqual([hash, author, kind, heads], [group, alice.peer, 'found', []])
  assert.equal(readDecision(founding.signed, group).hash, group)
  assert.throws(() => readDecision(founding.signed, 'ab'.repeat(32)), refused('verification-failed'))
  const role = decides({ kind: 'role', member: bob.publicKey, rank: 1 })
  assert.deepEqual(role.heads, [group])
  assert.throws(() => readDecision(role.signed, 'ab'.repeat(32)), refused('verification-failed'))
})

test('an addition has the consent of the very member to that very group', () => {
  const invitation = randomBytes(16)
  const added = decides({ kind: 'add', consent: signConsent(bob, group, invitation), from: [] })
  assert.ok(added.kind === 'add')
  assert.deepEqual([added.member, added.invitation], [bob.peer, Buffer.from(invitation).toString('hex')])
  const elsewhere = signConsent(bob, 'ab'.repeat(32), invitation)
  assert.throws(() => decides({ kind: 'add', consent: elsewhere, from: [] }), refused('verification-failed'))
  const forged = { ...signConsent(alice, group, invitation), publicKey: bob.publicKey }
  assert.throws(() => decides({ kind: 'add', consent: forged, from: [] }), refused('verification-failed'))
})

test('what another one has signed, or signed for another purpose, is refused', () => {
  const content = decisionFromWire(
    signedFromWire(decides({ kind: 'role', member: bob.publicKey, rank: 1 }).signed).payload,
  )
  const byBob = signedToWire(sign(bob, 'quorum-decision', decisionToWire(content)))
  assert.throws(() => readDecision(byBob, group), refused('verification-failed'))
  const asTalk = signedToWire(sign(alice, 'quorum-talk', decisionToWire(content)))
  assert.throws(() => readDecision(asTalk, group), refused('verification-failed'))
  assert.throws(() => readEntry(founding.signed, group), refused('verification-failed'))
})

test('removals and departures say up to where chains count; of a chain named twice the larger sequence', () => {
  const chain = 'cd'.repeat(32)
  const ends = new Map([[chain, { sequence: 7, hash: 'ef'.repeat(32) }]])
  const twice = [...endsToSign(ends), ...endsToSign(new Map([[chain, { sequence: 5, hash: '01'.repeat(32) }]]))]
  const removal = decides({ kind: 'remove', member: bob.publicKey, upTo: twice, undo: [bytes(group)] })
  assert.ok(removal.kind === 'remove')
  assert.deepEqual([removal.upTo, removal.undo, removal.member], [ends, [group], bob.peer])
  const departure = decides({ kind: 'leave', upTo: endsToSign(ends) })
  assert.deepEqual(departure.kind === 'leave' && departure.upTo, ends)
  const many = Array.from({ length: wireLimits.chainEnds + 1 }, (_, sequence) => {
    return { chain: bytes(chain), sequence, hash: bytes(chain) }
  })
  assert.throws(() => decides({ kind: 'leave', upTo: many }), refused('too-large'))
})

test('an entry is of its author’s chain; another mark or admission is another chain', () => {
  const entry = says()
  assert.deepEqual([entry.author, entry.content], [bob.peer, { kind: 'text', text: 'Hello' }])
  const chains = [
    says(),
    says({ lamport: 9 }),
    says({ mark: randomBytes(16) }),
    says({ admission: bytes('ab'.repeat(32)) }),
  ]
  assert.equal(new Set(chains.map((one) => one.chain)).size, 3)
  assert.throws(() => says({ sequence: 0 }), refused('bad-request'))
  assert.throws(() => says({ previous: bytes(group) }), refused('bad-request'))
  assert.throws(() => says({ ledger: Array<Uint8Array>(129).fill(bytes(group)) }), refused('too-large'))
})

test('everybody shows what was said in the same order', () => {
  const entry = (lamport: number, author: string, chain: string, sequence: number) =>
    ({ ...says(), lamport, author, chain, sequence }) satisfies Entry
  const ordered = [
    entry(1, 'b', 'c', 5),
    entry(2, 'a', 'd', 1),
    entry(2, 'a', 'e', 1),
    entry(2, 'a', 'e', 2),
    entry(2, 'b', 'a', 1),
    entry(10, 'a', 'a', 1),
  ]
  assert.deepEqual(ordered.toReversed().toSorted(inOrder), ordered)
})
