/** Hostile 59, before anything is decoded: what is a picture that may be drawn, by its bytes alone. */
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
  'moving gif': gif([40, 30], { frames: 3 }),
  'moving png': png(40, 30, { frames: 3 }),
  'moving webp': webpHeader(40, 30, { frames: 3 }),
}

test('hostile 59: whole pictures are recognised with their size and their end, whatever hangs on behind', () => {
  for (const [name, bytes] of Object.entries(whole)) {
    const picture = readImageHeader(bytes)
    assert.deepEqual([picture?.width, picture?.height, picture?.end], [40, 30, bytes.length], name)
    assert.deepEqual(readImageHeader(Buffer.concat([bytes, Buffer.from(html)])), picture, name)
    assert.equal(picture?.type, `image/${name.split(' ').at(-1)}`)
  }
})

test('hostile 59: cut off anywhere, none of them is one', () => {
  for (const [name, bytes] of Object.entries(whole)) {
    for (let length = 0; length < bytes.length; length++) {
      assert.equal(readImageHeader(bytes.subarray(0, length)), undefined, `${name}, ${length} of ${bytes.length} bytes`)
    }
  }
})

test('hostile 59: documents, whatever they are called, and nothing at all are none', () => {
  for (const text of [svg, `\ufeff${svg}`, `<?xml version="1.0"?>${svg}`, html, 'GIF89a', 'BM', '%PDF-1.7', '']) {
    assert.equal(readImageHeader(Buffer.from(text)), undefined, text)
  }
  assert.equal(readImageHeader(Buffer.concat([Buffer.from(html), whole.png])), undefined, 'a picture behind a document')
})

test('hostile 59: bombs are refused by their headers: too many pixels, frames, scans, bytes; frames beyond their canvas', () => {
  const bombs: Record<string, Buffer> = {
    'png of 60,000 x 60,000': png(60_000, 60_000, { pixels: false }),
    'png of 2³² - 1': png(2 ** 32 - 1, 1, { pixels: false }),
    'a thin one': png(imageLimits.side + 1, 1, { pixels: false }),
    'no pixel at all': png(0, 0),
    jpeg: jpegHeader(65_535, 65_535),
    'jpeg of many scans': jpegHeader(100, 100, { scans: imageLimits.scans + 1 }),
    gif: gif([65_535, 65_535]),
    'a frame beyond its canvas': gif([1, 1], { frame: [65_535, 65_535] }),
    'a moving gif of 16 megapixels': gif([4000, 4000], { frames: 2 }),
    'gif of many frames': gif([1, 1], { frames: imageLimits.frames + 1 }),
    'a moving png of 16 megapixels': png(4000, 4000, { pixels: false, frames: 2 }),
    webp: webpHeader(2 ** 24, 2 ** 24),
    'a moving webp of 16 megapixels': webpHeader(4000, 4000, { frames: 2 }),
    'too many bytes': Buffer.concat([whole.png, Buffer.alloc(imageLimits.bytes)]),
  }
  for (const [name, bytes] of Object.entries(bombs)) assert.equal(readImageHeader(bytes), undefined, name)
  assert.ok(readImageHeader(png(8000, 5000, { pixels: false })), 'the largest that is drawn')
})

test('hostile 59: any bytes are answered, and what is taken for a picture is within the bounds', () => {
  const changed = fc
    .constantFrom(...Object.values(whole))
    .chain((bytes) =>
      fc
        .array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 12 })
        .map((changes) => changes.reduce((made, [at, value]) => (made.set([value], at), made), Buffer.from(bytes))),
    )
  fc.assert(
    fc.property(changed, (bytes) => {
      const picture = readImageHeader(bytes)
      if (picture === undefined) return
      assert.ok(picture.width > 0 && picture.height > 0)
      assert.ok(picture.width * picture.height <= imageLimits.pixels && picture.end <= bytes.length)
    }),
    { numRuns: 3000 },
  )
})
