/** The ways in which people paste an invite and type a code, and what is none. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { limits } from '../../../protocol/base/limits.ts'
import { inviteToLink } from '../../../protocol/identity/invite-link.ts'
import { parseRecipient, splitNote } from '../../../protocol/identity/recipient.ts'
import { alice, bob } from '../../support/people.ts'
import { refused } from '../../support/refused.ts'

const content = {
  name: 'Alice',
  nodes: ['/dns4/node.example.org/tcp/4001'],
  addresses: ['/ip4/192.0.2.1/tcp/4002'],
  token: new Uint8Array(16).fill(7),
  expiresAt: 1_800_000_000_000,
}
const link = inviteToLink(alice, content)
/** One with two hyphens in succession. */
const hyphenated =
  Array.from({ length: 500 }, (_, at) => inviteToLink(alice, { ...content, expiresAt: content.expiresAt + at })).find(
    (one) => /\w--\w/u.test(one) && !/---/u.test(one),
  ) ?? assert.fail('no link has two hyphens in succession')
const other = inviteToLink(bob, { ...content, name: 'Bob' })
const code = 'K7QF2-M9XT1'
const wide = (text: string): string =>
  [...text].map((letter) => String.fromCodePoint((letter.codePointAt(0) ?? 0) + 0xfee0)).join('')
/** Lines of `width` characters. */
const wrapped = (text: string, width: number, between: string): string =>
  text.match(new RegExp(`.{1,${width}}`, 'gu'))?.join(between) ?? ''

const pasted: Record<string, string> = {
  'as it is': link,
  'blanks around': ` \n${link}\t`,
  'angle brackets': `<${link}>`,
  'straight quotes': `"${link}"`,
  'typographic quotes': `„${link}“`,
  'French quotes': `« ${link} »`,
  'a sentence before': `Add me: ${link}`,
  'a sentence behind': `${link} see you soon!`,
  'a full stop': `My invite is ${link}.`,
  'a line behind': `${link}\nSent from my phone`,
  Markdown: `[Add me](${link}) on Quorum`,
  'escaped Markdown': link.replaceAll('_', String.raw`\_`),
  'code in Markdown': `\`${link}\``,
  'quoted-printable': wrapped(link, 75, '=\r\n'),
  'wrapped by a mail program': wrapped(`Here it is: ${link}`, 72, '\r\n'),
  'wrapped, and words on the next line': `${wrapped(link, 72, '\n')}\nlove, Alice`,
  'wrapped and quoted': wrapped(link, 70, '\n> '),
  'wrapped and indented': wrapped(link, 60, '\n    '),
  'percent-encoded': encodeURIComponent(link),
  'in the address of a page': `https://example.org/r?to=${encodeURIComponent(link)}&s=1`,
  'tracking behind it': `${link}?fbclid=abc`,
  'a fragment behind it': `${link}#top`,
  'without the slashes': link.replace('//', ''),
  'a capital scheme': link.replace('quorum', 'QUORUM'),
  'zero width space before': `\u200b${link}`,
  'zero width spaces inside': wrapped(link, 30, '\u200b'),
  'a soft hyphen inside': wrapped(link, 40, '\u00ad'),
  'a direction mark': `\u200e${link}\u200e`,
  'a byte order mark': `\ufeff${link}`,
  'full width': wide(link),
  'in HTML': `<a href="${link}">my invite</a>`,
  'line breaks of HTML inside': wrapped(link, 40, '<wbr>').replace('<wbr>', '<br />\n'),
  'in the entities of HTML': link.replaceAll('/', '&#47;').replace(':', '&#x3A;'),
  'made safe by a mail provider': `https://eur01.safelinks.example.com/?url=${encodeURIComponent(link)}&data=05%7C01`,
  'percent-encoded twice': encodeURIComponent(encodeURIComponent(link)),
  'the form of a work chat': `<${link}|${link}>`,
  'in JSON': JSON.stringify({ link }).replaceAll('/', String.raw`\/`),
  'three slashes': link.replace('//', '///'),
  'one slash': link.replace('//', '/'),
  backslashes: link.replaceAll('/', '\\'),
  'a blank behind the colon': link.replace(':', ': '),
  'as the address of a page': link.replace('quorum://add/', 'https://add/'),
  'without its scheme': link.replace('quorum:', ''),
  'only what is behind the slashes': link.replace('quorum://add/', ''),
  'bold in Markdown': `__${link}__`,
  'non-breaking hyphens': hyphenated.replaceAll('-', '\u2011'),
  'an em dash for two hyphens': hyphenated.replaceAll('--', '—'),
  'en dashes for hyphens': hyphenated.replaceAll('-', '–'),
  'pasted twice': link + link,
  'the frame of a terminal': `│ ${wrapped(link, 60, ' │\n│ ')} │`,
  'quoted-printable, with blanks': wrapped(link, 60, '=20\r\n'),
  'among letters without spaces': `我的邀请${link}快加我`,
  'before another one': `${link} or ${other}`,
  'hyphenated by a typesetter': wrapped(link, 70, '-\n'),
  'in a comment': wrapped(link, 70, '\n# '),
  'in a comment of stars': wrapped(link, 70, '\n * '),
  'with marked words of HTML inside': wrapped(link, 70, '</span><span class="found">'),
  'behind a damaged one': `${link.slice(0, 60)}, no: ${link}`,
}
for (const [how, text] of Object.entries(pasted)) {
  test(`a link is found: ${how}`, () => {
    const recipient = parseRecipient(text)
    assert.equal(recipient.kind === 'invite' && recipient.invite.peer, alice.peer)
  })
}

const typed: Record<string, string> = {
  'as it is': code,
  'small, with a blank': 'k7qf2 m9xt1',
  'without a dash': 'K7QF2M9XT1',
  'I for 1': 'k7qf2-m9xti',
  'a full stop behind it': `${code}.`,
  'an exclamation mark': `${code}!`,
  'a full stop for the dash': 'k7qf2.m9xt1',
  'a low line for the dash': 'k7qf2_m9xt1',
  'an en dash': 'K7QF2–M9XT1',
  'an em dash with blanks': 'K7QF2 — M9XT1',
  'a non-breaking hyphen': 'K7QF2\u2011M9XT1',
  'a minus sign': 'K7QF2−M9XT1',
  quotes: `"${code}"`,
  'typographic quotes': `“${code}”`,
  brackets: `(${code})`,
  'a label': `Code: ${code}`,
  'a label in another language': `Der Code ist: k7qf2 m9xt1`,
  'full width': wide(code),
  'in a sentence': `My code is ${code}, see you!`,
  'invisible characters': `\u2068${code}\u2069`,
  'a tab': `\t${code}\n`,
  'letter by letter': 'K 7 Q F 2 - M 9 X T 1',
  wrapped: 'K7QF2-\nM9XT1',
  'a slash': 'K7QF2/M9XT1',
  'a middle dot': 'K7QF2·M9XT1',
  'a long vowel mark for the dash': 'K7QF2ーM9XT1',
  'percent-encoded': 'K7QF2%2DM9XT1',
  'a space of an address': 'K7QF2+M9XT1',
  'entities of HTML': 'K7QF2&ndash;M9XT1',
  'bold in Markdown': `**${code}**`,
  'Arabic digits': 'K٧QF٢-M٩XT١',
  'Persian digits': 'K۷QF۲-M۹XT۱',
  'Devanagari digits': 'K७QF२-M९XT१',
  keycaps: 'K7\ufe0f\u20e3QF2-M9XT1',
  'pasted twice': code + code,
  'pasted twice, in two lines': `${code}\n${code}`,
  'as a link': `quorum://add/${code}`,
  'as a short link': `quorum:${code}`,
  'in JSON': JSON.stringify({ code }),
  'an ideographic full stop': 'K7QF2 M9XT1。',
  'an Arabic question mark': 'K7QF2 M9XT1؟',
  'a danda': 'K7QF2 M9XT1।',
  'a Spanish question': '¿K7QF2 M9XT1?',
  'corner brackets': '『K7QF2 M9XT1』',
  'an emoji before it': '🔑 K7QF2 M9XT1',
  'an emoji behind it': 'k7qf2 m9xt1 👍🏽',
  'a label with an apostrophe': 'Code d’invitation : K7QF2 M9XT1',
  'a label with a digit': 'Code 1: K7QF2 M9XT1',
  'a label with brackets': 'Quorum (code): K7QF2 M9XT1',
  'two labels': 'Quorum: Code: K7QF2 M9XT1',
  'a label of words': 'Code it is: K7QF2 M9XT1',
  'a label in the line before': 'Your code\nK7QF2 M9XT1\nvalid for a day',
  'a sentence in Japanese': 'コードは K7QF2 M9XT1 です。',
  'a colon': 'K7QF2:M9XT1',
  'an equals sign': 'K7QF2=M9XT1',
  'a middle dot of katakana': 'K7QF2・M9XT1',
  'a Braille blank': 'K7QF2\u2800M9XT1',
  underlined: 'K\u03327\u0332QF2-M9XT1',
}
for (const [how, text] of Object.entries(typed)) {
  test(`a code is found: ${how}`, () => assert.deepEqual(parseRecipient(text), { kind: 'code', code }))
}

test('what looks like a code and is none is an error that says what is wrong, and no handle', () => {
  for (const [text, why] of [
    ['K7QF2-M9XT', /10 letters and digits, and this has 9.*@K7QF2-M9XT/u],
    ['k7qf2.m9xt', /this has 9/u],
    ['k7qf2m9xt', /this has 9/u],
    ['K7QF2-M9XT10', /this has 11/u],
    ['K7QF2-M9XTU', /no U/u],
    ['Code: K7QF2-M9XT', /this has 9/u],
    ['"K7QF-M9XT."', /this has 8/u],
    ['abcde–fghj', /this has 9/u],
    ['K7QF2-M9XT$', /this has 9/u],
    ['<b>K7QF2 M9XT</b>', /this has 11/u],
    ['K7QF2', /this has 5.*@K7QF2/u],
    ['abcde-', /this has 5/u],
  ] as const) {
    const part = text.includes('U') ? 'code-letter' : 'code-length'
    assert.throws(() => parseRecipient(text), { code: 'bad-invite', message: why, part }, text)
  }
})

test('PeerIds and handles', () => {
  assert.deepEqual(parseRecipient(alice.peer), { kind: 'peer', peer: alice.peer })
  assert.deepEqual(parseRecipient(alice.peer + alice.peer), { kind: 'peer', peer: alice.peer })
  assert.deepEqual(parseRecipient(`/ip4/192.0.2.1/tcp/4001/p2p/${alice.peer}`), { kind: 'peer', peer: alice.peer })
  assert.deepEqual(parseRecipient(`My PeerId: ${alice.peer}.`), { kind: 'peer', peer: alice.peer })
  for (const [text, handle] of [
    ['@Alice', 'alice'],
    ['alice_1', 'alice_1'],
    ['"alice"', 'alice'],
    ['alice2024', 'alice2024'],
    ['@k7qf2-m9xt', 'k7qf2-m9xt'],
    ['alice.', 'alice'],
    ['Handle: @alice', 'alice'],
  ] as const) {
    assert.deepEqual(parseRecipient(text), { kind: 'handle', handle })
  }
})

test('text that identifies no peer is refused', () => {
  for (const text of [
    '',
    'al',
    'https://example.org/',
    'what is this?',
    'is it a code',
    `…${alice.peer.slice(-6)}`,
    'https://example.org/add/friend',
    'alice@example.org',
    alice.peer.slice(0, -2),
    '@',
    'x'.repeat(5000),
  ]) {
    assert.throws(() => parseRecipient(text), refused('bad-request'), text)
  }
  for (const text of [
    link.slice(0, -9),
    'quorum://add/',
    `${link.slice(0, -9)} see you`,
    link.replace('add/', 'add/A'),
  ]) {
    assert.throws(() => parseRecipient(text), refused('bad-invite'), text)
  }
})

test('a long text with many beginnings of links is looked through at once', () => {
  const text = 'quorum://add/AAAA '.repeat(3000)
  assert.throws(() => parseRecipient(text), refused('bad-invite'))
  // Reading a PeerId takes quadratic time: of a long one, no more than one is read.
  assert.throws(() => parseRecipient('12D3Koo'.repeat(9000)), refused('bad-request'))
})

const lines: readonly (readonly [line: string, to: string, note?: string])[] = [
  ['k7qf2 m9xt1', 'k7qf2 m9xt1'],
  ['K7QF2 M9XT1 hi, it is Bob', 'K7QF2 M9XT1', 'hi, it is Bob'],
  ['K7QF2 — M9XT1 hi', 'K7QF2 — M9XT1', 'hi'],
  ['K 7 Q F 2 - M 9 X T 1 hi', 'K 7 Q F 2 - M 9 X T 1', 'hi'],
  ['K7Q F2M 9XT1', 'K7Q F2M 9XT1'],
  ['Code: K7QF2 M9XT1 see you', 'Code: K7QF2 M9XT1', 'see you'],
  ['"K7QF2 M9XT1" hi', '"K7QF2 M9XT1"', 'hi'],
  [`${code} it is  Bob `, code, 'it is  Bob'],
  [`the code is ${code}`, `the code is ${code}`],
  [`hello ${code} from me`, `hello ${code}`, 'from me'],
  [`quorum:${code} hi`, `quorum:${code}`, 'hi'],
  [`${link} it is me`, link, 'it is me'],
  [`Add me: ${link} it is me`, `Add me: ${link}`, 'it is me'],
  [`${wrapped(link, 70, ' ')} it is me`, wrapped(link, 70, ' '), 'it is me'],
  [`${link}\nlove, Alice`, `${link}\nlove, Alice`],
  [`${link.slice(0, 60)} it is me`, `${link.slice(0, 60)} it is me`],
  [`${alice.peer} it is me`, alice.peer, 'it is me'],
  [`PeerId: ${alice.peer} hi`, `PeerId: ${alice.peer}`, 'hi'],
  ['alice', 'alice'],
  ['alice it is me', 'alice', 'it is me'],
  ['alice meet me at 10:30', 'alice', 'meet me at 10:30'],
  ['anna this is Bob', 'anna', 'this is Bob'],
  ['@alice hello', '@alice', 'hello'],
  ['Handle: @alice hi', 'Handle: @alice', 'hi'],
  ['', ''],
]
test('in a line, the recipient ends where the note begins: not within a code', () => {
  for (const [line, to, note = ''] of lines) assert.deepEqual(splitNote(line), { to, note }, line)
})

test('whatever is pasted or typed behind a command, the invite or code in it is found', () => {
  for (const text of [...Object.values(pasted), ...Object.values(typed)]) {
    assert.deepEqual(parseRecipient(splitNote(text).to), parseRecipient(text), text)
  }
})

test('behind a command, a first word that may be a handle is asked about, and no code goes into a note to it', () => {
  for (const text of [
    '[28.11.26, 22:45:29] Alice: K7QF2 M9XT1',
    'Code – K7QF2 M9XT1',
    'Code is K7QF2 M9XT1',
    'code = k7qf2.m9xt1',
  ]) {
    assert.deepEqual(parseRecipient(text), { kind: 'code', code })
    assert.throws(() => splitNote(text), { code: 'bad-request', message: /“k7qf2.m9xt1” a code/iu }, text)
  }
})

test('what may be a handle with a note or a code with a blank is neither', () => {
  for (const line of ['alice hello', 'alice hello there', 'K7QF2 M9XT', 'K7QF2 M9XT hi', 'ABCDE FGHJ', 'K7Q F2M 9XT']) {
    assert.throws(() => splitNote(line), { code: 'bad-request', message: /a code with a dash.*, and a handle as @/u })
  }
})

/** What is mistaken by mistake, `length` characters of it. */
const mistaken: { [what: string]: (length: number) => string } = {
  'base64 of a file': (length) => randomBytes(length).toString('base64').slice(0, length),
  'the same in lines': (length) => `${randomBytes(76).toString('base64').slice(0, 76)}\n`.repeat(length / 77),
  'a link, and what never ends': (length) => `quorum://add/${'a b '.repeat(length / 4)}`,
  'beginnings of links': (length) => '/add/'.repeat(length / 5),
  'payloads without a link': (length) => `${'a'.repeat(100)} `.repeat(length / 101),
  blanks: (length) => `x${' '.repeat(length)}x`,
  'full stops': (length) => `a${'.'.repeat(length)}b`,
  'a word, and blanks': (length) => `ab${' '.repeat(length)}1`,
}

test('a long text that is no recipient is refused in linear time', () => {
  /** The shortest of some, in milliseconds: others use the machine, too. */
  const time = (text: string): number => {
    const times = Array.from({ length: 3 }, () => {
      const begun = performance.now()
      assert.throws(() => parseRecipient(text), { code: /^bad-(invite|request)$/ })
      return performance.now() - begun
    })
    return Math.min(...times)
  }
  for (const [what, text] of Object.entries(mistaken)) {
    const [short, long] = [limits.pastedInvite / 16, limits.pastedInvite - 16].map((length) => time(text(length)))
    assert.ok(short != null && long != null)
    // Quadratic: 256 times as long; and a millisecond is as good as nothing.
    assert.ok(long < 64 * Math.max(short, 1), `${what}: ${short.toFixed(2)} ms, then ${long.toFixed(2)} ms`)
  }
})

test('an invite behind a long text that looks like many of them is found', () => {
  const text = `${mistaken['base64 of a file']?.(limits.pastedInvite / 2)}\n\nHere: ${link}`
  assert.equal(parseRecipient(text).kind, 'invite')
})
