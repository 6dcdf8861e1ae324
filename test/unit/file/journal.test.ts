/** The digests of stored chunks, in one file: their order, the ones that are read again, and the file descriptor. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { chunkDigest } from '../../../protocol/file/digest.ts'
import { Journal } from '../../../protocol/file/receive/journal.ts'
import { folder } from '../../support/cleanup.ts'

const digests = ['one', 'two', 'three'].map((text) => chunkDigest(Buffer.from(text)))

test('digests are appended in order, each after its chunk, and read again', async (t) => {
  const file = path.join(folder(t), 'journal')
  const journal = new Journal(file)
  const written = Promise.withResolvers<void>()
  const stored: number[] = []
  journal.add(digests[0] ?? new Uint8Array(), undefined, () => stored.push(0))
  journal.add(digests[1] ?? new Uint8Array(), written.promise, () => stored.push(1))
  journal.add(digests[2] ?? new Uint8Array(), undefined, () => stored.push(2))
  assert.deepEqual(stored, [0], 'the second chunk is not on the disk, so neither digest after it counts')
  assert.equal(fs.statSync(file).size, 32)
  written.resolve()
  await written.promise
  assert.deepEqual(stored, [0, 1, 2])
  assert.deepEqual(
    await journal.read(),
    digests.map((digest) => Buffer.from(digest)),
  )
  journal.close()
})

test('a chunk that cannot be written ends the journal before its digest', async (t) => {
  const file = path.join(folder(t), 'journal')
  const journal = new Journal(file)
  const written = Promise.withResolvers<void>()
  const never = (): never => assert.fail('it is not stored')
  journal.add(digests[0] ?? new Uint8Array(), written.promise, never)
  journal.add(digests[1] ?? new Uint8Array(), undefined, never)
  written.reject(new Error('the disk is full'))
  await assert.rejects(written.promise)
  assert.throws(() => journal.check(), /the disk is full/)
  assert.equal(fs.statSync(file).size, 0)
  journal.close()
})

test('closing twice does not close the file that got its descriptor', (t) => {
  const place = folder(t)
  const journal = new Journal(path.join(place, 'journal'))
  journal.close()
  const other = fs.openSync(path.join(place, 'other'), 'w')
  journal.close()
  assert.ok(fs.fstatSync(other).isFile())
  fs.closeSync(other)
})
