/** `npm run docs` on this tree: the reference is complete and contains no local path. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import * as library from '../../protocol/index.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const out = mkdtempSync(join(tmpdir(), 'quorum-docs-'))
after(() => rmSync(out, { recursive: true, force: true }))

function docs(...args: string[]): { status: number | null; said: string } {
  const { NODE_TEST_CONTEXT: _outer, ...env } = process.env
  const run = spawnSync(process.execPath, [join(root, 'scripts/run.mjs'), 'docs', ...args], { encoding: 'utf8', env })
  return { status: run.status, said: `${run.stdout}${run.stderr}` }
}

test('the reference is generated, with a page for every value that the library exports', () => {
  const { status, said } = docs('--out', out)
  assert.equal(status, 0, said)
  const pages = globSync('{functions,variables,classes}/*.html', { cwd: out }).map((file) => file.replaceAll('\\', '/'))
  const named = pages.map((page) => page.replace(/^\w+\//u, '').replace('.html', ''))
  assert.deepEqual(named.toSorted(), Object.keys(library).toSorted())
})

test('the page of createPeer has its comment, its options and its result', () => {
  const page = readFileSync(join(out, 'functions/createPeer.html'), 'utf8')
  assert.match(page, /class="tsd-comment tsd-typography"><p>[^<]{20}/u)
  for (const type of ['PeerOptions', 'Peer']) assert.ok(page.includes(`interfaces/${type}.html`), type)
})

test('no page contains the path of the folder in which it was made', () => {
  for (const file of globSync('**/*.html', { cwd: out })) {
    assert.ok(!readFileSync(join(out, file), 'utf8').includes(root), file)
  }
})

test('an unknown option is bad usage', () => {
  assert.equal(docs('--nonsense').status, 2)
})
