/**
 * Text of peers: the same rule removes deceptive characters in the window, in the terminal and in the names of files.
 * And the links in a message of the window.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { cleanLine, cleanText, inLines, openable, pieces } from '../../../desktop/text/foreign.ts'
import { withoutUnseen } from '../../../protocol/file/safe-names.ts'
import { directionMarks, isBlank, marksBeyond, unseenRemover } from '../../../protocol/base/foreign-text.ts'
import { cleanText as cleanForTerminal } from '../../../scripts/cli/terminal/sanitize.ts'
import { ordinary } from '../../support/ordinary-names.ts'

test('what shows nothing is blank, whatever it is made of', () => {
  for (const nothing of ['', ' \n', '\u200b', '\u2800 \u2060', '\u3164\ufeff', '\u202e\u{1d159}'])
    assert.ok(isBlank(nothing))
  for (const something of ['.', ' a', '\u200b👍', 'ـ', '\u0301']) assert.ok(!isBlank(something))
})

test('removes controls, bidi controls and invisible characters, and keeps what languages and emoji need', () => {
  assert.equal(cleanText('a\u202Ee\u0000x\u001b[31me\u200b.\ufefftxt'), 'aex[31me.txt')
  assert.equal(cleanText('one\r\ntwo\u2028three'), 'one\ntwo\nthree')
  for (const allowed of ['می‌خواهم', '👨‍👩‍👧', '❤️', 'café', 'שלום']) assert.equal(cleanText(allowed), allowed)
  assert.equal(cleanText(`a${'\u0301'.repeat(50)}b`), `a${'\u0301'.repeat(4)}b`)
  assert.equal(cleanText('\ud800'), '\ufffd')
})

/** Every code point of Unicode except the surrogates. */
function* characters(): Generator<string> {
  for (let code = 0; code < 0x110000; code += 1) if (code < 0xd800 || code > 0xdfff) yield String.fromCodePoint(code)
}

/** Line breaks: a text of several lines has `\n` for each of them; a name has none. */
const breaks = '\n\r\u000b\u000c\u0085\u2028\u2029'

test('window, terminal and names of files agree on the invisible characters, over all of Unicode', () => {
  const differences: Record<string, string> = { window: '', terminal: '' }
  const removed = { window: 0, terminal: 0, names: 0 }
  for (const one of characters()) {
    // The next character is not ASCII, because an escape sequence would remove an ASCII character with it.
    const text = `a${one}é`
    const shown = { window: cleanText(text), terminal: cleanForTerminal(text), names: withoutUnseen(text) }
    // Each of the three removes the character or keeps it; only line breaks and the terminal's tab are replaced.
    for (const [place, result] of Object.entries(shown)) {
      if (result === 'aé') removed[place as keyof typeof removed] += 1
      else if (place !== 'names' && breaks.includes(one)) assert.equal(result, 'a\né')
      else if (place === 'terminal' && one === '\t') assert.equal(result, 'a  é')
      else assert.equal(result, text, `${place}: U+${one.codePointAt(0)?.toString(16)}`)
    }
    if (shown.window !== shown.names) differences.window += one
    if (shown.terminal !== shown.names) differences.terminal += one
  }
  const sorted = (text: string): string => [...text].toSorted().join('')
  assert.equal(differences.window, sorted(`\t${breaks}${directionMarks}`), 'a tab, new lines and direction marks stay')
  assert.equal(differences.terminal, sorted(`\t${breaks}`), 'a tab and new lines stay in some form')
  assert.ok(removed.names > 4100)
})

test('removes between letters only controls, separators, annotations and default ignorable characters', () => {
  const remove = unseenRemover('')
  for (const one of characters()) {
    assert.equal(
      remove(`a${one}b`) === 'ab',
      /[\p{Cc}\p{Zl}\p{Zp}\p{DI}\ufff9-\ufffc]/u.test(one),
      one.codePointAt(0)?.toString(16),
    )
  }
})

test('what a script or an emoji needs stays where it is needed, and is removed elsewhere, in all three', () => {
  for (const text of ordinary.filter((name) => !/\p{M}{5}/u.test(name))) {
    assert.equal(cleanText(text), text)
    assert.equal(cleanForTerminal(text), text)
    assert.equal(withoutUnseen(text), text)
  }
  const hidden = '🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f} \u{e0048}\u{e0069}'
  const seen = hidden.slice(0, -'\u{e0048}\u{e0069}'.length)
  const cases = [
    [hidden, seen],
    ['Sus\u200dan', 'Susan'],
    ['می\u200c\u200cخواهم', 'می\u200cخواهم'],
    ['👩\u200d\u200d🚀 a\ufe0f', '👩🚀 a'],
    ['1\ufe0f 1\ufe0f\u20e3', '1 1\ufe0f\u20e3'],
  ] as const
  for (const [text, expected] of cases) {
    for (const clean of [cleanText, cleanForTerminal, withoutUnseen]) {
      assert.equal(clean(text), expected, JSON.stringify(text))
    }
  }
  assert.equal(cleanText('שלום!\u200f (a)'), 'שלום!\u200f (a)', 'the window keeps the marks that order a sentence')
})

test('cleaning is idempotent, and linear in a long text of marks and joiners', () => {
  const part = fc.constantFrom(
    'a',
    'ب',
    'क',
    '\u0301',
    '👩',
    '🏽',
    '\u200c',
    '\u200d',
    '\ufe0f',
    '\u20e3',
    '1',
    '葛',
    '\u{e0100}',
    '\u200e',
    '\u034f',
  )
  fc.assert(
    fc.property(fc.array(part, { maxLength: 30 }), (parts) => {
      const once = cleanText(parts.join(''))
      assert.equal(cleanText(once), once)
    }),
    { numRuns: 5000 },
  )
  const long = `ب${'\u0651'.repeat(500_000)}\u200d`.repeat(2)
  assert.equal(cleanText(long), `ب${'\u0651'.repeat(4)}\u200d`.repeat(2))
  assert.equal(`a${'\u0301'.repeat(20)}b`.replace(marksBeyond(16), ''), `a${'\u0301'.repeat(16)}b`)
})

test('a line is one line of bounded length', () => {
  assert.equal(cleanLine('  a \n\t b  '), 'a b')
  assert.equal(cleanLine('x'.repeat(300), 10), `${'x'.repeat(10)}…`)
  assert.equal(cleanLine('👨‍👩‍👧'.repeat(3), 3), '👨‍👩‍👧'.repeat(3))
  assert.ok(cleanLine('x'.repeat(10_000_000), 40).length <= 41)
})

test('links are http and https without passwords, and end before the punctuation of the sentence', () => {
  const links = (text: string): string[] => pieces(text).flatMap((piece) => ('link' in piece ? piece.link : []))
  assert.deepEqual(links('see https://example.org/a_(b), and (http://example.org/c).'), [
    'https://example.org/a_(b)',
    'http://example.org/c',
  ])
  for (const none of [
    'javascript:alert(1)',
    'file:///etc/passwd',
    'smb://a/b',
    'data:text/html,x',
    'https://user@example.org/',
    'https://user:password@example.org/',
    'https://',
    'xhttps://example.org',
  ]) {
    assert.deepEqual(links(none), [], none)
  }
  assert.deepEqual(links('www.example.org, or WWW.example.org/a?'), [
    'https://www.example.org/',
    'https://www.example.org/a',
  ])
  assert.deepEqual(links('www. xwww.example.org'), [])
  assert.equal(openable('https://аррӏе.com/'), 'https://xn--80ak6aa92e.com/')
  assert.equal(openable('javascript:alert(1)'), undefined)
})

test('an invite in a message is a piece of its own, as long as the letters of a link go on', () => {
  assert.deepEqual(pieces('<quorum://add/CiQ_-9>, and QUORUM://add/x'), [
    { text: '<' },
    { invite: 'quorum://add/CiQ_-9', text: 'quorum://add/CiQ_-9' },
    { text: '>, and ' },
    { invite: 'QUORUM://add/x', text: 'QUORUM://add/x' },
  ])
})

test('an address in a dialog of the system is broken into short lines; of a very long one the middle is left out', () => {
  assert.equal(inLines('https://example.org/'), 'https://example.org/')
  const address = `https://example.org/${'a'.repeat(600)}`
  assert.equal(inLines(address).replaceAll('\n', ''), address)
  const long = inLines(`https://example.org/${'a'.repeat(60_000)}?end`).split('\n')
  assert.ok(long.length <= 10 && long.every((line) => line.length <= 64))
  assert.ok(long[0]?.startsWith('https://example.org/a') && long.includes('…') && long.at(-1)?.endsWith('?end'))
})

test('the pieces of a message together are the whole message', () => {
  for (const text of [
    '',
    'plain',
    'https://example.org',
    'a https://example.org. b http://example.org! c',
    'quorum://add/a b www.c.d.',
  ]) {
    assert.equal(
      pieces(text)
        .map((piece) => piece.text)
        .join(''),
      text,
    )
  }
})
