/** What a peer wrote, in the window: what is left of deceiving characters, and what counts as a link. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cleanLine, cleanText, openable, pieces } from '../../../desktop/text/foreign.ts'

test('controls, bidi controls and invisible characters go; what languages and emoji need stays', () => {
  assert.equal(cleanText('a\u202Ee\u0000x\u001b[31me\u200b.\ufefftxt'), 'aex[31me.txt')
  assert.equal(cleanText('one\r\ntwo\u2028three'), 'one\ntwo\nthree')
  for (const kept of ['می‌خواهم', '👨‍👩‍👧', '❤️', 'café', 'שלום']) assert.equal(cleanText(kept), kept)
  assert.equal(cleanText(`a${'\u0301'.repeat(50)}b`), `a${'\u0301'.repeat(4)}b`)
  assert.equal(cleanText('\ud800'), '\ufffd')
})

test('a line is one line, and no longer than it may be', () => {
  assert.equal(cleanLine('  a \n\t b  '), 'a b')
  assert.equal(cleanLine('x'.repeat(300), 10), `${'x'.repeat(10)}…`)
  assert.equal(cleanLine('👨‍👩‍👧'.repeat(3), 3), '👨‍👩‍👧'.repeat(3))
  assert.ok(cleanLine('x'.repeat(10_000_000), 40).length <= 41)
})

test('links are http and https, without passwords, and end where the sentence goes on', () => {
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
  assert.equal(openable('https://аррӏе.com/'), 'https://xn--80ak6aa92e.com/')
  assert.equal(openable('javascript:alert(1)'), undefined)
})

test('the pieces of a message are the whole message', () => {
  for (const text of ['', 'plain', 'https://example.org', 'a https://example.org. b http://example.org! c']) {
    assert.equal(
      pieces(text)
        .map((piece) => piece.text)
        .join(''),
      text,
    )
  }
})
