/** Paths as they are typed, dropped on the window, or completed with Tab. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  completePath,
  looksLikePath,
  onePathIn,
  pathsIn,
  type PathContext,
} from '../../../scripts/cli/terminal/typed-paths.ts'

const linux: PathContext = { home: '/home/b', cwd: '/desk', platform: 'linux' }
const windows: PathContext = { home: 'C:\\Users\\b', cwd: 'D:\\work', platform: 'win32' }

const folders: Record<string, { name: string; folder: boolean }[]> = {
  '/desk': [
    { name: 'My Photos', folder: true },
    { name: 'a.txt', folder: false },
    { name: 'ab"c\'d.txt', folder: false },
    { name: '.hidden', folder: false },
    { name: 'evil\u001b[2J', folder: false },
  ],
  '/desk/My Photos': [{ name: 'one two.jpg', folder: false }],
  '/home/b': [{ name: 'Pictures', folder: true }],
  'D:\\work': [{ name: 'My Photos', folder: true }],
  'D:\\work\\My Photos': [{ name: 'one.jpg', folder: false }],
}
const list = (folder: string) => folders[folder.replace(/(?<=.)\/$/u, '')] ?? folders[folder.replace(/\\$/u, '')] ?? []

test('several paths, with spaces and quotes, relative to the home and the current folder', () => {
  assert.deepEqual(pathsIn(`a.txt "b c.txt" 'd "e"' f\\ g ~ ~/h ../i /j/`, linux), [
    '/desk/a.txt',
    '/desk/b c.txt',
    '/desk/d "e"',
    '/desk/f g',
    '/home/b',
    '/home/b/h',
    '/i',
    '/j',
  ])
  assert.deepEqual(pathsIn(`'it'\\''s' "say \\"so\\"" '~/x' a~/b`, linux), [
    "/desk/it's",
    '/desk/say "so"',
    '/desk/~/x',
    '/desk/a~/b',
  ])
  assert.deepEqual(pathsIn('  ', linux), [])
  assert.deepEqual(pathsIn('file:///tmp/a%20b.txt', linux), ['/tmp/a b.txt'])
  assert.deepEqual(pathsIn('C:\\a\\b "x y" ~\\z', windows), ['C:\\a\\b', 'D:\\work\\x y', 'C:\\Users\\b\\z'])
  assert.throws(() => pathsIn('"a b', linux), { code: 'bad-request', message: /quote is not closed/u })
})

test('a single path needs no quotes', () => {
  assert.equal(onePathIn(' ~/My Pictures ', linux), '/home/b/My Pictures')
  assert.equal(onePathIn('"My Pictures"', linux), '/desk/My Pictures')
  assert.equal(onePathIn('My\\ Pictures', linux), '/desk/My Pictures')
  assert.throws(() => onePathIn(' ', linux), { code: 'bad-request' })
})

test('a path is distinguished from a name', () => {
  for (const word of ['~', '~/x', '/x', './x', '../x', '.', '..', '"/x', 'C:\\x', 'file:///x']) {
    assert.ok(looksLikePath(word), word)
  }
  for (const word of ['Bob', '2', '~bob', '.bob', 'a/b', 'c:']) assert.ok(!looksLikePath(word), word)
})

test('Tab completes existing paths, quoted as typed', () => {
  assert.deepEqual(completePath('M', linux, list), [['My\\ Photos/'], 'M'])
  assert.deepEqual(completePath('"M', linux, list), [['"My Photos/'], '"M'])
  assert.deepEqual(completePath('a.txt "My Photos/', linux, list), [['"My Photos/one two.jpg" '], '"My Photos/'])
  assert.deepEqual(completePath('x My\\ Photos/o', linux, list), [['My\\ Photos/one\\ two.jpg '], 'My\\ Photos/o'])
  assert.deepEqual(completePath("'ab", linux, list), [[`'ab"c'\\''d.txt' `], "'ab"])
  assert.deepEqual(completePath('~/', linux, list), [['~/Pictures/'], '~/'])
  assert.deepEqual(completePath('~/P', linux, list), [['~/Pictures/'], '~/P'])
  assert.deepEqual(completePath('.h', linux, list), [['.hidden '], '.h'])
  assert.deepEqual(completePath('nothing/here', linux, list), [[], 'nothing/here'])
  assert.deepEqual(completePath('M', windows, list), [['"My Photos/'], 'M'])
  assert.deepEqual(completePath('"My Photos\\o', windows, list), [['"My Photos\\one.jpg" '], '"My Photos\\o'])
})

test('hidden files and names that are not safe to display are not completed', () => {
  const [all, completed] = completePath('a.txt ', linux, list)
  assert.equal(completed, '')
  assert.deepEqual(all, ['My\\ Photos/', 'a.txt ', 'ab\\"c\\\'d.txt '])
})

test('for any file name: completed and read again, it is the same file', () => {
  const name = fc
    .string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 12 })
    .filter((text) => /^[^/.~\s][^/]*[^/\s]$/u.test(text))
  fc.assert(
    fc.property(name, fc.constantFrom('', '"', "'", './', '"./'), (file, begun) => {
      const [[match = '']] = completePath(begun, linux, () => [{ name: file, folder: false }])
      assert.deepEqual(pathsIn(match, linux), [`/desk/${file}`], match)
    }),
  )
})
