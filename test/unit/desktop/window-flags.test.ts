/** The command line of the window: what is not understood is refused, what is Electron's or a link is not. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { linkIn, ownWords, readCommandLine } from '../../../desktop/main/options.ts'
import { QuorumError } from '../../../protocol/base/errors.ts'

const read = (...words: string[]): ReturnType<typeof readCommandLine> => readCommandLine(words, {}, '/')

test('unknown and misspelt flags, wrong values and stray words are refused in one line', () => {
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

test('privacy flags are given for this run; without them the profile decides', () => {
  assert.deepEqual(read().privacy, {})
  assert.deepEqual(read('--direct', 'never', '--no-upnp', '--mdns', '--no-read-receipts').privacy, {
    direct: 'never',
    upnp: false,
    mdns: true,
    readReceipts: false,
  })
})

test('switches of Electron and Chromium pass, and so do links', () => {
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
  assert.equal(read(`quorum://${'x'.repeat(5000)}`).link, undefined, 'too long to be an invite: nothing is opened')
  assert.equal(linkIn(['--type=x', 'quorum://add/abc']), 'quorum://add/abc')
})

test('in a checkout, what stands before the main file is Electron’s', () => {
  const argv = ['electron', '--inspect=0', '-r', 'loader.js', '/q/desktop/main/main.ts', '--profile', 'bob']
  assert.deepEqual(ownWords(argv, false), ['--profile', 'bob'])
  assert.deepEqual(ownWords(['/usr/bin/quorum-desktop', '--hidden'], true), ['--hidden'])
})
