/** docs/embedding.md, with the package as it is installed: what it says about a node in a program of one's own. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { root } from '../../scripts/dev/checks.ts'
import { builtPackage } from '../support/built.ts'
import { patience } from '../support/until.ts'

const run = promisify(execFile)
const document = readFileSync(join(root, 'docs', 'embedding.md'), 'utf8')
const example = /^```ts node\n([^]*?)^```$/mu.exec(document)?.[1] ?? assert.fail('there is no example of a node')

test('the example of a node in docs/embedding.md runs with the installed package, and compiles against its types', async (t) => {
  const place = await builtPackage(t)
  writeFileSync(join(place, 'node.mts'), example)
  const { stdout } = await run(process.execPath, ['node.mts'], { cwd: place, timeout: patience })
  assert.match(
    stdout,
    /^Give this to your peers: \/ip4\/127\.0\.0\.1\/tcp\/\d+\/p2p\/12D3\w+\n0 of them are connected\n$/u,
  )
  assert.ok(existsSync(join(place, 'held.db')))
  const options = { extends: join(root, 'tsconfig.json'), files: ['node.mts'] }
  const compilerOptions = { types: ['node'], typeRoots: [join(root, 'node_modules', '@types')] }
  writeFileSync(join(place, 'tsconfig.json'), JSON.stringify({ ...options, compilerOptions }))
  await run(join(root, 'node_modules', '.bin', 'tsc'), ['-p', place], { cwd: place, timeout: patience })
})
