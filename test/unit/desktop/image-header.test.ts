/** Hostile 59, before anything is decoded: which bytes are an image that may be shown. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readImageHeader, imageLimits } from '../../../desktop/main/image-header.ts'
import { gif, html, jpegHeader, png, svg, webpHeader } from '../../support/pictures.ts'

const whole = {
  png: png(40, 30),
  gif: gif([40, 30]),
  jpeg: jpegHeader(40, 30),
  webp: webpHeader(40, 30),
  'animated gif': gif([40, 30], { frames: 3 }),
  'animated png': png(40, 30, { frames: 3 }),
  'animated webp': webpHeader(40, 30, { frames: 3 }),
}

test('hostile 59: recognises complete images with their size and length, and ignores trailing data', () => {
  for (const [name, bytes] of Object.entries(whole)) {
    const header = readImageHeader(bytes)
    assert.deepEqual([header?.width, header?.height, header?.end], [40, 30, bytes.length], name)
    assert.deepEqual(readImageHeader(Buffer.concat([bytes, Buffer.from(html)])), header, name)
    assert.equal(header?.type, `image/${name.split(' ').at(-1)}`)
  }
})

test('hostile 59: refuses an image that is truncated anywhere', () => {
  for (const [name, bytes] of Object.entries(whole)) {
    for (let length = 0; length < bytes.length; length += 1) {
      assert.equal(readImageHeader(bytes.subarray(0, length)), undefined, `${name}, ${length} of ${bytes.length} bytes`)
    }
  }
})

test('hostile 59: refuses documents and an empty file', () => {
  for (const text of [svg, `\ufeff${svg}`, `<?xml version="1.0"?>${svg}`, html, 'GIF89a', 'BM', '%PDF-1.7', '']) {
    assert.equal(readImageHeader(Buffer.from(text)), undefined, text)
  }
  assert.equal(readImageHeader(Buffer.concat([Buffer.from(html), whole.png])), undefined, 'an image after a document')
})

test('hostile 59: refuses bombs by their headers: too many pixels, frames, scans or bytes, frames beyond the canvas', () => {
  const bombs: Record<string, Buffer> = {
    'png of 60,000 x 60,000': png(60_000, 60_000, { pixels: false }),
    'png of 2³² - 1': png(2 ** 32 - 1, 1, { pixels: false }),
    'a thin one': png(imageLimits.side + 1, 1, { pixels: false }),
    'no pixel at all': png(0, 0),
    jpeg: jpegHeader(65_535, 65_535),
    'jpeg of many scans': jpegHeader(100, 100, { scans: imageLimits.scans + 1 }),
    gif: gif([65_535, 65_535]),
    'a frame beyond its canvas': gif([1, 1], { frame: [65_535, 65_535] }),
    'an animated gif of 16 megapixels': gif([4000, 4000], { frames: 2 }),
    'gif of many frames': gif([1, 1], { frames: imageLimits.frames + 1 }),
    'an animated png of 16 megapixels': png(4000, 4000, { pixels: false, frames: 2 }),
    webp: webpHeader(2 ** 24, 2 ** 24),
    'an animated webp of 16 megapixels': webpHeader(4000, 4000, { frames: 2 }),
    'too many bytes': Buffer.concat([whole.png, Buffer.alloc(imageLimits.bytes)]),
  }
  for (const [name, bytes] of Object.entries(bombs)) assert.equal(readImageHeader(bytes), undefined, name)
  assert.ok(readImageHeader(png(8000, 5000, { pixels: false })), 'the largest image that is shown')
})

test('hostile 59: never throws, and every accepted image is within the bounds', () => {
  const changed = fc
    .constantFrom(...Object.values(whole))
    .chain((bytes) =>
      fc
        .array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 12 })
        .map((changes) => changes.reduce((made, [at, value]) => (made.set([value], at), made), Buffer.from(bytes))),
    )
  fc.assert(
    fc.property(changed, (bytes) => {
      const header = readImageHeader(bytes)
      if (header === undefined) return
      assert.ok(header.width > 0 && header.height > 0)
      assert.ok(header.width * header.height <= imageLimits.pixels && header.end <= bytes.length)
    }),
    { numRuns: 3000 },
  )
})
