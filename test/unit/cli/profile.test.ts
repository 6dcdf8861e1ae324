/** Where a profile is stored on each system, and where its passphrase comes from. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { downloadsFolder, givenPassphrase, profileFolder, typedPath } from '../../../scripts/cli/profile.ts'

test('a named profile is stored in the data folder of the system', () => {
  assert.equal(profileFolder('bob', {}, 'linux', '/home/b'), '/home/b/.local/share/quorum/profiles/bob')
  assert.equal(profileFolder('bob', { XDG_DATA_HOME: '/data' }, 'linux', '/home/b'), '/data/quorum/profiles/bob')
  assert.equal(
    profileFolder('bob', { XDG_DATA_HOME: 'data' }, 'linux', '/home/b'),
    '/home/b/.local/share/quorum/profiles/bob',
  )
  assert.match(
    profileFolder('bob', {}, 'darwin', '/Users/b'),
    /^\/Users\/b\/Library\/Application Support\/Quorum\/profiles\/bob$/u,
  )
})

test('text with a separator is a path; a name cannot leave the data folder', () => {
  assert.equal(profileFolder('./bob', {}, 'linux', '/home/b'), path.resolve('bob'))
  for (const home of ['', 'home', './home']) {
    assert.throws(() => profileFolder('bob', {}, 'linux', home), { code: 'bad-request', message: /HOME/u })
    assert.equal(profileFolder('bob', { XDG_DATA_HOME: '/data' }, 'linux', home), '/data/quorum/profiles/bob')
    assert.equal(profileFolder('/srv/bob', {}, 'linux', home), '/srv/bob')
  }
  assert.equal(profileFolder('/srv/bob', {}, 'linux', '/home/b'), '/srv/bob')
  for (const name of ['..', '.', '.hidden', 'a\nb', 'a:b', 'x'.repeat(65)]) {
    assert.throws(() => profileFolder(name, {}, 'linux', '/home/b'), { code: 'bad-request' })
  }
})

test('a tilde that the shell left alone is the home folder', () => {
  for (const [typed, meant] of [
    ['~/bob', '/home/b/bob'],
    ['~', '/home/b'],
    ['~/../c', '/home/c'],
    ['bob', '/cwd/bob'],
    ['./~/bob', '/cwd/~/bob'],
    ['~bob', '/cwd/~bob'],
    ['a/~/b', '/cwd/a/~/b'],
    [' ', '/cwd/ '],
  ] as const) {
    assert.equal(typedPath(typed, '/home/b', '/cwd'), meant, typed)
  }
  assert.equal(profileFolder('~/bob', {}, 'linux', '/home/b'), '/home/b/bob')
  assert.equal(downloadsFolder('~/in', {}, 'linux', '/home/b'), '/home/b/in')
})

test('the passphrase comes from the file, else from the environment', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'quorum-'))
  const file = path.join(folder, 'passphrase')
  try {
    writeFileSync(file, 'from file \r\n')
    assert.equal(givenPassphrase(file, { QUORUM_PASSPHRASE: 'from environment' }), 'from file ')
    assert.equal(givenPassphrase(undefined, { QUORUM_PASSPHRASE: 'from environment' }), 'from environment')
    assert.equal(givenPassphrase(undefined, { QUORUM_PASSPHRASE: '' }), undefined)
    writeFileSync(file, '\ufefffrom an editor of Windows\r\n')
    assert.equal(givenPassphrase(file, {}), 'from an editor of Windows')
    writeFileSync(file, Buffer.from('gr\xfcn', 'latin1'))
    assert.throws(() => givenPassphrase(file, {}), { code: 'bad-request', message: /no UTF-8/u })
    assert.throws(() => givenPassphrase('/dev/zero', {}), { code: 'bad-request', message: /more than/u })
    assert.throws(() => givenPassphrase(folder, {}), { code: 'bad-request', message: /EISDIR/u })
    writeFileSync(file, '\n')
    assert.throws(() => givenPassphrase(file, {}), { code: 'bad-request' })
    assert.throws(() => givenPassphrase(path.join(folder, 'missing'), {}), { code: 'bad-request' })
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('accepted files are saved in the given folder, else in the download folder of the person', () => {
  const at = (text: string | undefined, env = {}, platform: NodeJS.Platform = 'linux'): string =>
    downloadsFolder(undefined, env, platform, '/home/b', (file) => {
      assert.equal(file, '/home/b/.config/user-dirs.dirs')
      return text
    })
  assert.equal(
    at('XDG_DESKTOP_DIR="$HOME/Desk"\n  XDG_DOWNLOAD_DIR="$HOME/Téléchargements"\n'),
    '/home/b/Téléchargements',
  )
  assert.equal(at('XDG_DOWNLOAD_DIR="/data/a \\"b\\" \\$c"'), '/data/a "b" $c')
  for (const none of [
    undefined,
    '',
    '# XDG_DOWNLOAD_DIR="/x"',
    'XDG_DOWNLOAD_DIR="$HOME/"',
    'XDG_DOWNLOAD_DIR="$HOME"',
  ]) {
    assert.equal(at(none), '/home/b/Downloads')
  }
  // Neither a relative folder nor another variable.
  for (const odd of ['"Downloads"', '"$HOMER/x"', '"$OTHER/x"', '""']) {
    assert.equal(at(`XDG_DOWNLOAD_DIR=${odd}`), '/home/b/Downloads')
  }
  const read = (file: string): string | undefined =>
    file === '/c/user-dirs.dirs' ? 'XDG_DOWNLOAD_DIR="/d"' : undefined
  assert.equal(downloadsFolder(undefined, { XDG_CONFIG_HOME: '/c' }, 'linux', '/home/b', read), '/d')
  assert.equal(downloadsFolder(undefined, { XDG_CONFIG_HOME: '/c' }, 'darwin', '/home/b', read), '/home/b/Downloads')
  assert.equal(downloadsFolder('here', {}, 'linux', '/home/b', read), path.resolve('here'))
  // On the real file system a missing file is no error.
  assert.equal(downloadsFolder(undefined, {}, 'linux', '/nobody/here'), '/nobody/here/Downloads')
})
