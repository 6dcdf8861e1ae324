/** The node's identity file: created once, and never replaced when it is damaged. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { QuorumError } from '#protocol'
import type { ErrorCode } from '#protocol'
import { createFile } from '../../../node/disk.ts'
import { loadNodeKey } from '../../../node/key.ts'

function folder(t: TestContext): string {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), 'quorum-key-'))
  t.after(() => fs.rmSync(made, { recursive: true, force: true }))
  return made
}

const refused = (expected: ErrorCode, place: string) => (error: unknown) =>
  error instanceof QuorumError && error.code === expected && error.message.startsWith(`the data folder ${place} `)

test('the seed is generated once, is 32 random bytes, and does not change', (t) => {
  const place = folder(t)
  const seed = loadNodeKey(place)
  assert.equal(seed.length, 32)
  assert.deepEqual(loadNodeKey(place), seed)
  assert.notDeepEqual(loadNodeKey(folder(t)), seed)
  assert.deepEqual(fs.readdirSync(place), ['node.key'])
})

test('a key that an editor saved with a byte order mark, or with the line ends of Windows, is the same key', (t) => {
  const place = folder(t)
  const file = path.join(place, 'node.key')
  const seed = loadNodeKey(place)
  fs.writeFileSync(file, `\ufeff${fs.readFileSync(file, 'utf8').trim()}\r\n`)
  assert.deepEqual(loadNodeKey(place), seed)
})

test('only the owner can read the key, even after it was restored from a backup', (t) => {
  const place = folder(t)
  const file = path.join(place, 'node.key')
  const seed = loadNodeKey(place)
  assert.equal(fs.statSync(file).mode & 0o777, 0o600)
  fs.chmodSync(file, 0o644)
  assert.deepEqual(loadNodeKey(place), seed)
  assert.equal(fs.statSync(file).mode & 0o777, 0o600)
})

const damage: Record<string, (line: string) => string> = {
  empty: () => '',
  'cut short': (line) => line.slice(0, 40),
  'without its checksum': (line) => line.slice(0, -18),
  'with one digit changed': (line) => line.slice(0, 30) + (line[30] === '0' ? '1' : '0') + line.slice(31),
  'full of noise': () => '\u0000\u00ff'.repeat(32),
  'far too long': (line) => line.repeat(100),
}
for (const [what, spoil] of Object.entries(damage)) {
  test(`a key that is ${what} is refused and not touched (threats.md 43)`, (t) => {
    const place = folder(t)
    const file = path.join(place, 'node.key')
    loadNodeKey(place)
    fs.writeFileSync(file, spoil(fs.readFileSync(file, 'latin1')), 'latin1')
    const before = fs.readFileSync(file)
    assert.throws(() => loadNodeKey(place), refused('store-corrupt', place))
    assert.deepEqual(fs.readFileSync(file), before)
  })
}

test('a key of a newer format is refused as such', (t) => {
  const place = folder(t)
  fs.writeFileSync(path.join(place, 'node.key'), 'quorum-node-key 2 whatever\n')
  assert.throws(() => loadNodeKey(place), refused('unsupported-version', place))
})

test('a missing folder is "not-writable"', (t) => {
  const place = path.join(folder(t), 'missing')
  assert.throws(() => loadNodeKey(place), refused('not-writable', place))
})

test('of two simultaneous first starts, the file that was created first stays', (t) => {
  const place = folder(t)
  const file = path.join(place, 'x')
  createFile(file, (temporary) => {
    createFile(file, (other) => fs.writeFileSync(other, 'first'))
    fs.writeFileSync(temporary, 'second')
  })
  assert.equal(fs.readFileSync(file, 'utf8'), 'first')
  assert.deepEqual(fs.readdirSync(place), ['x'])
})

test('a file that cannot be written leaves nothing behind', (t) => {
  const place = folder(t)
  assert.throws(() =>
    createFile(path.join(place, 'x'), () => {
      throw new Error('no')
    }),
  )
  assert.deepEqual(fs.readdirSync(place), [])
})
