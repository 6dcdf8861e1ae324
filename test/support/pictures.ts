/** Pictures for tests, built byte by byte: valid ones, and malformed ones that a peer may send (hostile 59). */
import { crc32, deflateSync } from 'node:zlib'

export function png(width: number, height: number, { pixels = true, frames = 0 } = {}): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  // Eight bits each for red, green and blue.
  header.set([8, 2, 0, 0, 0], 8)
  const row = (): Buffer => Buffer.concat([Buffer.from([0]), Buffer.alloc(width * 3, Buffer.from([70, 80, 200]))])
  const data = deflateSync(pixels ? Buffer.concat(Array.from({ length: height }, row)) : '')
  const moving = Array.from({ length: frames }, () => chunk('fcTL', Buffer.alloc(26)))
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    ...moving,
    chunk('IDAT', data),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function chunk(kind: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(kind, 'latin1'), data])
  const framed = Buffer.alloc(4 + body.length + 4)
  framed.writeUInt32BE(data.length, 0)
  framed.set(body, 4)
  framed.writeUInt32BE(crc32(body), 4 + body.length)
  return framed
}

/** One pixel in each frame; `canvas` is the size in the header, `frame` the size in each frame. */
export function gif(canvas: [number, number], { frames = 1, frame = canvas } = {}): Buffer {
  const header = Buffer.from('GIF89a\0\0\0\0\x80\0\0\0\0\0\xff\xff\xff', 'latin1')
  header.writeUInt16LE(canvas[0], 6)
  header.writeUInt16LE(canvas[1], 8)
  const one = Buffer.from(',\0\0\0\0\0\0\0\0\0\x02\x02\x44\x01\0', 'latin1')
  one.writeUInt16LE(frame[0], 5)
  one.writeUInt16LE(frame[1], 7)
  return Buffer.concat([header, ...Array.from({ length: frames }, () => one), Buffer.from(';')])
}

/** Markers only, without a pixel. */
export function jpegHeader(width: number, height: number, { scans = 1 } = {}): Buffer {
  const start = Buffer.from([0xff, 0xc0, 0, 11, 8, 0, 0, 0, 0, 1, 1, 0x11, 0])
  start.writeUInt16BE(height, 5)
  start.writeUInt16BE(width, 7)
  const scan = Buffer.from([0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0, 1, 0xff, 0, 2, 0xff, 0xd0, 3])
  const all = Array.from({ length: scans }, () => scan)
  return Buffer.concat([Buffer.from([0xff, 0xd8]), start, ...all, Buffer.from([0xff, 0xd9])])
}

export function webpHeader(width: number, height: number, { frames = 0 } = {}): Buffer {
  const extended = Buffer.alloc(18)
  extended.write('VP8X', 'latin1')
  extended.writeUInt32LE(10, 4)
  extended.writeUIntLE(width - 1, 12, 3)
  extended.writeUIntLE(height - 1, 15, 3)
  const still = Buffer.from('VP8L\x06\0\0\0\x2f\0\0\0\0\0', 'latin1')
  const moving = Buffer.from('ANMF\x02\0\0\0\0\0', 'latin1')
  const body = Buffer.concat([extended, ...(frames === 0 ? [still] : Array.from({ length: frames }, () => moving))])
  const header = Buffer.from('RIFF\0\0\0\0WEBP', 'latin1')
  header.writeUInt32LE(4 + body.length, 4)
  return Buffer.concat([header, body])
}

export const svg =
  '<svg xmlns="http://www.w3.org/2000/svg" onload="window.hacked=1"><script>window.hacked=1</script></svg>'
export const html = '<!doctype html><script>window.hacked=1</script><img src=x onerror="window.hacked=1">'
