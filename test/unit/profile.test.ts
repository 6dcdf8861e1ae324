/** Where a profile lives on each system, and where its passphrase comes from. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { givenPassphrase, profileFolder } from '../../scripts/profile.ts'

test('a name lives in the data folder of the system', () => {
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

test('anything with a separator is a path; a name cannot lead out of the data folder', () => {
  assert.equal(profileFolder('./bob', {}, 'linux', '/home/b'), path.resolve('bob'))
  assert.equal(profileFolder('/srv/bob', {}, 'linux', '/home/b'), '/srv/bob')
  for (const name of ['..', '.', '.hidden', 'a\nb', 'a:b', 'x'.repeat(65)]) {
    assert.throws(() => profileFolder(name, {}, 'linux', '/home/b'), { code: 'bad-request' })
  }
})

test('the passphrase comes from the file, else from the environment', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'quorum-'))
  const file = path.join(folder, 'passphrase')
  try {
    writeFileSync(file, 'from file \r\n')
    assert.equal(givenPassphrase(file, { QUORUM_PASSPHRASE: 'from environment' }), 'from file ')
    assert.equal(givenPassphrase(undefined, { QUORUM_PASSPHRASE: 'from environment' }), 'from environment')
    assert.equal(givenPassphrase(undefined, { QUORUM_PASSPHRASE: '' }), undefined)
    writeFileSync(file, '\n')
    assert.throws(() => givenPassphrase(file, {}), { code: 'bad-request' })
    assert.throws(() => givenPassphrase(path.join(folder, 'missing'), {}), { code: 'bad-request' })
  } finally {
    rmSync(folder, { recursive: true })
  }
})
