/**
 * Names that look the same (docs/threats.md, "A name is free for anybody") are detected when invisible characters are
 * inserted, and when letters are replaced by others that Unicode calls confusable. Names of different people in any
 * script are not reported.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { z } from 'zod'
import { appearance, Lookalikes, looksLike } from '../../../protocol/identity/lookalike.ts'
import { list } from '../../support/ordinary-names.ts'

const alike = (one: string, other: string): boolean => looksLike(appearance(one), appearance(other))

/** The table as data: characters and their replacements. Its keys are in NFD, as the standard compares. */
const table = z
  .record(z.string(), z.string())
  .parse(JSON.parse(readFileSync(new URL('../../../node_modules/unhomoglyph/data.json', import.meta.url), 'utf8')))
const letters = Object.entries(table).filter(([from]) => /^[\p{L}\p{N}]$/u.test(from) && from === from.normalize('NFD'))
const confusables = Map.groupBy(letters, ([, shape]) => shape)

/** The replacements of a letter, among them the entry of the table. */
function replacements(letter: string): string[] {
  const shape = table[letter] ?? letter
  return [shape, ...(confusables.get(shape) ?? []).map(([from]) => from)]
}

const unseen = new RegExp(String.raw`[\p{DI}\p{Cc}\p{Z}\ufff9-\ufffc\u2800\u{1d159}\u{13441}\u{13442}\u{16fe4}]`, 'u')
const unseenCharacters = Array.from({ length: 0x110000 }, (_, code) => code)
  .filter((code) => code < 0xd800 || code > 0xdfff)
  .map((code) => String.fromCodePoint(code))
  .filter((character) => unseen.test(character))

/** Names of different people. None of them looks like another to a reader of the script. */
const people = [
  ...list('Susan Miller | Susanne Miller | Susan Müllner | Sam Miller | Ben | Jen | Ken | Anna | Hannah | Hanna Weiß'),
  ...list('Łukasz Żółć | Zoë Brønsted | Þóra Björk | Nguyễn Văn An | Nguyễn Văn Bình | José María | O’Brien | D’Arcy'),
  ...list('Νίκος Παππάς | Νάσος Παππάς | Ελένη | Анна Иванова | Инна Иванова | Олег | Ольга | Юлія Шевченко'),
  ...list(
    'Արամ | Արմեն | გიორგი | გია | דני כהן | דן כהן | רון | רוני | מיכל | שרה | محمد علي | محمود علي | أحمد | سوزان',
  ),
  ...list('علی‌رضا | رضا | زینب | راम | राम | रमा | हंस | सीता | गीता | অনিতা | சுரேஷ் | రవి | ಕವಿತಾ | അനിൽ | ශ්‍රී ලාල්'),
  ...list('สมชาย | สมหญิง | ສົມ | សុខ | မောင် | བསོད་ནམས | አበበ | ᠪᠠᠲᠤ | さくら | ざくら | ノゾミ | ゾミ | タキ | ダキ'),
  ...list(
    '山田太郎 | 山田次郎 | 王伟 | 王伟明 | 李娜 | 陳大文 | 김민준 | 김민서 | 🌸 Lily | 🌹 Lily | 👩‍🚀 | 👨‍🚀 | Anna 2 | Anna 3 | …! | ?',
  ),
]

test('names of different people in many scripts do not look alike', () => {
  for (const [at, one] of people.entries()) {
    for (const other of people.slice(at + 1)) assert.ok(!alike(one, other), `${one} and ${other}`)
  }
})

test('one invisible character at any position changes nothing', () => {
  assert.ok(unseenCharacters.length > 4100)
  for (const character of unseenCharacters) {
    const shown = `U+${character.codePointAt(0)?.toString(16)}`
    for (const name of ['Susan Miller', 'علی', '山田']) {
      for (const other of [`${character}${name}`, `${name}${character}`, name.replace(/^../u, `$&${character}`)]) {
        assert.ok(alike(name, other), `${shown} in ${name}`)
      }
    }
  }
})

test('any letter or digit of the table looks like its entry, within a word and alone', () => {
  let pairs = 0
  for (const [from, shape] of letters) {
    // A shape of punctuation counts as punctuation only beside a letter of an alphabet; elsewhere it is a letter.
    const frames = /\p{P}/u.test(shape)
      ? [['Anna', 'Bo']]
      : [
          ['Anna', 'Bo'],
          ['', ''],
          ['山', '山'],
          ['र', 'र'],
        ]
    // A shape of several characters has marks and dots that no name contains: it is compared within the table.
    const same = /^[\p{L}\p{N}]+$/u.test(shape) ? [shape] : (confusables.get(shape) ?? []).map(([other]) => other)
    for (const [before = '', after = ''] of frames) {
      for (const other of same) {
        assert.ok(alike(before + from + after, before + other + after), `${before}${from}${after}: ${from} ${other}`)
        pairs += 1
      }
    }
  }
  assert.ok(pairs > 15_000, String(pairs))
})

test('a name with confusable letters, invisible characters and other blanks is still the same name', () => {
  const disguised = fc.constantFrom(...people.filter((name) => /[\p{L}\p{N}]/u.test(name))).chain((name) =>
    fc.record({
      name: fc.constant(name),
      parts: fc.tuple(
        ...[...name.normalize('NFD')].map((letter) =>
          fc.tuple(
            // Only letters whose shape is a letter: a dot or a stroke in their place is punctuation.
            /^[\p{L}\p{N}]$/u.test(letter) && !/[^\p{L}\p{N}]/u.test(table[letter] ?? '')
              ? fc.constantFrom(letter, ...replacements(letter))
              : fc.constant(/\s/u.test(letter) ? '' : letter),
            fc.array(fc.constantFrom(...unseenCharacters), { maxLength: 2 }),
          ),
        ),
      ),
    }),
  )
  fc.assert(
    fc.property(disguised, ({ name, parts }) => {
      const other = parts.map(([letter, hidden]) => letter + hidden.join('')).join('')
      assert.ok(alike(name, other), `${name}: ${JSON.stringify(other)}`)
    }),
    { numRuns: 5000 },
  )
})

test('case, accents, punctuation and full width are ignored in a name of an alphabet', () => {
  const same = [
    [
      'Susan Miller',
      'SUSAN MILLER',
      'SusanMiller',
      'susan_miller',
      'Susán Mïller',
      'Ｓｕｓａｎ　Ｍｉｌｌｅｒ',
      'Susan·Miller.',
    ],
    [
      'Susan Miller',
      'Susan MiIIer',
      'Susan Mi11er',
      'Susan Mi||er',
      'Susan rniller',
      'Susan Milleʀ',
      '𝓢𝓾𝓼𝓪𝓷 𝓜𝓲𝓵𝓵𝓮𝓻',
      'Ⓢusan Miller',
    ],
    ['Νίκος', 'ΝΙΚΟΣ', 'νικος', 'Nίκος'],
    ['Straße', 'STRASSE', 'Straẞe'],
    ['William', 'VVilliam', 'vvilliam'],
    ['שָׁלוֹם', 'שלום'],
    ['O’Brien', "O'Brien", 'OʼBrien', 'OBrien', 'Oיbrien'],
    ['\u2800', '', ' \u3164'],
  ]
  for (const names of same) {
    for (const one of names) for (const other of names) assert.ok(alike(one, other), `${one} and ${other}`)
  }
})

test('every letter of the alphabets that resembles a Latin one in small print', () => {
  const known = list(
    'a аα | b в | c с | d ԁ | e еε | h һн | j ј | k кκ | l iіıιӏ1 | m м | o оο0 | p рρ | s ѕ | t тτ | u υ',
  )
  for (const [letter = '', others = ''] of [...known, 'v ν', 'x хχ', 'y уγ', 'l |'].map((row) => row.split(' '))) {
    for (const other of others) assert.ok(alike(`Zo${letter}b`, `Zo${other}b`), `${letter} ${other}`)
  }
})

test('a skeleton is stable: the skeleton of a skeleton is itself', () => {
  for (const code of Array.from({ length: 0x20000 }, (_, index) => index)) {
    if (code >= 0xd800 && code <= 0xdfff) continue
    const letter = String.fromCodePoint(code)
    if (!/[\p{L}\p{N}]/u.test(letter)) continue
    const { asWritten } = appearance(letter)
    // Punctuation and marks that replace a letter are dropped when they are written as themselves.
    if (/[\p{P}\p{M}]/u.test(asWritten)) continue
    assert.equal(appearance(asWritten).asWritten, asWritten, code.toString(16))
  }
})

test('peers are compared by the name that is displayed', () => {
  const base = { state: 'friend' as const, verified: false, addedAt: 1 }
  const lookalikes = new Lookalikes<{ peer: string; name: string } & typeof base>(({ name }) => name.slice(0, 4))
  const anna = { ...base, peer: 'a', name: 'Anna' }
  const other = { ...base, peer: 'b', name: 'Аnnabel', addedAt: 2 }
  assert.equal(lookalikes.knownBefore(other, [anna, other]), anna)
  assert.equal(lookalikes.knownBefore(anna, [anna, other]), undefined)
  assert.ok(lookalikes.isAmbiguous(anna, [anna, other]))
  assert.ok(!lookalikes.isAmbiguous(anna, [anna]))
})
