/**
 * Decoders of messages, as targets for fuzzing: protocol/wire, and what opens the sealed ones. What they accept can be
 * encoded, and that decodes to the same.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { blake3 } from '@napi-rs/blake-hash'
import { Envelopes, sealEnvelope } from '../../protocol/friend/envelopes.ts'
import { ParkedInvite, inviteToLink } from '../../protocol/identity/invite-link.ts'
import { SealingKeys } from '../../protocol/identity/sealing.ts'
import { openMemoryStore } from '../../protocol/store/memory.ts'
import {
  mailboxFrameFromWire,
  mailboxFrameToWire,
  mailboxRequestFromWire,
  mailboxRequestToWire,
} from '../../protocol/wire/mailbox.ts'
import { bodyFromWire, bodyToWire, chatFrameFromWire, chatFrameToWire } from '../../protocol/wire/chat.ts'
import {
  decode,
  encode,
  sealingKeyFromWire,
  sealingKeyToWire,
  signedFromWire,
  signedToWire,
} from '../../protocol/wire/codec.ts'
import {
  contactFromWire,
  contactToWire,
  inviteFromWire,
  inviteToWire,
  recordFromWire,
  recordToWire,
  sealedFromWire,
  sealedToWire,
} from '../../protocol/wire/contact.ts'
import { parcelFromWire, parcelToWire, sealedParcelFromWire, sealedParcelToWire } from '../../protocol/wire/parcel.ts'
import {
  cardFromWire,
  cardToWire,
  invitationFromWire,
  invitationToWire,
  joiningFromWire,
  joiningToWire,
} from '../../protocol/wire/group-card.ts'
import { groupFrameFromWire, groupFrameToWire } from '../../protocol/wire/group-frame.ts'
import { groupParcelFromWire, groupParcelToWire } from '../../protocol/wire/group-parcel.ts'
import {
  consentFromWire,
  consentToWire,
  decisionFromWire,
  decisionToWire,
  entryFromWire,
  entryToWire,
} from '../../protocol/wire/group.ts'
import { punchFromWire, punchToWire } from '../../protocol/wire/dcutr.ts'
import { frameFromWire, frameToWire, requestFromWire, requestToWire } from '../../protocol/wire/directory.ts'
import { chunkHeaderFromWire, chunkHeaderToWire, fileFrameFromWire, fileFrameToWire } from '../../protocol/wire/file.ts'
import {
  manifestOf,
  newsFromWire,
  newsToWire,
  offerFromWire,
  offerHeadFromWire,
  offerToWire,
} from '../../protocol/wire/offer.ts'
import { FriendAckSchema, SealingKeySchema } from '../../protocol/wire/quorum_pb.ts'
import { goldens } from '../fixtures/wire.ts'
import { envelope } from './envelopes.ts'
import { assertBounded, orRefuses, type Target } from './fuzz-target.ts'
import { alice, bob } from './people.ts'

/**
 * Decoders of protocol/wire that take fields of a decoded message: they run with the messages that contain them. Each
 * other one is the name of a target.
 */
export const ofFields = [
  'addressesFromWire',
  'binaryAddressesFromWire',
  'bytesFromWire',
  'contentFromWire',
  'errorFromWire',
  'helloFromWire',
  'numberFromWire',
  'peerAddressFromWire',
  'textFromWire',
  'timeFromWire',
]

/** Stored bytes of wire.ts that `fromWire` decodes. */
function stored(fromWire: (bytes: Uint8Array) => unknown): Uint8Array[] {
  return Object.values(goldens)
    .filter(({ decode }) => decode === fromWire)
    .map(({ encode }) => encode())
}

/** `toWire`: undefined for a value that only a later version can encode. */
function codec<T>(
  fromWire: (bytes: Uint8Array) => T,
  toWire: (value: T) => Uint8Array | undefined,
  seeds = () => stored(fromWire),
  name = fromWire.name,
): Target {
  return {
    name,
    seeds,
    run(bytes) {
      const value = orRefuses(() => fromWire(bytes))
      if (value === undefined) return
      assertBounded(value, bytes.byteLength)
      const encoded = toWire(value)
      // As bytes: comparing values takes longer than all the rest.
      if (encoded !== undefined) assert.ok(Buffer.from(toWire(fromWire(encoded)) ?? []).equals(encoded))
    },
  }
}

const address = '/ip4/192.0.2.7/tcp/40001'
const store = openMemoryStore()
const sealing = new SealingKeys(bob, store, Date.now)
await sealing.prepare()
const forHybridKey = await sealEnvelope(randomBytes(300), bob.peer, sealing.current())
const envelopes = new Envelopes({
  identity: bob,
  store,
  sealing,
  now: Date.now,
  name: () => 'Bob',
  peerAddress: () => ({ nodes: [], addresses: [] }),
})
const link = inviteToLink(alice, { name: 'Alice', token: new Uint8Array(16), expiresAt: 1, nodes: [], addresses: [] })
const sealingKey = { publicKey: new Uint8Array(32).fill(5), expiresAt: 1e12 }
const parked = await ParkedInvite.fromCode('K7QF2-M9XTD')
const entries = [
  { path: 'a/b.txt', size: 5, modified: 1 },
  { path: 'empty/', size: 0, modified: 0 },
]
const { offer, manifest } = offerToWire('01890a5d-ac96-774b-bcce-b302099a8057', '', entries)
const offered = offerFromWire(offer)

/** Of bodies, with what they contain. */
function transferBytes(kind: 'offer' | 'news'): Uint8Array[] {
  return stored(bodyFromWire).flatMap((bytes) => {
    const { content } = bodyFromWire(bytes)
    return content.kind === kind ? [content.bytes] : []
  })
}

export const messages: Target[] = [
  codec(chatFrameFromWire, (frame) => (frame.kind === 'unknown' ? undefined : chatFrameToWire(frame))),
  codec(bodyFromWire, ({ content, ...body }) =>
    content.kind === 'unknown' ? undefined : bodyToWire({ ...body, content }),
  ),
  codec(signedFromWire, signedToWire),
  codec(
    (bytes) => sealingKeyFromWire(decode(SealingKeySchema, bytes)),
    (key) => key && encode(SealingKeySchema, sealingKeyToWire(key)),
    () =>
      [sealingKey, { ...sealingKey, hybridKey: randomBytes(1216) }].map((key) =>
        encode(SealingKeySchema, sealingKeyToWire(key)),
      ),
    sealingKeyFromWire.name,
  ),
  codec(inviteFromWire, inviteToWire),
  codec(recordFromWire, recordToWire),
  codec(contactFromWire, contactToWire),
  codec(sealedFromWire, sealedToWire),
  codec(parcelFromWire, parcelToWire),
  codec(decisionFromWire, decisionToWire),
  codec(consentFromWire, consentToWire),
  codec(entryFromWire, entryToWire),
  codec(invitationFromWire, invitationToWire),
  codec(joiningFromWire, joiningToWire),
  codec(cardFromWire, cardToWire),
  codec(groupParcelFromWire, groupParcelToWire),
  codec(groupFrameFromWire, (frame) => (frame.kind === 'unknown' ? undefined : groupFrameToWire(frame))),
  codec(sealedParcelFromWire, sealedParcelToWire),
  codec(requestFromWire, ({ id, call }) => call && requestToWire(id, call)),
  codec(frameFromWire, (frame) => frame && frameToWire(frame)),
  codec(mailboxRequestFromWire, ({ id, call }) => call && mailboxRequestToWire(id, call)),
  codec(mailboxFrameFromWire, (frame) => frame && mailboxFrameToWire(frame)),
  codec(fileFrameFromWire, (frame) => (frame.kind === 'unknown' ? undefined : fileFrameToWire(frame))),
  codec(chunkHeaderFromWire, chunkHeaderToWire, () =>
    ['chunk', 'a chunk of zeros', 'no chunk'].flatMap((name) => goldens[name]?.encode() ?? []),
  ),
  codec(newsFromWire, newsToWire, () => [...stored(newsFromWire), ...transferBytes('news')]),
  codec(
    offerFromWire,
    // One with more files than it lists is not encoded from them; a sum beyond 2^53 is refused when it is needed.
    ({ transfer, note, first, count }) =>
      count === first.length ? orRefuses(() => offerToWire(transfer, note, first).offer) : undefined,
    () => [...transferBytes('offer'), offer],
  ),
  {
    name: offerHeadFromWire.name,
    seeds: () => [...transferBytes('offer'), offer],
    run(bytes) {
      const head = orRefuses(() => offerHeadFromWire(bytes))
      if (head === undefined) return
      assertBounded(head, bytes.byteLength)
      const whole = orRefuses(() => offerFromWire(bytes))
      if (whole === undefined) return
      const { first: _, ...rest } = whole
      const digest = (one: Uint8Array): string => Buffer.from(one).toString('hex')
      assert.deepEqual(
        { ...head, manifestDigest: digest(head.manifestDigest) },
        { ...rest, manifestDigest: digest(rest.manifestDigest) },
      )
    },
  },
  codec(punchFromWire, punchToWire, () => [
    punchToWire({ kind: 'sync' }),
    punchToWire({ kind: 'connect', addresses: [address, '/ip6/2001:db8::1/tcp/9'], localPort: 4001 }),
  ]),
  {
    name: 'manifestOf',
    seeds: () => [manifest],
    run(bytes) {
      // Who damages a manifest offers the damaged one.
      const digests = { manifestLength: bytes.byteLength, manifestDigest: blake3(Buffer.from(bytes)) }
      const found = orRefuses(() => manifestOf({ ...offered, ...digests }, bytes))
      assertBounded(found, bytes.byteLength)
    },
  },
  {
    name: 'an offer and its manifest',
    seeds: () => [offer],
    run(bytes) {
      const found = orRefuses(() => manifestOf(offerFromWire(bytes)))
      assert.ok(found === undefined || found.length > 0)
    },
  },
  {
    name: 'an answer to an envelope',
    seeds: () => [encode(FriendAckSchema, { accepted: true }), encode(FriendAckSchema, { accepted: false })],
    run: (bytes) => void orRefuses(() => decode(FriendAckSchema, bytes)),
  },
  {
    name: 'an envelope, to its content',
    share: 0.05,
    seeds: () => [envelope(alice, bob.peer), envelope(alice, bob.peer, { kind: 'answer' }), forHybridKey],
    // It refuses with undefined: nothing is allowed to be thrown.
    run: (bytes) => envelopes.open(bytes),
  },
  {
    name: 'a parked invite',
    share: 0.2,
    seeds: () => [parked.seal(link)],
    run: (bytes) => void orRefuses(() => parked.open(bytes)),
  },
]
