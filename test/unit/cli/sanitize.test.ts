/** Text of peers before it reaches the terminal: no character that controls a terminal may pass. */
/* oxlint-disable no-control-regex -- escape codes are what is looked for */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { cleanLine, cleanText } from '../../../scripts/cli/terminal/sanitize.ts'

const forbidden =
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]|[\u{e0000}-\u{e0fff}]/u

/** Exceptions, forbidden elsewhere: the variant of an ideograph, and the tags of the three flags made of them. */
const needed = /(?<=\p{Unified_Ideograph})[\u{e0100}-\u{e01ef}]|\p{RGI_Emoji_Tag_Sequence}/gv

test('ordinary text of any script passes unchanged', () => {
  for (const text of [
    'hello',
    'Größe, naïve',
    'こんにちは',
    'שלום',
    'می‌خواهم',
    '👩‍👩‍👧 ❤️',
    'à la carte',
    'a\nb',
    '½ ✓ — “x”',
    '㐀\u{e0100}',
    '🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}',
  ]) {
    assert.equal(cleanText(text), text)
  }
})

test('escape sequences are removed completely', () => {
  assert.equal(cleanText('\u001b[31mred\u001b[0m'), 'red')
  assert.equal(cleanText('a\u001b[2J\u001b[Hb'), 'ab')
  assert.equal(cleanText('\u009b31mred'), 'red')
  assert.equal(cleanText('\u001b]0;title\u0007text'), 'text')
  assert.equal(cleanText('\u001b]52;c;ZXZpbA==\u001b\\text'), 'text')
  assert.equal(cleanText('\u001b]8;;http://evil\u001b\\link\u001b]8;;\u001b\\'), 'link')
  assert.equal(cleanText('\u001bPq#0\u001b\\text'), 'text')
  assert.equal(cleanText('\u001bcreset'), 'reset')
})

test('an unfinished sequence does not hide the text after it', () => {
  assert.equal(cleanText('\u001b]0;title\nsecond line'), '0;title\nsecond line')
  assert.equal(cleanText('\u001b'), '')
  assert.equal(cleanText('\u001b['), '')
})

test('nested sequences do not become active', () => {
  assert.equal(cleanText('\u001b\u202e[31mx'), '[31mx')
  assert.doesNotMatch(cleanText('\u001b\u001b[0m[31mx'), forbidden)
  assert.doesNotMatch(cleanText('\u001b[\u001b]0;a\u0007[2J'), forbidden)
})

test('carriage returns and separators become newlines, tabs become spaces', () => {
  assert.equal(cleanText('a\r\nb\rc\u2028d\u2029e\u0085f\tg'), 'a\nb\nc\nd\ne\nf  g')
})

test('bidi controls and invisible characters are removed', () => {
  assert.equal(cleanText('abc\u202egpj.exe\u202c'), 'abcgpj.exe')
  assert.equal(cleanText('\u2066a\u2069\u200eb\u200f\u061cc'), 'abc')
  assert.equal(cleanText('S\u200bu\u00ads\ufeffa\u2060n\u{e0041}'), 'Susan')
})

test('a name or a note is one line', () => {
  assert.equal(cleanLine('  Susan \n\n 14:03 you:\tyes '), 'Susan 14:03 you: yes')
  assert.equal(cleanLine('\u0000\u001b[8m'), '')
})

test('a variant of an ideograph passes, once; hidden text in such characters does not', () => {
  // A counterexample of the property below.
  assert.equal(cleanText('葛\u{e0100}飾'), '葛\u{e0100}飾')
  assert.equal(cleanText('葛\u{e0100}\u{e0101}\u{e0041}x\u{e0100}'), '葛\u{e0100}x')
})

test('unlimited stacked marks are cut', () => {
  assert.equal([...cleanText(`a${'\u0301'.repeat(50)}b`)].length, 6)
})

test('lone surrogates do not reach the terminal', () => {
  assert.equal(cleanText('a\ud800b'), 'a\ufffdb')
})

test('any input: no forbidden character remains, and cleaning again changes nothing', () => {
  const nasty = fc.constantFrom(
    '\u001b',
    '\u009b',
    '\u009d',
    '[',
    ']',
    '0;',
    '31m',
    '\u0007',
    '\u001b\\',
    '\u202e',
    '\r',
    '\n',
    '\t',
    '\u0000',
    'x',
    '👩',
    '\u200d',
    '\u0301',
  )
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(nasty, { maxLength: 40 }).map((parts) => parts.join('')),
  )
  fc.assert(
    fc.property(text, (input) => {
      const clean = cleanText(input)
      assert.doesNotMatch(clean.replace(needed, ''), forbidden)
      assert.ok(clean.isWellFormed())
      assert.equal(cleanText(clean), clean)
      const line = cleanLine(input)
      assert.doesNotMatch(line, /\n/u)
      assert.equal(cleanLine(line), line)
    }),
    { numRuns: 2000 },
  )
})
