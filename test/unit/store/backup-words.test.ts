/** The 24 words of a backup. The vectors are those of BIP-39 (https://github.com/trezor/python-mnemonic). */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { keyFromWords, wordsOf } from '../../../protocol/store/backup-words.ts'
import { refused } from '../../support/refused.ts'

const vectors: [string, string][] = [
  ['00'.repeat(32), `${'abandon '.repeat(23)}art`],
  [
    '7f'.repeat(32),
    `${'legal winner thank year wave sausage worth useful '.repeat(2)}legal winner thank year wave sausage worth title`,
  ],
  ['ff'.repeat(32), `${'zoo '.repeat(23)}vote`],
]

test('the words are those of BIP-39', () => {
  for (const [key, words] of vectors) {
    assert.equal(wordsOf(Buffer.from(key, 'hex')), words)
    assert.equal(keyFromWords(words).toString('hex'), key)
  }
  const key = randomBytes(32)
  assert.deepEqual(keyFromWords(wordsOf(key)), key)
})

test('words may be typed as they were written down: numbered, in lines, in capitals', () => {
  const key = randomBytes(32)
  const lines = wordsOf(key)
    .split(' ')
    .map((word, at) => `${at + 1}. ${word.toUpperCase()}\r\n`)
  assert.deepEqual(keyFromWords(lines.join('')), key)
})

test('a slip is named, and never repeats a word', () => {
  const words = wordsOf(Buffer.alloc(32, 5)).split(' ')
  const message = (typed: string[]): string => {
    try {
      keyFromWords(typed.join(' '))
    } catch (error) {
      assert.ok(refused('wrong-passphrase')(error))
      const { message: text } = error as Error
      assert.ok(typed.every((word) => !text.includes(` ${word} `) || ['one', 'two', 'have', 'another'].includes(word)))
      return text
    }
    return assert.fail('it was taken')
  }
  assert.match(message(words.slice(1)), /has 24 words, and these are 23/)
  assert.match(message([]), /these are 0/)
  assert.match(message(words.with(6, 'quorum')), /Word 7 /)
  assert.match(message(words.with(0, words[0] === 'zoo' ? 'zone' : 'zoo')), /do not belong together/)
})
