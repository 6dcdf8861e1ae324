/**
 * Codec of the parts of a transfer that are chat messages (docs/protocol.md): the offer, with the manifest or its
 * beginning, and status updates (`news` on the wire). Sizes and counts are checked against base/limits.ts and against
 * each other. Which paths are safe on this machine is decided where files are created (file/safe-names.ts).
 */
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire'
import { blake3 } from '@napi-rs/blake-hash'
import { isErrorCode, QuorumError, type ErrorCode } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { wireLimits } from './limits.ts'
import { bytesFromWire, decode, encode, numberFromWire, textFromWire, timeFromWire, timeToWire } from './codec.ts'
import {
  ManifestEntrySchema,
  ManifestSchema,
  OfferSchema,
  TransferNewsSchema,
  type LeftOut as WireLeftOut,
  type ManifestEntry as WireEntry,
  type Offer as WireOffer,
} from './quorum_pb.ts'
import { entriesFromBits, entriesToBits } from './entry-bits.ts'
import { uuidFromBytes, uuidToBytes } from './uuid.ts'

export interface ManifestEntry {
  /** Relative, components separated by slashes; an empty folder ends with one. Foreign text. */
  path: string
  /** Bytes. */
  size: number
  /** Milliseconds since the epoch. */
  modified: number
}

const leftOutReasons = ['unreadable', 'name', 'size', 'link', 'special'] as const

/** What is within a folder that was chosen, and could not be offered. */
export interface LeftOut {
  /** As in `ManifestEntry`. Foreign text. */
  path: string
  /** It cannot be read; its name is no text; it does not tell its size; it is a link; a pipe, socket or device. */
  why: (typeof leftOutReasons)[number]
}

export interface Offer {
  /** UUID of the transfer. */
  transfer: string
  note: string
  /** Of all files together. */
  bytes: number
  /** Entries of the manifest, and its length in bytes and digest. */
  count: number
  manifestLength: number
  manifestDigest: Uint8Array
  /** All entries if they fit, else the first ones. */
  first: ManifestEntry[]
  /** The first ones of `leftOutCount`. */
  leftOut: LeftOut[]
  leftOutCount: number
}

const newsKinds = ['accepted', 'declined', 'cancelled', 'paused', 'resumed', 'done', 'failed'] as const

/**
 * What happened to a transfer at the side that sends this. `code`: why it failed. `missing`: the entries of the
 * manifest that did not arrive although it is done.
 */
export interface TransferNews {
  transfer: string
  what: (typeof newsKinds)[number]
  code?: ErrorCode
  missing?: readonly number[]
}

const digestLength = 32

/**
 * An offer of `entries`, and the manifest, which is fetched separately if the offer cannot contain it. Errors:
 * `too-large`.
 */
export function offerToWire(
  transfer: string,
  note: string,
  entries: readonly ManifestEntry[],
  leftOut: readonly LeftOut[] = [],
): { offer: Uint8Array; manifest: Uint8Array } {
  const manifest = manifestToWire(entries)
  if (manifest.byteLength > wireLimits.manifest) {
    throw new QuorumError('too-large', 'The list of files is too long: send them in parts')
  }
  let size = 0
  const shown = entries.findIndex(({ path }) => (size += path.length * 3 + 24) > wireLimits.offerEntries)
  const fits = shown === -1 || manifest.byteLength <= wireLimits.offerEntries
  const offer = encode(OfferSchema, {
    transfer: uuidToBytes(transfer),
    note,
    bytes: BigInt(totalSize(entries)),
    count: entries.length,
    manifestLength: manifest.byteLength,
    manifestDigest: blake3(Buffer.from(manifest)),
    first: entries.slice(0, fits ? entries.length : Math.max(1, shown)).map(entryToWire),
    leftOut: named(leftOut),
    leftOutCount: leftOut.length,
  })
  return { offer, manifest }
}

/**
 * An offer without its entries: it costs little, however many it names. Errors: those of `offerFromWire` that do not
 * depend on entries.
 */
export function offerHeadFromWire(bytes: Uint8Array): Omit<Offer, 'first'> {
  const others = [...fieldsOf(bytes)].filter(({ number }) => number !== OfferSchema.field.first.number)
  return headOf(decode(OfferSchema, Buffer.concat(others.map(({ whole }) => whole))))
}

export function offerFromWire(bytes: Uint8Array): Offer {
  const head = offerHeadFromWire(bytes)
  const field = OfferSchema.field.first.number
  const first = countOf(bytes, field) > head.count ? [] : entriesIn(bytes, field)
  if (first.length === 0) throw new QuorumError('bad-request', 'An offer contradicts itself')
  return { ...head, first }
}

function headOf(offer: WireOffer): Omit<Offer, 'first'> {
  if (offer.count === 0 || offer.count > limits.transferFiles || offer.manifestLength > wireLimits.manifest) {
    throw new QuorumError('too-large', 'An offer has no files, or too many')
  }
  return {
    transfer: uuidFromBytes(offer.transfer),
    note: textFromWire(offer.note, limits.noteCharacters, 'A note'),
    bytes: numberFromWire(offer.bytes),
    count: offer.count,
    manifestLength: offer.manifestLength,
    manifestDigest: bytesFromWire(offer.manifestDigest, digestLength, 'A digest'),
    ...leftOutFromWire(offer.leftOut, offer.leftOutCount),
  }
}

/** The first ones, as many as the offer may name. */
function named(leftOut: readonly LeftOut[]): LeftOut[] {
  let bytes = 0
  const most = wireLimits.leftOut
  return leftOut.slice(0, most.files).filter(({ path }) => (bytes += Buffer.byteLength(path)) <= most.bytes)
}

function leftOutFromWire(wire: readonly WireLeftOut[], count: number): Pick<Offer, 'leftOut' | 'leftOutCount'> {
  const leftOut = wire.slice(0, wireLimits.leftOut.files).map(({ path, why }) => ({
    path: textFromWire(path, limits.offeredPath, 'A path'),
    // A later version may know more reasons.
    why: leftOutReasons.find((reason) => reason === why) ?? 'unreadable',
  }))
  return { leftOut, leftOutCount: Math.max(count, leftOut.length) }
}

/**
 * The whole manifest of `offer`: from the offer itself, or from `bytes`. Undefined if it has to be fetched first.
 * Errors: `verification-failed` for one that is not the offered one.
 */
export function manifestOf(offer: Offer, bytes?: Uint8Array): ManifestEntry[] | undefined {
  if (bytes == null && offer.first.length < offer.count) return undefined
  const manifest = bytes ?? manifestToWire(offer.first)
  const same =
    manifest.byteLength === offer.manifestLength &&
    Buffer.from(offer.manifestDigest).equals(blake3(Buffer.from(manifest)))
  const entries = same ? entriesOf(offer, bytes) : []
  if (!same || entries.length !== offer.count || totalSize(entries) !== offer.bytes) {
    throw new QuorumError('verification-failed', 'The list of files is not the one that was offered')
  }
  return entries
}

function entriesOf({ first, count }: Offer, manifest?: Uint8Array): ManifestEntry[] {
  if (manifest == null) return first
  const field = ManifestSchema.field.entries.number
  return countOf(manifest, field) === count ? entriesIn(manifest, field) : []
}

/** How many fields `number` an encoded message has: before they take memory, since 64 MiB may have 30 million. */
function countOf(bytes: Uint8Array, number: number): number {
  let count = 0
  for (const field of fieldsOf(bytes)) if (field.number === number) count += 1
  return count
}

/**
 * The entries in the fields `number` of an encoded message. Each is decoded from its own bytes: the decoder lets what
 * is within a field end beyond it, and would find other fields than were counted. Errors: `bad-request`.
 */
function entriesIn(bytes: Uint8Array, number: number): ManifestEntry[] {
  const entries: ManifestEntry[] = []
  for (const field of fieldsOf(bytes)) {
    if (field.number !== number) continue
    if (field.content === undefined) throw new QuorumError('bad-request', 'A list of files could not be read')
    entries.push(entryFromWire(decode(ManifestEntrySchema, field.content)))
  }
  return entries
}

/** The fields of an encoded message, in order; `content` of those that tell their length. Errors: `bad-request`. */
function* fieldsOf(bytes: Uint8Array): Generator<{ number: number; whole: Uint8Array; content?: Uint8Array }> {
  try {
    const reader = new BinaryReader(bytes)
    for (let begin = 0; begin < bytes.byteLength; begin = reader.pos) {
      const [number, type] = reader.tag()
      if (type === WireType.LengthDelimited) {
        const content = reader.bytes()
        yield { number, whole: bytes.subarray(begin, reader.pos), content }
      } else {
        reader.skip(type, number)
        yield { number, whole: bytes.subarray(begin, reader.pos) }
      }
    }
  } catch (cause) {
    throw new QuorumError('bad-request', 'The fields of a message could not be read', { cause })
  }
}

export function newsToWire({ transfer, what, code, missing = [] }: TransferNews): Uint8Array {
  const value = { transfer: uuidToBytes(transfer), what, code: code ?? '', missing: entriesToBits(missing) }
  return encode(TransferNewsSchema, value)
}

/** Errors: `unsupported-version` for a kind that this version does not know; `too-large`. */
export function newsFromWire(bytes: Uint8Array): TransferNews {
  const news = decode(TransferNewsSchema, bytes)
  const what = newsKinds.find((kind) => kind === news.what)
  if (what == null)
    throw new QuorumError('unsupported-version', 'A transfer has a status update that this version does not know')
  const code = news.code === '' ? undefined : isErrorCode(news.code) ? news.code : 'internal'
  const missing = entriesFromBits(news.missing)
  return {
    transfer: uuidFromBytes(news.transfer),
    what,
    ...(code == null ? {} : { code }),
    ...(missing.length === 0 ? {} : { missing }),
  }
}

function manifestToWire(entries: readonly ManifestEntry[]): Uint8Array {
  return encode(ManifestSchema, { entries: entries.map(entryToWire) })
}

function entryToWire({ path, size, modified }: ManifestEntry) {
  return { path, size: BigInt(size), modified: timeToWire(modified) }
}

function entryFromWire({ path, size, modified }: WireEntry): ManifestEntry {
  if (path === '') throw new QuorumError('bad-request', 'A file has no name')
  const entry = {
    path: textFromWire(path, limits.offeredPath, 'A path'),
    size: numberFromWire(size),
    modified: timeFromWire(modified),
  }
  if (path.endsWith('/') && entry.size !== 0) throw new QuorumError('bad-request', 'A folder has a size')
  return entry
}

/** Errors: `too-large` beyond 2^53 - 1. */
function totalSize(entries: readonly ManifestEntry[]): number {
  let total = 0
  for (const { size } of entries) total += size
  if (!Number.isSafeInteger(total)) throw new QuorumError('too-large', 'The files are larger than can be counted')
  return total
}
