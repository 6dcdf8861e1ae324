/**
 * An earlier version of Quorum: the present version must stay compatible with its protocols and profiles. Its sources
 * are unpacked into a folder of the test; the packages are those of this checkout.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { Programs } from './line-process.ts'

const root = join(import.meta.dirname, '..', '..')
/**
 * A file and not a commit of this repository, which a clone without history does not have. It holds the last commit
 * with all files of the library in one folder:
 * `git archive --format=tar.gz b2a2fc0096e3 protocol node scripts package.json`.
 */
const sources = join(root, 'test/fixtures/previous-version.tar.gz')

/** Unpacks it below `folder`; returns the commands that start its programs. */
export function previousVersion(folder: string): Programs {
  const tree = join(folder, 'previous-version')
  mkdirSync(tree)
  const unpacked = spawnSync('tar', ['-x', '-z', '-f', sources, '-C', tree], { encoding: 'utf8' })
  assert.equal(unpacked.status, 0, unpacked.stderr)
  symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'), 'dir')
  const quorum = join(tree, 'scripts/quorum.ts')
  return {
    peer: [quorum, 'peer', '--json'],
    quorum: [quorum],
    dcutr: [],
    node: [join(tree, 'node/main.ts'), '--json', '--log-level', 'warn'],
  }
}
