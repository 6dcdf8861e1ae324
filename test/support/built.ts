/** The package as `npm run build` makes it, installed in a folder of a test: `import 'quorum'` works from there. */
import assert from 'node:assert/strict'
import { copyFileSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { execute, root } from '../../scripts/dev/checks.ts'
import { folder } from './cleanup.ts'

export async function builtPackage(t: TestContext): Promise<string> {
  const place = folder(t)
  const quorum = join(place, 'node_modules', 'quorum')
  mkdirSync(quorum, { recursive: true })
  const build = [join(root, 'scripts/run.mjs'), 'build', '--out', join(quorum, 'dist')]
  const { ok, output } = await execute(process.execPath, build)
  assert.ok(ok, output)
  copyFileSync(join(root, 'package.json'), join(quorum, 'package.json'))
  symlinkSync(join(root, 'node_modules'), join(quorum, 'node_modules'), 'junction')
  return place
}
