/** The bench measures another version of the code: a folder, or a revision of the repository. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkout } from '../../../scripts/dev/bench/checkout.ts'
import { ownRoot } from '../../../scripts/dev/bench/processes.ts'
import { folder } from '../../support/cleanup.ts'

const isRepository = existsSync(join(ownRoot, '.git'))

test('a folder with a checkout is used as it is', (t) => {
  assert.equal(join(checkout(ownRoot, folder(t)), '/'), ownRoot)
})

test('a revision is unpacked, and runs', { skip: isRepository ? false : 'these files are in no repository' }, (t) => {
  const root = checkout('HEAD', folder(t))
  assert.notEqual(root, ownRoot)
  const version = execFileSync(process.execPath, [join(root, 'node/main.ts'), '--version'], { encoding: 'utf8' })
  assert.match(version, /^\d+\.\d+\.\d+/)
})

test('anything else is refused', (t) => {
  assert.throws(() => checkout('no-such-revision', folder(t)), /neither a folder .* nor a revision/)
  assert.throws(() => checkout('--remote=elsewhere', folder(t)), /neither a folder .* nor a revision/)
})
