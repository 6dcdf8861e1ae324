/** Text as people search it, what they type for it, and where it is found. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fold, hitsIn, matches, searchTerms } from '../../../protocol/base/folded-text.ts'

test('case, accents, normal forms, width, both letters i of Turkish, and lines do not matter', () => {
  const same = [
    ['Straße', 'STRASSE'],
    ['Grüße', 'Gru\u0308\u00dfe', 'grusse'],
    ['\u0130stanbul', '\u0131stanbul', 'ISTANBUL', 'istanbul', 'i\u0307stanbul'],
    ['\uff26\uff55\uff4c\uff4c\u3000\uff17', 'full 7'],
    ['ΟΔΟΣ', 'οδός', 'οδοσ'],
    ['Łódź', 'lodz'],
    ['ガ', '\uff76\uff9e', 'カ\u3099'],
    ['각', '\u1100\u1161\u11a8'],
    ['a\r\n b', 'a\0b', 'A\tb'],
    ['soft\u00adhyphen', 'softhyphen'],
    ['GROẞ', 'groß', 'gross'],
    ['don’t', "don't", 'don‘t', 'donʼt'],
    ['п’ять', 'пʼять', "п'ять"],
    ['well\u2011known', 'well–known', 'well-known', 'well\u2212known'],
    ['½', '1/2'],
    ['שָׁלוֹם', 'שלום'],
    ['كِتَابٌ', 'كتـــاب', 'كتاب', 'کتاب'],
    ['کتابی', 'كتابي', 'كتابى'],
    ['مدرسة', 'مدرسه'],
    ['١٢٣', '۱۲۳', '१२३', '１２３', '123'],
  ]
  for (const group of same) assert.equal(new Set(group.map(fold)).size, 1, group.map(fold).join(' '))
  const different = [
    ['か', 'が'],
    ['कि', 'का'],
    ['shoe', 'show'],
  ] as const
  for (const [one, other] of different) assert.notEqual(fold(one), fold(other))
})

test('words are searched for in any order, what is in quotation marks as it is', () => {
  assert.deepEqual(searchTerms('  two Words '), ['two', 'words'])
  assert.deepEqual(searchTerms('a "Two  words" b a'), ['two words', 'a', 'b'])
  for (const phrase of ['„x y“', '“x y”', '”x y”', '«x y»', '»x y«', '‹x y›', '「x y」', '『x y』', '＂x y＂'])
    assert.deepEqual(searchTerms(phrase), ['x y'])
  assert.deepEqual(searchTerms('5" and "'), ['and', '5'])
  assert.deepEqual(searchTerms(' "" \u0301 '), [])
  assert.ok(matches(['Zoë Müller', 'zoe_m'], searchTerms('muller ZOE')))
  assert.ok(!matches(['Zoë Müller', 'zoe_m'], searchTerms('muller max')))
})

test('quotation marks without a counterpart are none, and any number of them is read at once', () => {
  // Half a minute, as long as a phrase could contain the mark that begins it.
  for (const [open, close] of ['„“', '“”', '«»', '‹›', '「」', '『』']) {
    assert.deepEqual(searchTerms(`${open}one ${open}two three${close}`), ['two three', 'one'])
    assert.deepEqual(searchTerms(`${open}`.repeat(65_000)), [])
  }
})

test('what was found is marked in the text as it is written', () => {
  const marked = (text: string, query: string): string[] =>
    hitsIn(text, searchTerms(query)).map(({ start, end }) => text.slice(start, end))
  assert.deepEqual(marked('Viele Grüße, GRÜSSE!', 'grusse'), ['Grüße', 'GRÜSSE'])
  assert.deepEqual(marked('x Gru\u0308\u00dfe', 'ss u'), ['u\u0308\u00df'])
  assert.deepEqual(marked('one\r\n\r\ntwo', '"one two"'), ['one\r\n\r\ntwo'])
  assert.deepEqual(marked('\uff2c\uff21\uff2e', 'an'), ['\uff21\uff2e'])
  assert.deepEqual(marked('abcabc', 'bc ab'), ['abcabc'])
  assert.deepEqual(marked('كتـــاب، שָׁלוֹם ٤٢', 'كتاب שלום 42'), ['كتـــاب', 'שָׁלוֹם', '٤٢'])
  assert.deepEqual(marked('ㄱـ\u1161', '가'), ['ㄱـ\u1161'])
  assert.deepEqual(marked('nothing', 'x'), [])
  // An emoji is marked as a whole: half of it would be shown as another.
  assert.deepEqual(marked('ok 👍🏽', '👍'), ['👍🏽'])
  assert.deepEqual(marked('we 👨‍👩‍👧', '👩'), ['👨‍👩‍👧'])
  assert.deepEqual(marked('🇩🇪🇫🇷!', '🇫🇷'), ['🇫🇷'])
  assert.deepEqual(marked('1️⃣ 2', '1'), ['1️⃣'])
})

test('a text is found in itself, from its first letter to its last, however it is written', () => {
  const unit = fc.constantFrom(
    'a',
    'Ä',
    'u\u0308',
    'ß',
    ' ',
    '\n',
    '\0',
    '\u0301',
    '´',
    'ﬁ',
    '각',
    '\u1100',
    '\u1161',
    '가',
    '\u11a8',
    'ㄱ',
    '\uff76',
    '\uff9e',
    'が',
    'Σ',
    '👨‍👩‍👧',
    '👍🏽',
    '🇩🇪',
    'ـ',
    '٣',
    'ָ',
    '’',
    '\u00ad',
    'İ',
    'क',
    'ि',
  )
  fc.assert(
    fc.property(fc.array(fc.oneof(unit, fc.string({ unit: 'binary', maxLength: 3 })), { maxLength: 12 }), (parts) => {
      const text = parts.join('').toWellFormed()
      const whole = fold(text)
      if (whole === '') return
      const hits = hitsIn(text, [whole])
      assert.equal(hits.length, 1, JSON.stringify(text))
      assert.equal(fold(text.slice(hits[0]?.start, hits[0]?.end)), whole)
    }),
    { numRuns: 5000 },
  )
})
