/** scripts/dev/line-length.ts: breakable text is too long at 121 characters, unbreakable text is not. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { overlong } from '../../../scripts/dev/line-length.ts'

const words = (length: number): string =>
  'word '
    .repeat(length)
    .slice(0, length - 1)
    .concat('.')

for (const [what, file, line, long] of [
  ['a comment of 120 characters', 'a.ts', `// ${words(117)}`, false],
  ['a comment of 121', 'a.ts', `// ${words(118)}`, true],
  ['a comment behind code', 'a.ts', `const a = 1 // ${words(118)}`, true],
  ['a line of a block comment', 'a.ts', ` * ${words(118)}`, true],
  ['a string', 'a.ts', `say('${words(118)}')`, true],
  ['a string that a test expects', 'test/unit/a.test.ts', `say('${words(118)}')`, false],
  ['a comment in a test', 'test/unit/a.test.ts', `  // ${words(118)}`, true],
  ['one long word', 'a.ts', ` * https://example.org/${'x'.repeat(120)}`, false],
  ['120 characters that are more code units', 'a.ts', `// ${words(116)}😀`, false],
  ['prose', 'a.md', words(121), true],
  ['a row of a table', 'a.md', `| ${words(121)} |`, false],
  ['a target of links', 'a.md', `[spec]: https://example.org/${'x'.repeat(120)}`, false],
] as const) {
  test(`${what} is ${long ? 'too long' : 'fine'}`, () => {
    assert.deepEqual(overlong(file, `short\n${line}\n`), long ? [2] : [])
  })
}

test('an example in a document may be long, the text after it may not', () => {
  assert.deepEqual(overlong('a.md', ['```', words(121), '```', words(121)].join('\n')), [4])
})
