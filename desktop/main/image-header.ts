/**
 * Decides by their content, never by a name, whether bytes are an image that the window may show: a complete PNG, JPEG,
 * GIF or WebP of a harmless size. Reads headers and lengths only; pixels are decoded in the sandboxed page. SVG is
 * refused: it is a document.
 */

/** Bounds of an image (threats.md, 59). */
export const imageLimits = {
  /** Bytes of the file: enough for the largest JPEG of a camera. */
  bytes: 32 * 1024 * 1024,
  /** Pixels in total and of each side. They bound the cost of decoding before anything is decoded. */
  pixels: 40_000_000,
  side: 20_000,
  /** Pixels of an animation, which is decoded repeatedly. */
  animatedPixels: 4_000_000,
  /** Frames and scans: each takes a few bytes of the file, and as long to decode as a whole image. */
  frames: 2000,
  scans: 100,
}

export interface ImageHeader {
  type: 'image/png' | 'image/jpeg' | 'image/gif' | 'image/webp'
  width: number
  height: number
  /** Length of the image in bytes; trailing data is not part of it. */
  end: number
}

interface ParsedImage extends ImageHeader {
  frames: number
}

/** Undefined for everything that must not be shown. */
export function readImageHeader(bytes: Buffer): ImageHeader | undefined {
  if (bytes.length > imageLimits.bytes) return undefined
  const parsed = readPng(bytes) ?? readJpeg(bytes) ?? readGif(bytes) ?? readWebp(bytes)
  if (parsed === undefined) return undefined
  const { frames, ...header } = parsed
  const { width, height } = header
  const maxPixels = frames > 1 ? imageLimits.animatedPixels : imageLimits.pixels
  const fits = width > 0 && height > 0 && Math.max(width, height) <= imageLimits.side && width * height <= maxPixels
  return fits && frames <= imageLimits.frames ? header : undefined
}

function readPng(bytes: Buffer): ParsedImage | undefined {
  if (bytes.toString('latin1', 0, 8) !== '\x89PNG\r\n\x1a\n') return undefined
  if (bytes.toString('latin1', 12, 16) !== 'IHDR' || bytes.length < 33) return undefined
  let frames = 1
  let drawn = false
  for (let at = 8; at + 12 <= bytes.length;) {
    const length = bytes.readUInt32BE(at)
    const kind = bytes.toString('latin1', at + 4, at + 8)
    const next = at + 12 + length
    if (next > bytes.length) return undefined
    if (kind === 'IDAT') drawn = true
    if (kind === 'fcTL') frames += 1
    if (kind === 'IEND') {
      const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)]
      return drawn ? { type: 'image/png', width, height, frames, end: next } : undefined
    }
    at = next
  }
  return undefined
}

function readJpeg(bytes: Buffer): ParsedImage | undefined {
  if (bytes.length < 4 || bytes.readUInt16BE(0) !== 0xff_d8) return undefined
  let size: { width: number; height: number } | undefined
  let scans = 0
  for (let at = 2; at + 2 <= bytes.length;) {
    if (bytes[at] !== 0xff) return undefined
    const marker = bytes[at + 1] ?? 0
    if (marker === 0xff) {
      at += 1
      continue
    }
    if (marker === 0xd9) {
      return size === undefined || scans === 0 ? undefined : { type: 'image/jpeg', ...size, frames: 1, end: at + 2 }
    }
    if (at + 4 > bytes.length) return undefined
    const next = at + 2 + bytes.readUInt16BE(at + 2)
    if (next > bytes.length) return undefined
    if (isFrameHeader(marker)) {
      if (size !== undefined || next < at + 9) return undefined
      size = { height: bytes.readUInt16BE(at + 5), width: bytes.readUInt16BE(at + 7) }
    }
    if (marker === 0xda) {
      scans += 1
      if (scans > imageLimits.scans) return undefined
    }
    at = marker === 0xda ? endOfScan(bytes, next) : next
  }
  return undefined
}

/** SOF0 to SOF15, without DHT, JPG and DAC, whose markers are in the same range. */
function isFrameHeader(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc
}

/** The position of the first marker that is neither an escaped byte (FF 00) nor a restart marker. */
function endOfScan(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(0xff, from); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    const after = bytes[at + 1] ?? 0
    if (after !== 0 && after !== 0xff && !(after >= 0xd0 && after <= 0xd7)) return at
  }
  return bytes.length
}

function readGif(bytes: Buffer): ParsedImage | undefined {
  if (!/^GIF8[79]a/u.test(bytes.toString('latin1', 0, 6)) || bytes.length < 13) return undefined
  let width = bytes.readUInt16LE(6)
  let height = bytes.readUInt16LE(8)
  let frames = 0
  for (let at = 13 + colourTableBytes(bytes[10] ?? 0); at < bytes.length;) {
    const kind = bytes[at]
    if (kind === 0x3b) return frames === 0 ? undefined : { type: 'image/gif', width, height, frames, end: at + 1 }
    if (kind === 0x21) at = afterBlocks(bytes, at + 2)
    else if (kind === 0x2c && at + 10 <= bytes.length) {
      frames += 1
      // A frame beyond the declared size enlarges the image.
      width = Math.max(width, bytes.readUInt16LE(at + 1) + bytes.readUInt16LE(at + 5))
      height = Math.max(height, bytes.readUInt16LE(at + 3) + bytes.readUInt16LE(at + 7))
      at = afterBlocks(bytes, at + 11 + colourTableBytes(bytes[at + 9] ?? 0))
    } else return undefined
  }
  return undefined
}

/** Size in bytes of the colour table that these flags announce. */
function colourTableBytes(flags: number): number {
  return (flags & 0x80) === 0 ? 0 : 3 * 2 ** ((flags & 7) + 1)
}

/** The position after a sequence of data sub-blocks, which ends with an empty one. */
function afterBlocks(bytes: Buffer, from: number): number {
  let at = from
  for (;;) {
    const length = bytes[at]
    if (length === undefined) return bytes.length
    at += 1 + length
    if (length === 0) return at
  }
}

function readWebp(bytes: Buffer): ParsedImage | undefined {
  if (bytes.toString('latin1', 0, 4) !== 'RIFF' || bytes.toString('latin1', 8, 12) !== 'WEBP') return undefined
  const end = 8 + bytes.readUInt32LE(4)
  if (end > bytes.length) return undefined
  let width = 0
  let height = 0
  let frames = 0
  for (let at = 12; at + 8 <= end;) {
    const kind = bytes.toString('latin1', at, at + 4)
    const length = bytes.readUInt32LE(at + 4)
    const next = at + 8 + length + (length % 2)
    if (next > end) return undefined
    const size = webpSize(kind, bytes.subarray(at + 8, at + 8 + length))
    if (size !== undefined) {
      width = Math.max(width, size.width)
      height = Math.max(height, size.height)
    }
    if (kind === 'VP8 ' || kind === 'VP8L' || kind === 'ANMF') frames += 1
    at = next
  }
  return frames === 0 ? undefined : { type: 'image/webp', width, height, frames, end }
}

/** The size in the header of a chunk; undefined for chunks that have none. */
function webpSize(kind: string, chunk: Buffer): { width: number; height: number } | undefined {
  if (kind === 'VP8X' && chunk.length >= 10) {
    return { width: 1 + chunk.readUIntLE(4, 3), height: 1 + chunk.readUIntLE(7, 3) }
  }
  if (kind === 'VP8 ' && chunk.length >= 10) {
    return { width: chunk.readUInt16LE(6) & 0x3f_ff, height: chunk.readUInt16LE(8) & 0x3f_ff }
  }
  if (kind === 'VP8L' && chunk.length >= 5) {
    const packed = chunk.readUInt32LE(1)
    return { width: 1 + (packed & 0x3f_ff), height: 1 + ((packed >> 14) & 0x3f_ff) }
  }
  return undefined
}
