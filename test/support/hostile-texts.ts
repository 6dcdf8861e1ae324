/**
 * More than 200 texts that a malicious friend may send: markup, scripts, false links, control characters, stacked
 * combining marks, look-alikes.
 */

const markup = [
  '<script>window.hacked=1</script>',
  '<img src=x onerror="window.hacked=1">',
  '<svg onload=window.hacked=1>',
  '<iframe src="javascript:parent.hacked=1"></iframe>',
  '<a href="javascript:window.hacked=1">click</a>',
  '<style>*{display:none}</style>',
  '<form action=https://example.org><input name=a></form>',
  '<object data="data:text/html,<script>parent.hacked=1</script>"></object>',
  '<math><mtext></form><form><mglyph><svg><mtext><style><path id="</style><img onerror=window.hacked=1 src>">',
  '{{constructor.constructor("window.hacked=1")()}}',
  '${window.hacked=1}',
  '"><script>window.hacked=1</script>',
  "'-window.hacked=1-'",
  '<!--<script>window.hacked=1</script>-->',
  '&lt;script&gt;window.hacked=1&lt;/script&gt;',
  '<noscript><p title="</noscript><img src=x onerror=window.hacked=1>">',
  '<base href="https://example.org/">',
  '<meta http-equiv=refresh content="0;url=https://example.org">',
  '<link rel=stylesheet href=https://example.org/a.css>',
  '<video><source onerror=window.hacked=1></video>',
]
const links = [
  'javascript:window.hacked=1',
  'JaVaScRiPt:window.hacked=1//https://example.org',
  'file:///etc/passwd',
  'smb://example.org/share',
  'data:text/html,<script>window.hacked=1</script>',
  'vbscript:msgbox(1)',
  'ftp://example.org/file',
  'https://user:password@example.org/',
  'https://example.org@evil.example/',
  'https://exаmple.org/',
  'https://example.org\u202e/gro.elpmaxe',
  'https://例え.テスト/',
  'https://[::1]:80/',
  'https://example.org/%00%0a%0d',
  'http://example.org:99999/',
  'https://',
  'https:///example.org',
  'https://example.org/<script>',
  'quorum://add/AAAA',
  'app://quorum/index.html',
]
const controls = [
  '\u202Eabc\u202C',
  '\u2066abc\u2069',
  '\u0000\u0001\u0007\u001b[31mred\u001b[0m',
  '\u001b]8;;https://example.org\u0007link\u001b]8;;\u0007',
  '\u200b\u200b\u200b',
  '\ufeff',
  'a\u0300\u0301\u0302\u0303\u0304\u0305\u0306\u0307\u0308\u0309'.repeat(20),
  '\u2028\u2029\u0085',
  '\u{e0041}\u{e0042}',
  '\u3164\u3164',
]
const huge = ['x'.repeat(20_000), '\n'.repeat(3000), '😀'.repeat(4000), 'لآ'.repeat(3000), 'word '.repeat(4000)]

/** Each alone, and wrapped in text that could end a surrounding attribute, element or line. */
export const hostileTexts: readonly string[] = [
  ...[...markup, ...links, ...controls].flatMap((text) => [text, `a ${text} b`, `"'>${text}`, `\n${text}\n`]),
  ...huge,
]
