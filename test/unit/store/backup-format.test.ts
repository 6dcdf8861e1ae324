/** The format of a backup (docs/protocol.md, Backups), written and read, and what is refused about its beginning. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import sodium from 'sodium-native'
import type { ErrorCode } from '../../../protocol/base/errors.ts'
import {
  BackupOpener,
  BackupSealer,
  beginningBytes,
  blockBytes,
  fileLength,
  newBackupKey,
} from '../../../protocol/store/backup-format.ts'
import { keyFromWords } from '../../../protocol/store/backup-words.ts'
import { refused } from '../../support/refused.ts'

const head = { key: Buffer.alloc(32, 7), createdAt: 1_800_000_000_000, length: blockBytes + 5 }
const plain = [Buffer.alloc(blockBytes, 1), Buffer.alloc(5, 2)]

async function made(passphrase?: string): Promise<{ beginning: Buffer; blocks: Buffer[]; words: string }> {
  const { key, preamble, words = '' } = await newBackupKey(passphrase)
  const sealer = new BackupSealer(key, preamble, head)
  return { beginning: sealer.beginning, blocks: plain.map((block, at) => sealer.seal(block, at === 1)), words }
}

test('what was written with words, or with a passphrase, is read with them, and with nothing else', async () => {
  const byWords = await made()
  const byPassphrase = await made('pässphrase')
  const other = await made()
  for (const [backup, secret] of [
    [byWords, { words: byWords.words }],
    [byPassphrase, { passphrase: 'pa\u0308ssphrase' }],
  ] as const) {
    const opener = await BackupOpener.open(backup.beginning, secret)
    assert.deepEqual(opener.head, head)
    assert.deepEqual(
      backup.blocks.map((block, at) => opener.block(block, at === 1)),
      plain,
    )
    const bytes = [backup.beginning, ...backup.blocks].reduce((sum, { length }) => sum + length, 0)
    assert.equal(bytes, fileLength(head.length))
  }
  const wrong = refused('wrong-passphrase')
  await assert.rejects(BackupOpener.open(byWords.beginning, { words: other.words }), wrong)
  await assert.rejects(BackupOpener.open(byWords.beginning, { passphrase: byWords.words }), wrong)
  await assert.rejects(BackupOpener.open(byPassphrase.beginning, { passphrase: 'passphrase' }), wrong)
  await assert.rejects(BackupOpener.open(byPassphrase.beginning, { words: byWords.words }), wrong)
  await assert.rejects(newBackupKey(''), refused('bad-request'))
})

test('the bytes are those that the documentation says: another implementation reads them', async () => {
  const { beginning, blocks, words } = await made()
  assert.equal(beginning.length, 139)
  assert.equal(beginning.toString('latin1', 0, 8), 'QUORUMBK')
  assert.deepEqual(beginning.subarray(8, 34), Buffer.from([1, ...Array.from({ length: 25 }, () => 0)]))
  const digest = Buffer.alloc(16)
  sodium.crypto_generichash(digest, beginning.subarray(0, 123))
  assert.deepEqual(beginning.subarray(123), digest)
  const state = Buffer.alloc(52)
  sodium.crypto_secretstream_xchacha20poly1305_init_pull(state, beginning.subarray(34, 58), keyFromWords(words))
  const tag = Buffer.alloc(1)
  const opened = Buffer.alloc(48)
  const pull = sodium.crypto_secretstream_xchacha20poly1305_pull
  pull(state, opened, tag, beginning.subarray(58, 123), beginning.subarray(0, 34))
  assert.deepEqual(opened.subarray(0, 32), head.key)
  assert.deepEqual([opened.readBigUInt64BE(32), opened.readBigUInt64BE(40)], [1_800_000_000_000n, 65_541n])
  assert.equal(tag[0], 0)
  const last = Buffer.alloc(5)
  pull(state, Buffer.alloc(blockBytes), tag, blocks[0] ?? assert.fail(), null)
  pull(state, last, tag, blocks[1] ?? assert.fail(), null)
  assert.deepEqual([last, tag[0]], [plain[1], 3])

  const guarded = (await made('x')).beginning
  assert.deepEqual([guarded[9], guarded.readUInt32BE(10), guarded.readUInt32BE(14)], [1, 262_144, 3])
})

test('no changed bit and no missing byte of the beginning is read', async () => {
  const { beginning, words } = await made()
  const codes = new Map<string, number>()
  const open = async (bytes: Buffer): Promise<void> => {
    const error: unknown = await BackupOpener.open(bytes, { words }).catch((refusal: unknown) => refusal)
    const { code } = error as { code: ErrorCode }
    codes.set(code, (codes.get(code) ?? 0) + 1)
  }
  for (let at = 0; at < beginningBytes; at++) {
    await open(beginning.subarray(0, at))
    for (const bit of [1, 128]) {
      const changed = Buffer.from(beginning)
      changed[at] = (changed[at] ?? 0) ^ bit
      await open(changed)
    }
  }
  // A version that is 128 higher is one; one that is 1 lower is damage.
  assert.deepEqual(Object.fromEntries(codes), { 'backup-damaged': 3 * 139 - 1, 'unsupported-version': 1 })
})

test('a file cannot make its reader spend more memory or time than a backup needs', async () => {
  const { beginning } = await made('x')
  for (const [offset, value] of [
    [10, 0xff_ff_ff_ff],
    [14, 1000],
    [9, 0x02_00_00_00],
  ] as const) {
    const changed = Buffer.from(beginning)
    if (offset === 9) changed[9] = 2
    else changed.writeUInt32BE(value, offset)
    sodium.crypto_generichash(changed.subarray(123), changed.subarray(0, 123))
    await assert.rejects(BackupOpener.open(changed, { passphrase: 'x' }), refused('unsupported-version'))
  }
})

test('blocks are read only in their order, once, and to the last', async () => {
  const opener = async (): Promise<[BackupOpener, Buffer, Buffer]> => {
    const { beginning, blocks, words } = await made()
    return [await BackupOpener.open(beginning, { words }), blocks[0] ?? assert.fail(), blocks[1] ?? assert.fail()]
  }
  const damaged = refused('backup-damaged')
  const [a, , second] = await opener()
  assert.throws(() => a.block(second, true), damaged)
  const [b, first] = await opener()
  assert.throws(() => b.block(first, true), damaged, 'the file was cut at a block')
  const [c, one, two] = await opener()
  c.block(one, false)
  assert.throws(() => c.block(one, false), damaged)
  const [d, head1] = await opener()
  d.block(head1, false)
  assert.throws(() => d.block(two, true), damaged, 'a block of another backup')
  assert.throws(() => d.block(Buffer.alloc(3), true), damaged)
})

test('every backup has a key and a stream of its own', async () => {
  const all = await Promise.all([made(), made()])
  assert.equal(new Set(all.map(({ words }) => words)).size, 2)
  const digests = all.flatMap(({ blocks }) => blocks.map((block) => createHash('sha256').update(block).digest('hex')))
  assert.equal(new Set(digests).size, 4)
})
