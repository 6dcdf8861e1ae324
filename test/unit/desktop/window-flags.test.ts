/** The command line of the window: unknown words are refused; links and the switches of Electron are not. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { linkIn, ownWords, readCommandLine } from '../../../desktop/main/options.ts'
import { QuorumError } from '../../../protocol/base/errors.ts'

const read = (...words: string[]): ReturnType<typeof readCommandLine> => readCommandLine(words, {}, '/')

test('refuses unknown and misspelt flags, invalid values and stray words with one line', () => {
  for (const words of [
    ['--direct', 'nevr'],
    ['--profil', 'bob'],
    ['--no-upnpp'],
    ['--no-direct'],
    ['--profile'],
    ['--downloads', ''],
    ['--hidden=yes'],
    ['--no-sandboxx'],
    ['film.mkv'],
  ]) {
    assert.throws(
      () => read(...words),
      (error) => error instanceof QuorumError && error.code === 'bad-request' && !error.message.includes('\n'),
      words.join(' '),
    )
  }
})

test('privacy flags apply to this run; without them the profile decides', () => {
  assert.deepEqual(read().privacy, {})
  assert.deepEqual(read('--direct', 'never', '--no-upnp', '--mdns', '--no-read-receipts').privacy, {
    direct: 'never',
    upnp: false,
    mdns: true,
    readReceipts: false,
  })
})

test('accepts links and the switches of Electron and Chromium', () => {
  const options = read(
    '--no-sandbox',
    '--remote-debugging-port=0',
    '--inspect=0',
    '--ozone-platform=wayland',
    '--enable-features=UseOzonePlatform,WaylandWindowDecorations',
    '--profile',
    'bob',
    '--hidden',
    'quorum://add/abc',
  )
  assert.deepEqual([options.profile, options.hidden, options.link], ['bob', true, 'quorum://add/abc'])
  assert.equal(read(`quorum://${'x'.repeat(5000)}`).link, undefined, 'it is too long to be an invite')
  assert.equal(linkIn(['--type=x', 'quorum://add/abc']), 'quorum://add/abc')
})

test('in a checkout, the words before the main file are Electron’s', () => {
  const argv = ['electron', '--inspect=0', '-r', 'loader.js', '/q/desktop/main/main.ts', '--profile', 'bob']
  assert.deepEqual(ownWords(argv, false), ['--profile', 'bob'])
  assert.deepEqual(ownWords(['/usr/bin/quorum-desktop', '--hidden'], true), ['--hidden'])
})
