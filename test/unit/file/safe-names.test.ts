/**
 * Names of files from a peer (threats 51, 52, 54): for any offered name the result is one harmless component, or a path
 * below the root, by the rules of Linux, macOS and Windows. The rules are written here a second time, from the
 * documentation of the systems and independent of the code.
 */
import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { numbered, safeComponent, safePaths } from '../../../protocol/file/safe-names.ts'
import { riskOf } from '../../../protocol/file/name-risk.ts'
import { list, ordinary } from '../../support/ordinary-names.ts'

// ---- the rules

const bytes = (text: string) => new TextEncoder().encode(text).length
const codes = (text: string) => [...text].map((character) => character.codePointAt(0) ?? 0)

function isSafeOnPosix(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !/[/\0]/u.test(name) && bytes(name) <= 255
}

/** Finder shows `:` as a slash, HFS+ stores names decomposed, APFS refuses unassigned and ill-formed names. */
function isSafeOnMac(name: string): boolean {
  if (!isSafeOnPosix(name) || name.includes(':') || !name.isWellFormed() || /\p{Cn}/u.test(name)) return false
  return name.normalize('NFC') === name && !/[<>:"/\\|?*]/u.test(name.normalize('NFD'))
}

const devices = ['CON', 'PRN', 'AUX', 'NUL', 'CLOCK$', 'CONIN$', 'CONOUT$'].concat(
  ['COM', 'LPT'].flatMap((port) => Array.from('0123456789¹²³', (digit) => port + digit)),
)

/** learn.microsoft.com, "Naming Files, Paths, and Namespaces". */
function isSafeOnWindows(name: string): boolean {
  if (name === '' || name.length > 255 || /[. ]$/u.test(name) || !name.isWellFormed()) return false
  if (codes(name).some((code) => code < 32 || '<>:"/\\|?*'.includes(String.fromCodePoint(code)))) return false
  const [base = '', extension = ''] = name.split('.')
  if (devices.includes(base.trimEnd().toUpperCase())) return false
  const isShort = base.length <= 8 && /~\d+$/u.test(base) && extension.length <= 3 && name.split('.').length <= 2
  return !isShort || /\s/u.test(name)
}

/** Code points that are invisible everywhere, from the Unicode charts. */
const neverSeen = [
  [0x00, 0x1f],
  [0x7f, 0x9f],
  [0xad, 0xad],
  [0x034f, 0x034f],
  [0x061c, 0x061c],
  [0x115f, 0x1160],
  [0x17b4, 0x17b5],
  [0x200b, 0x200b],
  [0x200e, 0x200f],
  [0x2028, 0x202e],
  [0x2060, 0x206f],
  [0x3164, 0x3164],
  [0xd800, 0xdfff],
  [0xf000, 0xf0ff],
  [0xfeff, 0xfeff],
  [0xffa0, 0xffa0],
  [0xfff0, 0xfffc],
  [0xfffe, 0xffff],
  [0x1bca0, 0x1bca3],
  [0x1d173, 0x1d17a],
  [0xe0000, 0xe001f],
  [0xe0080, 0xe00ff],
  [0xe01f0, 0xe0fff],
] as const

/** Visible only by their effect on the adjacent character: joiners, variation selectors, tags. */
// oxlint-disable-next-line no-misleading-character-class -- each is meant alone
const depends = /[\u{200c}\u{200d}\u{fe00}-\u{fe0f}\u{e0100}-\u{e01ef}\u{e0020}-\u{e007f}\u{180b}-\u{180f}]/u

function isWhatItLooksLike(name: string): boolean {
  if (codes(name).some((code) => neverSeen.some(([first, last]) => code >= first && code <= last))) return false
  if (/^[\s\u2800]|[\s\u2800]$/u.test(name)) return false
  // No character before that they can modify: the beginning, Latin, Greek, Cyrillic, punctuation, blanks; except `1️⃣`.
  const rest = name.replace(/[0-9#*]\ufe0f\u20e3/gu, '')
  const alone = new RegExp(
    `(?:^|[\\p{ASCII}\\p{Script=Latin}\\p{Script=Greek}\\p{Script=Cyrillic}])${depends.source}`,
    'u',
  )
  return !alone.test(rest)
}

function assertHarmless(name: string): void {
  const shown = JSON.stringify(name)
  assert.ok(isSafeOnPosix(name), `Linux: ${shown}`)
  assert.ok(isSafeOnMac(name), `macOS: ${shown}`)
  assert.ok(isSafeOnWindows(name), `Windows: ${shown}`)
  assert.ok(isWhatItLooksLike(name), `looks: ${shown}`)
  assert.ok(!name.toLowerCase().startsWith('.quorum-'), `ours: ${shown}`)
}

/** Below the root by the rules of both systems, and already normalized. */
function assertContained(safe: string): void {
  const below = safe.replace(/\/$/u, '')
  assert.equal(path.posix.normalize(`/srv/in/${below}`), `/srv/in/${below}`)
  assert.equal(path.win32.normalize(`C:\\in\\${below}`), `C:\\in\\${below.replaceAll('/', '\\')}`)
  assert.ok(!path.posix.isAbsolute(safe) && !path.win32.isAbsolute(safe))
  assert.equal(path.win32.parse(safe).root, '')
  const components = below.split('/')
  assert.ok(components.length <= 64 && bytes(safe) <= 896)
  for (const component of components) assertHarmless(component)
}

// oxlint-disable-next-line no-misleading-character-class -- each is meant alone
const ignored = /[\u{ad}\u{34f}\u{180b}-\u{180f}\u{200b}-\u{200f}\u{fe00}-\u{fe0f}\u{e0100}-\u{e01ef}]/gu

/** The keys that file systems compare: NTFS and exFAT by unit, APFS folded and decomposed, ext4 without ignorables. */
const sameNames: ((name: string) => string)[] = [
  (name) => name,
  (name) =>
    name
      .split('')
      .map((unit) => (unit.toUpperCase().length === 1 ? unit.toUpperCase() : unit))
      .join(''),
  (name) => folded(name.normalize('NFD')),
  (name) => folded(name.normalize('NFD').replace(ignored, '')),
  (name) => folded(name.normalize('NFKD')),
]

/** Full case folding, a code point at a time: no final sigma. */
function folded(text: string): string {
  return [...text].map((one) => (one === 'ẞ' ? 'ss' : one.toUpperCase().toLowerCase())).join('')
}

/** No two files, and no file and folder, are equal on any system; folders are equal exactly where they were equal. */
function assertApart(offered: readonly string[], safe: readonly string[]): void {
  assert.equal(safe.length, offered.length)
  const files = safe.filter((one) => !one.endsWith('/'))
  const folders = new Set<string>()
  const place = new Map<string, string>()
  const origin = new Map<string, string>()
  for (const [index, one] of safe.entries()) {
    assert.equal(one.endsWith('/'), offered[index]?.endsWith('/'))
    const parts = one.split('/').slice(0, -1)
    for (let depth = 1; depth <= parts.length; depth += 1) folders.add(parts.slice(0, depth).join('/'))
    const from = originalFolder(offered[index] ?? '')
    const to = parts.join('/')
    assert.equal(place.get(from) ?? to, to, 'one folder became two')
    assert.equal(origin.get(to) ?? from, from, 'two folders became one')
    place.set(from, to)
    origin.set(to, from)
  }
  const all = [...files, ...folders]
  for (const same of sameNames) {
    const keys = new Set(all.map((one) => one.split('/').map(same).join('\0')))
    assert.equal(keys.size, all.length)
  }
}

/** The folder that contains a path, or the path itself. */
function originalFolder(offered: string): string {
  const isFolder = offered.endsWith('/')
  const whole = isFolder ? offered.slice(0, -1) : offered
  const parts = whole.split('/')
  const name = parts.pop() ?? ''
  const before = parts.filter((part) => part !== '' && part !== '.')
  return (isFolder ? [...before, name] : before).map((part) => `/${part}`).join('')
}

// ---- the tables

/** Names with ` | ` between them. */
const escape = '\u001b'
const hostile: Record<string, string[]> = {
  traversal: [
    ...list('. | .. | ... | .... | ..  |  .. | . . | .. . | ..\u00a0 | ..\u200b | .\u200b. | ..\u202e | ..\u0000'),
    ...list('../x | ..\\x | ../../etc/passwd | ..\\..\\Windows\\win.ini | a/../../b | a\\..\\..\\b | ./x | .\\x'),
    ...list(
      '..;/x | %2e%2e%2f | ..%c0%af | ..\u2215..\u2215x | ..\uff0f..\uff0fx | ．．／x | \u2024\u2024/x | \u2025/x',
    ),
  ],
  absolute: [
    ...list('/ | // | /etc/passwd | \\ | \\x | \\Windows\\System32\\x.dll | C: | C:\\ | C:/x | c:x | C:\\x | z:..\\x'),
    ...list('~ | ~/x | ~root/x | $HOME/x | %APPDATA%\\x | file:///etc/passwd | \uff23\uff1a\uff3cx'),
  ],
  unc: [
    ...list(
      '\\\\server\\share\\x | //server/share/x | \\\\?\\C:\\x | \\\\.\\PhysicalDrive0 | \\\\.\\pipe\\x | \\??\\C:\\x',
    ),
    ...list('\\\\?\\UNC\\server\\share | \\\\?\\GLOBALROOT\\Device\\x | \\\\localhost\\c$\\x | //./COM1'),
  ],
  devices: [
    ...list('CON | con | Con | PRN | AUX | NUL | nul | CLOCK$ | CONIN$ | conout$ | COM0 | COM1 | com9 | LPT0'),
    ...list('LPT1 | lpt9 | COM¹ | com² | COM³ | LPT¹ | lpt² | LPT³ | CON. | CON  | CON . | CON.  | CON . .'),
    ...list(
      'con.txt | NUL.tar.gz | aux.h | PRN .txt | nul   .txt | COM1. | com1.log | COM¹.txt | CON..txt | NUL.a.b.c',
    ),
    ...list(
      'C\u200bON | CO\u00adN.txt | \u202eCON | NUL\u0000 | NUL: | CON:x |  CON | CON\u00a0.txt | \u3000nul | ＣＯＮ',
    ),
    `CON${' '.repeat(300)}x`,
    `CON${' '.repeat(300)}.txt`,
    `NUL.${'x'.repeat(300)}`,
    `AUX.${'x'.repeat(251)}`,
  ],
  controls: [
    ...list('a\u0000b | \u0000 | photo.jpg\u0000.exe | a\nb | a\rb | a\tb | a\u0007b | a\u0008b | a\u007fb | a\u0085b'),
    `${escape}[31mred${escape}[0m`,
    `${escape}]0;title\u0007`,
    `${escape}]52;c;ZXZpbA==${escape}\\`,
    `${escape}c`,
    ...list('\u009b31m | \u009d0;x\u009c | a\u2028b | a\u2029b | \n | \r\n |  \n  | x\n | \nx | \u0001 | \u001f'),
  ],
  bidi: [
    ...list(
      'photo\u202egpj.exe | \u202ecod.exe | a\u202ab | a\u202bb | a\u202cb | a\u202db | a\u2066b | a\u2067b | a\u2068b',
    ),
    ...list(
      'a\u2069b | a\u200eb | a\u200fb | a\u061cb | \u202e | \u202e\u202c | \u2067txt.\u2069exe | שלום\u202etxt.exe',
    ),
  ],
  invisible: [
    ...list(
      'a\u200bb | a\u00adb | a\u2060b | a\ufeffb | \ufeffx | a\u034fb | a\u180eb | a\u115fb | a\u1160b | a\u3164b',
    ),
    ...list(
      'a\uffa0b | a\u17b4b | a\u2061b | a\u2064b | a\u206ab | a\ufff9b\ufffac\ufffb | a\ufffcb | a\u200db | a\u200cb',
    ),
    ...list(
      '\u200d | \u200c\u200c | a\ufe0fb | a\ufe00 | a\u{e0100} | x\u{e0041}\u{e0042} | \u{e0001} | 🏴\u{e0061}\u{e007f}x',
    ),
    ...list(
      '1\ufe0f | #\ufe0f\ufe0f\u20e3 | 👩\u200d | 👩\u200dx | 👩\u200d\u200d👩 | ❤\ufe0f\ufe0f | ب\u200d\u200d | \u{1d173}x',
    ),
    ...list('\u3164 | \u2800 | \u2800\u2800x\u2800 | क\u200d\u200cष | 葛\u{e0100}\u{e0101} | a\u{e0fff} | \u{1bca0}'),
  ],
  windows: [
    'a:stream',
    'a.txt:evil.exe',
    'a.txt::$DATA',
    '::$INDEX_ALLOCATION',
    'a<b',
    'a>b',
    'a"b',
    'a|b',
    'a?b',
    'a*b',
    'a/b',
    ...list(
      'a\\b | name. | name.. | name  | name. . |  name |    | .  | a.txt. | a.txt  | a.txt\u00a0 | a\u3000 | \u00a0a',
    ),
    '<',
    '?',
    '*',
    ':',
    '"',
    '|',
    'a\u226eb',
    'a\u226fb',
    'a<\u0338b',
    '\uf03a',
    'a\uf02fb',
    'a\uf05cb',
    '\uf022\uf028',
    ...list('PROGRA~1 | PROGRA~1.TXT | a~1 | ~1 | LO1234~9.exe | QUORUM~1 | X~10.A | GIT~1 | a~b~2.c'),
  ],
  'no characters': [
    ...list('\ud800 | \udfff | a\ud83d | \ude00a | a\udc00\ud800b | \uffff | \ufffe | \ufdd0 | \u{1ffff} | \u{10ffff}'),
    '\u0378',
    '\u{e0080}',
    '\u2065',
    '\ufff0',
    '\ud83d'.repeat(300),
  ],
  long: [
    ...[
      'a',
      'é',
      'ж',
      'ש',
      'ب',
      'क',
      'ก',
      '語',
      '한',
      '😀',
      '👩‍👩‍👧‍👦',
      '🇩🇪',
      '👍🏽',
      '❤️',
      '1️⃣',
      'e\u0301',
      'ﷺ',
      '👩‍',
      'क्ष',
      'ᄀ',
      '\u0600',
    ].map((one) => one.repeat(300)),
    ...['a', 'é', '語', '😀', '👩‍👩‍👧‍👦'].map((one) => `${one.repeat(300)}.tar.gz`),
    `${'x'.repeat(254)}.`,
    `${'x'.repeat(255)} `,
    `${'x'.repeat(253)}. .`,
    'x'.repeat(256),
    `.${'x'.repeat(300)}`,
    `x.${'y'.repeat(300)}`,
    `${'.'.repeat(300)}x`,
    `${' '.repeat(300)}x`,
    `x${' '.repeat(300)}`,
    `a${' '.repeat(300)}b.txt`,
    `a${'\u0301'.repeat(400)}`,
    `a${'\u0301\u0316'.repeat(200)}.txt`,
    `\u0301${'\u0344'.repeat(100)}`,
    '/'.repeat(4096),
    `${'.'.repeat(300)}quorum-x y`,
    `${'.'.repeat(300)}.quorum-x`,
    `${'ab'.repeat(100_000)}.txt`,
    `🏴${'\u{e0067}'.repeat(200)}`,
    `${'\u0600'.repeat(124)}🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}x`,
    `${'\u200b'.repeat(3000)}x`,
  ],
  ours: [
    ...list('.quorum-x | .QUORUM-x | .Quorum-1.part |  .quorum-x | \u200b.quorum-x | .\u200bquorum- | .quo\u00adrum-x'),
    '．quorum-x',
    '\u2024quorum-x',
    '.quorum-',
    '.ｑuorum-x',
    `.quorum-${'x'.repeat(300)}`,
  ],
  nothing: ['', ' ', '\u0000\u0000', '\u200b', '.\u202e.', ' . ', '\t', '\ufeff', '\u2003', '. . .'],
}
const everyHostile = Object.values(hostile).flat()

/** The expected results, exactly. */
const cleaned: [string, string][] = [
  ['..', '_'],
  ['', '_'],
  ['../../etc/passwd', '.._.._etc_passwd'],
  ['C:\\Windows\\x.dll', 'C__Windows_x.dll'],
  ['\\\\server\\share', '__server_share'],
  ['CON', '_CON'],
  ['nul.tar.gz', '_nul.tar.gz'],
  ['COM¹ .txt', '_COM¹ .txt'],
  ['CONSOLE.txt', 'CONSOLE.txt'],
  ['COM10', 'COM10'],
  [`CON${' '.repeat(300)}x.txt`, '_CON.txt'],
  ['photo\u202egpj.exe', 'photogpj.exe'],
  ['a\u0000b', 'a_b'],
  [`${escape}[31mred${escape}[0m`, '_[31mred_[0m'],
  ['notes.txt:evil.exe', 'notes.txt_evil.exe'],
  ['name. . ', 'name'],
  [' name', 'name'],
  ['\ud83d.txt', '_.txt'],
  ['e\u0301.txt', 'é.txt'],
  ['e\u200b\u0301', 'é'],
  ['a\u200db', 'ab'],
  ['می\u200cخواهم\u200c\u200c', 'می\u200cخواهم\u200c'],
  ['👩\u200d👩\u200d', '👩\u200d👩'],
  ['.QUORUM-x', '_QUORUM-x'],
  ['PROGRA~1.TXT', 'PROGRA_1.TXT'],
  ['a≮b', 'a_b'],
  [`${'x'.repeat(300)}.jpeg`, `${'x'.repeat(250)}.jpeg`],
  [`${'x'.repeat(300)}.tar.gz`, `${'x'.repeat(248)}.tar.gz`],
  [`${'語'.repeat(100)}.txt`, `${'語'.repeat(83)}.txt`],
  [`${'👩‍👩‍👧'.repeat(20)}.png`, `${'👩‍👩‍👧'.repeat(13)}.png`],
  ['🇩🇪'.repeat(40), '🇩🇪'.repeat(31)],
  [`x. ${'y'.repeat(300)}`, `x. ${'y'.repeat(252)}`],
  [`a${'\u0316'.repeat(400)}`, `a${'\u0316'.repeat(16)}`],
  [`${'ab'.repeat(100_000)}.txt`, `${'ab'.repeat(125)}a.txt`],
]

// ---- one name

test('threat 51: the tables are large enough', () => {
  assert.ok(new Set(everyHostile).size >= 200)
  // The tables are hostile: the rules refuse most of the names unchanged.
  const harmless = everyHostile.filter((name) => {
    return isSafeOnPosix(name) && isSafeOnMac(name) && isSafeOnWindows(name) && isWhatItLooksLike(name)
  })
  assert.ok(harmless.length < everyHostile.length / 10, JSON.stringify(harmless))
})

for (const [kind, names] of Object.entries(hostile)) {
  test(`threat 51: ${kind}: harmless on Linux, macOS and Windows`, () => {
    for (const name of names) {
      const safe = safeComponent(name)
      assertHarmless(safe)
      assert.equal(safeComponent(safe), safe, `again: ${JSON.stringify(safe)}`)
      assertHarmless(numbered(safe, 2))
      assert.equal(safeComponent(numbered(safe, 12)), numbered(safe, 12))
    }
  })
}

test('threat 51: hostile names become exactly this', () => {
  for (const [name, safe] of cleaned) assert.equal(safeComponent(name), safe)
})

test('ordinary names in many languages pass byte for byte', () => {
  for (const name of ordinary) {
    assert.equal(safeComponent(name), name)
    assertHarmless(name)
    assert.deepEqual(safePaths([`${name}/${name}`, `top/${name}/`]), [`${name}/${name}`, `top/${name}/`])
  }
})

test('decomposed names, as macOS sends them, become composed and are otherwise unchanged', () => {
  for (const name of ordinary) assert.equal(safeComponent(name.normalize('NFD')), name)
})

test('a number is inserted before the extension and always fits', () => {
  assert.equal(numbered('photo.jpeg', 2), 'photo (2).jpeg')
  assert.equal(numbered('photo (2).jpeg', 3), 'photo (2) (3).jpeg')
  assert.equal(numbered('archive.tar.gz', 2), 'archive (2).tar.gz')
  assert.equal(numbered('README', 10), 'README (10)')
  assert.equal(numbered('.gitignore', 2), '.gitignore (2)')
  assert.equal(numbered('.tar.gz', 2), '.tar (2).gz')
  assert.equal(numbered('Mr. Smith and Mrs. Jones', 2), 'Mr. Smith and Mrs. Jones (2)')
  assert.equal(numbered(`${'x'.repeat(250)}.jpeg`, 2), `${'x'.repeat(231)} (2).jpeg`)
  for (const name of everyHostile.map(safeComponent)) {
    for (const n of [2, 250_000, Number.MAX_SAFE_INTEGER]) {
      assertHarmless(numbered(name, n))
      assert.ok(numbered(name, n).includes(` (${n})`))
    }
  }
})

// ---- many paths

test('threat 51: every path stays below the root', () => {
  const offered = everyHostile.flatMap((name) => [
    name,
    `${name}/`,
    `a/${name}`,
    `${name}/b`,
    `/${name}`,
    `../${name}/x/`,
  ])
  const safe = safePaths(offered)
  for (const one of safe) assertContained(one)
  assertApart(offered, safe)
})

test('threat 51: paths become exactly this', () => {
  const table: [string, string][] = [
    ['/etc/passwd', 'etc/passwd'],
    ['../../x', '_/_/x'],
    ['..\\..\\x', '.._.._x'],
    ['C:/Windows/x', 'C_/Windows/x'],
    ['\\\\server\\share\\x', '__server_share_x'],
    ['//server/share/x', 'server/share/x'],
    ['./a//./b', 'a/b'],
    ['empty/', 'empty/'],
    ['a/CON/.quorum-x/nul/', 'a/_CON/_quorum-x/_nul/'],
    ['trailing. /x', 'trailing/x'],
    ['', '_'],
    ['/', '_/'],
    ['.', '_'],
    ['..', '_'],
    ['a/../b', 'a/_/b'],
  ]
  for (const [offered, safe] of table) assert.deepEqual(safePaths([offered]), [safe])
})

test('threat 52: names that a file system treats as equal are made distinct', () => {
  const pairs = [
    ['a.txt', 'A.TXT', 'A (2).TXT'],
    ['é.txt', 'É.txt', 'É (2).txt'],
    ['straße', 'STRASSE', 'STRASSE (2)'],
    ['ẞ', 'ss', 'ss (2)'],
    ['ﬁle', 'file', 'file (2)'],
    ['ılık', 'ILIK', 'ILIK (2)'],
    ['İ', 'i\u0307', 'i̇ (2)'],
    ['ΟΔΟΣ', 'οδος', 'οδος (2)'],
    ['οδος', 'οδοσ', 'οδοσ (2)'],
    ['ＡＢＣ', 'abc', 'abc (2)'],
    ['K', '\u212a', 'K (2)'],
    ['ſ', 's', 's (2)'],
    ['葛\u{e0100}', '葛', '葛 (2)'],
    ['❤\ufe0f', '❤', '❤ (2)'],
    ['می\u200cخ', 'میخ', 'میخ (2)'],
    ['a:b', 'a?b', 'a_b (2)'],
    ['name', 'name.', 'name (2)'],
    ['CON', '_con', '_con (2)'],
    ['a\u00a0b', 'a b', 'a b (2)'],
    ['x'.repeat(255), 'x'.repeat(256), `${'x'.repeat(236)} (2)`],
    ['Ꭰ', 'ꭰ', 'ꭰ (2)'],
    ['ǆ', 'ǅ', 'ǅ (2)'],
    ['ᾳ', 'ᾼ', 'ᾼ (2)'],
  ] as const
  for (const [first, second, expected] of pairs) {
    assert.deepEqual(safePaths([first, second])[1], expected)
    const inside = safePaths([`${first}/x`, `${second}/x`])
    assert.deepEqual(inside, [`${safeComponent(first)}/x`, `${expected}/x`])
    assertApart([first, second], safePaths([first, second]))
  }
})

test('threat 52: equal names are numbered past numbers that are taken', () => {
  const offered = ['a.txt', 'A (2).txt', 'a.txt', 'a (3).txt', 'A.txt', 'a (2).txt']
  const safe = ['a.txt', 'A (2).txt', 'a (3).txt', 'a (3) (2).txt', 'A (4).txt', 'a (2) (2).txt']
  assert.deepEqual(safePaths(offered), safe)
  assertApart(offered, safe)
})

test('threat 52: a file and a folder with the same name are made distinct', () => {
  assert.deepEqual(safePaths(['a', 'A/b', 'a/', 'a/c']), ['a', 'A (2)/b', 'a (3)/', 'a (3)/c'])
  assert.deepEqual(safePaths(['a/b', 'a']), ['a/b', 'a (2)'])
})

test('one folder stays one folder, two are never merged', () => {
  const offered = [
    'Docs/a',
    'docs/a',
    'x',
    'Docs/b',
    'docs/',
    'Docs/A',
    'docs/b',
    '../x',
    '_/x',
    '..//y',
    'Docs/',
    'Docs/',
  ]
  const safe = safePaths(offered)
  assertApart(offered, safe)
  assert.deepEqual(safe.slice(0, 5), ['Docs/a', 'docs (2)/a', 'x', 'Docs/b', 'docs (2)/'])
  assert.deepEqual(safe.slice(7, 10), ['_/x', '_ (2)/x', '_/y'])
})

test('a path that is too deep or too long moves up into its topmost folder, with its contents', () => {
  const deep = `top/${Array.from({ length: 70 }, (_, level) => `f${level}`).join('/')}`
  const [first, second, other] = safePaths([`${deep}/a`, `${deep}/b`, 'top/f62/c'])
  assert.equal(first, 'top/f62/f63/f64/f65/f66/f67/f68/f69/a')
  assert.equal(second, 'top/f62/f63/f64/f65/f66/f67/f68/f69/b')
  assert.equal(other, 'top/f62 (2)/c')
  assert.equal(safePaths([`${'f/'.repeat(63)}a`])[0], `${'f/'.repeat(63)}a`)
  assert.equal(safePaths([`${'f/'.repeat(64)}a`])[0], 'f/f (2)/a')

  const long = (letter: string) => letter.repeat(255)
  const lengthy = [`top/${long('a')}/${long('b')}/${long('c')}/${long('d')}`, `${long('a')}/${long('b')}/${long('c')}/`]
  const safe = safePaths(lengthy)
  // A folder path has room for one name of 255 bytes below its topmost folder.
  assert.deepEqual(safe, [`top/${long('c')}/${long('d')}`, `${long('a')}/${long('c')}/`])
  for (const one of safe) assertContained(one)
  assertApart(lengthy, safe)

  // 511 bytes, a slash, and 128: 109 for the name and 19 for any number it may need.
  const before = `${long('a')}/${long('b')}`
  assert.equal(safePaths([`${before}/${'c'.repeat(109)}/x`])[0], `${before}/${'c'.repeat(109)}/x`)
  assert.equal(safePaths([`${before}/${'c'.repeat(110)}/x`])[0], `${long('a')}/${'c'.repeat(110)}/x`)
})

test('threat 52: 100,000 equal paths, and names made to collide, become distinct', () => {
  const count = 100_000
  const families: ((index: number) => string)[] = [
    () => 'folder/same.txt',
    (index) => (index < count / 2 ? `a (${index + 2})` : 'a'),
    // Long names that differ only where a number is inserted: all of them request the same numbered names.
    (index) => `${'x'.repeat(240)}${String(index >> 1).padStart(15, '0')}`,
    (index) => (index % 2 === 0 ? 'İ.TXT' : 'i\u0307.txt'),
    (index) => `${'deep/'.repeat(index % 3)}..`,
  ]
  for (const family of families) {
    const safe = safePaths(Array.from({ length: count }, (_, index) => family(index)))
    assert.equal(new Set(safe.map((one) => one.toUpperCase())).size, count)
  }
})

test('more folders than files: no memory for them, and every file still has its path', () => {
  const offered = Array.from({ length: 5000 }, (_, index) => `${index}/${'d/'.repeat(62)}x`)
  const safe = safePaths(offered)
  assert.equal(new Set(safe).size, offered.length)
  const folders = new Set(safe.flatMap((one) => [...one.matchAll(/\//gu)].map(({ index }) => one.slice(0, index))))
  assert.ok(folders.size <= 250_000)
  for (const one of safe.slice(-100)) assertContained(one)
})

test('a name of a megabyte is truncated before any other processing', () => {
  for (const unit of ['a', ' ', '.', '\u0301', '\u200b', '👩‍', '/', '\ud800', 'ﷺ', 'a\u0301\u0316', '~1']) {
    assertHarmless(safeComponent(unit.repeat(1_000_000)))
    assert.match(riskOf(unit.repeat(1_000_000)) ?? 'hidden', /^hidden$/)
  }
})

// ---- arbitrary input

const pieces = fc.constantFrom(
  ...list('/ | \\ | .. | . |   | : | ~ | ~1 | CON | nul | COM¹ | .quorum- | .txt | .tar.gz | .exe | x | X'),

  '\u0000',
  escape,
  '\u202e',
  '\u200b',
  '\u200c',
  '\u200d',
  '\ufe0f',
  '\ufe0e',
  '\ufe00',
  '\u20e3',
  '\u{e0100}',
  '\u034f',
  ...list(
    '\u{e0067} | \u{e0062} | \u{e0065} | \u{e006e} | \u{e007f} | 🏴 | 🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}',
  ),
  ...list('👩 | ❤ | 🏽 | 🇩 | 1 | é | e\u0301 | \u0301 | \u0316 | \u0344 | ß | ẞ | ı | İ | ﬁ | Σ | ς | < | \u0338'),
  ...list(
    'ب | \u064b | क | \u094d | \u093c | ष | র | ্ | ᠮ | \u180b | 葛 | \uf900 | ᄀ | ᅡ | \u0600 | 한 | \u0dd9 | \u0dcf',
  ),
  '\ud83d',
  '\ude00',
  '\ufffe',
  '\uf03a',
  '\u2028',
  '\u00a0',
  '\u2800',
  '\u3164',
  '\u3000',
  'a'.repeat(60),
  '語'.repeat(40),
)
const anyName = fc.oneof(
  { weight: 4, arbitrary: fc.array(pieces, { maxLength: 30 }).map((list) => list.join('')) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 300 }) },
  { weight: 1, arbitrary: fc.tuple(pieces, fc.nat(300), pieces).map(([one, count, end]) => one.repeat(count) + end) },
  { weight: 1, arbitrary: fc.constantFrom(...everyHostile.filter((name) => name.length < 1000), ...ordinary) },
)
const anyPath = fc
  .tuple(fc.array(anyName, { minLength: 1, maxLength: 5 }), fc.boolean())
  .map(([parts, isFolder]) => parts.join('/') + (isFolder ? '/' : ''))

test('threat 51: any name: harmless, unchanged when cleaned again, no longer than allowed', () => {
  fc.assert(
    fc.property(anyName, fc.integer({ min: 2, max: 1_000_000 }), (name, n) => {
      const safe = safeComponent(name)
      assertHarmless(safe)
      assert.equal(safeComponent(safe), safe)
      assert.equal(safeComponent(numbered(safe, n)), numbered(safe, n))
      assertHarmless(numbered(safe, n))
      riskOf(name)
    }),
    { numRuns: 3000 },
  )
})

test('threat 51, 52: any paths: below the root, distinct, and the same the next time', () => {
  fc.assert(
    fc.property(fc.array(anyPath, { maxLength: 12 }), (offered) => {
      const safe = safePaths(offered)
      for (const one of safe) assertContained(one)
      assertApart(offered, safe)
      assert.deepEqual(safePaths(offered), safe)
    }),
    { numRuns: 1500 },
  )
})

test('threat 52: every letter and its other cases are one name', () => {
  for (let code = 0x21; code < 0x20000; code += 1) {
    const one = safeComponent(String.fromCodePoint(code))
    const cases = [one.toLowerCase(), one.toUpperCase(), one.toUpperCase().toLowerCase(), one.normalize('NFKC')]
    for (const other of cases.filter((name) => name !== one && name === safeComponent(name))) {
      assert.match(safePaths([one, other])[1] ?? '', / \(2\)/u, `${one} ${other}`)
    }
  }
})
