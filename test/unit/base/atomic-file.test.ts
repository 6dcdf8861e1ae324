/** Files that are written completely or not at all: the content, its permissions, and the temporary files. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import {
  createFile,
  discardUnfinished,
  replaceFile,
  syncFolder,
  syncFolderSync,
} from '../../../protocol/base/atomic-file.ts'
import { folder } from '../../support/cleanup.ts'

const posix = { skip: os.platform() === 'win32' ? 'NOT RUN: Windows has no such modes and links' : false }

const fails = (): never => {
  throw new Error('no')
}

test('replaceFile creates a file and replaces it, and leaves nothing beside it', (t) => {
  const place = folder(t)
  const file = path.join(place, 'x')
  for (const content of ['one', 'two and longer', '3']) {
    replaceFile(file, content)
    assert.equal(fs.readFileSync(file, 'utf8'), content)
  }
  replaceFile(file, Uint8Array.of(1, 2, 3))
  assert.deepEqual([...fs.readFileSync(file)], [1, 2, 3])
  replaceFile(file, (unfinished) => {
    assert.deepEqual([...fs.readFileSync(file)], [1, 2, 3], 'the old content stands until the new one is whole')
    fs.writeFileSync(unfinished, 'by a function')
  })
  assert.equal(fs.readFileSync(file, 'utf8'), 'by a function')
  assert.deepEqual(fs.readdirSync(place), ['x'])
})

test('a failure leaves the old content, and no temporary file', (t) => {
  const place = folder(t)
  const file = path.join(place, 'x')
  assert.throws(() => createFile(file, fails), /no/)
  assert.throws(() => replaceFile(file, fails), /no/)
  assert.deepEqual(fs.readdirSync(place), [])
  replaceFile(file, 'old')
  assert.throws(() => replaceFile(file, fails), /no/)
  assert.equal(fs.readFileSync(file, 'utf8'), 'old')
  assert.deepEqual(fs.readdirSync(place), ['x'])
  assert.throws(() => replaceFile(path.join(place, 'missing', 'x'), 'new'), { code: 'ENOENT' })
})

test('only the owner may read the file, for any umask and any earlier mode', posix, (t) => {
  const place = folder(t)
  const umask = process.umask(0)
  t.after(() => process.umask(umask))
  const [open, created] = [path.join(place, 'open'), path.join(place, 'created')]
  fs.writeFileSync(open, 'readable by all', { mode: 0o644 })
  replaceFile(open, 'secret')
  createFile(created, 'secret')
  for (const file of [open, created]) assert.equal(fs.statSync(file).mode & 0o777, 0o600)
})

test('files left by a crash are removed and never written through', posix, (t) => {
  const place = folder(t)
  const [file, other] = [path.join(place, 'x'), path.join(place, 'other')]
  fs.writeFileSync(other, 'precious')
  fs.symlinkSync(other, `${file}.new`)
  replaceFile(file, 'new')
  assert.equal(fs.readFileSync(other, 'utf8'), 'precious')
  assert.ok(fs.lstatSync(file).isFile())
  fs.writeFileSync(`${file}.new`, 'half a key')
  discardUnfinished(file)
  discardUnfinished(file)
  assert.deepEqual(fs.readdirSync(place), ['other', 'x'])
})

test('createFile never replaces a file, not even one that was created during the write', (t) => {
  const place = folder(t)
  const file = path.join(place, 'x')
  createFile(file, (unfinished) => {
    createFile(file, 'first')
    fs.writeFileSync(unfinished, 'second')
  })
  createFile(file, 'third')
  assert.equal(fs.readFileSync(file, 'utf8'), 'first')
  assert.deepEqual(fs.readdirSync(place), ['x'])
})

test('an existing folder is synced, a missing one is an error', posix, async (t) => {
  const place = folder(t)
  await syncFolder(place)
  syncFolderSync(place)
  await assert.rejects(syncFolder(path.join(place, 'missing')), { code: 'ENOENT' })
  assert.throws(() => syncFolderSync(path.join(place, 'missing')), { code: 'ENOENT' })
})

test(
  'a file system that cannot sync folders causes no error',
  { skip: os.platform() === 'linux' ? false : 'NOT RUN: needs /proc' },
  async () => {
    const descriptor = fs.openSync('/proc', 'r')
    try {
      assert.throws(() => fs.fsyncSync(descriptor), { code: 'EINVAL' })
    } finally {
      fs.closeSync(descriptor)
    }
    await syncFolder('/proc')
    syncFolderSync('/proc')
  },
)
