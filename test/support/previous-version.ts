/**
 * An earlier version of Quorum, from the history of this checkout: the present version must stay compatible with its
 * protocols and profiles. Its sources are unpacked into a folder of the test; the packages are those of this checkout.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { Programs } from './line-process.ts'

const root = join(import.meta.dirname, '..', '..')
/** The last commit with all files of the library in one folder. */
const commit = 'b2a2fc0096e37a2bdb161758dc57a0b86393e351'

/** Unpacks it below `folder`; returns the commands that start its programs. */
export function previousVersion(folder: string): Programs {
  const tree = join(folder, 'previous-version')
  mkdirSync(tree)
  const archive = spawnSync('git', ['-C', root, 'archive', commit, 'protocol', 'node', 'scripts', 'package.json'], {
    maxBuffer: 64 * 1024 * 1024,
  })
  assert.equal(
    archive.status,
    0,
    `${archive.stderr.toString()}This test needs the history of the repository: git fetch --unshallow`,
  )
  const unpacked = spawnSync('tar', ['-x', '-C', tree], { input: archive.stdout })
  assert.equal(unpacked.status, 0, unpacked.stderr.toString())
  symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'), 'dir')
  const quorum = join(tree, 'scripts/quorum.ts')
  return {
    peer: [quorum, 'peer', '--json'],
    quorum: [quorum],
    dcutr: [],
    node: [join(tree, 'node/main.ts'), '--json', '--log-level', 'warn'],
  }
}
