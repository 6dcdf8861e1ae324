/**
 * Which version of Node is required. The package requires Node 24, so npm warns a project that embeds the library on an
 * older one (EBADENGINE). A checkout still installs on Node 20, where its start scripts provide a Node 24.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { builtPackage } from '../support/built.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const home = mkdtempSync(join(tmpdir(), 'quorum-engines-'))
after(() => rmSync(home, { recursive: true, force: true }))

const { name, version, engines, optionalDependencies } = z
  .object({
    name: z.string(),
    version: z.string(),
    engines: z.object({ node: z.string() }),
    optionalDependencies: z.record(z.string(), z.string()),
  })
  .parse(JSON.parse(read('package.json')))

const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin', '/usr/local/bin']
const onPath = (file: string): string[] => [
  ...new Set(
    folders
      .map((folder) => join(folder, file))
      .filter((path) => existsSync(path))
      .map((path) => realpathSync(path)),
  ),
]
const older = onPath('node').filter((node) => {
  const { stdout } = spawnSync(node, ['--version'], { encoding: 'utf8' })
  return Number(stdout.slice(1).split('.')[0]) < 24
})
/** npm is a script: it checks `engines` against the Node that runs it. */
const npm = onPath('npm')[0]

test('package.json, .node-version, the bundled Node and the start scripts require the same Node', () => {
  const exact = read('.node-version').trim()
  assert.deepEqual(new Set(Object.values(optionalDependencies)), new Set([exact]))
  const major = exact.split('.')[0]
  assert.equal(engines.node, `>=${major}`)
  for (const file of ['scripts/launch.mjs', 'protocol/base/node-version.ts']) {
    assert.ok(read(file).includes(`const needed = ${major}\n`), file)
  }
})

for (const node of older) {
  test(`npm on ${node}: a project that embeds the library gets a warning`, () => {
    const folder = embedder()
    const { status, stderr } = run(node, folder, 'install', '--offline', '--install-links')
    assert.equal(status, 0, stderr)
    assert.match(stderr, /EBADENGINE/u)
    assert.ok(stderr.includes(`${name}@${version}`), stderr)
  })

  test(`${node} is told that it is too old when it imports the library`, async (t) => {
    const place = await builtPackage(t)
    for (const entry of ['quorum', 'quorum/mailboxes']) {
      const { stderr, status } = spawnSync(node, ['--input-type=module', '--eval', `import '${entry}'`], {
        cwd: place,
        encoding: 'utf8',
      })
      assert.equal(status, 1)
      assert.match(stderr, /^Error: Quorum needs Node 24 or later; this is v\d+.*"npx node"/mu, entry)
    }
  })

  test(`npm on ${node}: the checkout installs`, () => {
    const folder = join(home, 'checkout')
    mkdirSync(folder)
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, version, engines }))
    copyFileSync(join(root, '.npmrc'), join(folder, '.npmrc'))
    const locked = run(node, folder, 'install', '--offline', '--package-lock-only')
    assert.equal(locked.status, 0, locked.stderr)
    // The options of scripts/install.mjs.
    const installed = run(node, folder, 'ci', '--offline', '--ignore-scripts', '--include=dev', '--include=optional')
    assert.equal(installed.status, 0, installed.stderr)
  })
}

test(
  'an older Node is available for this test',
  { skip: older.length > 0 ? false : 'no Node older than 24 here' },
  () => {
    assert.notEqual(npm, undefined, 'npm is not on PATH')
  },
)

/** Makes a project that depends on a package with the `engines` of this one. */
function embedder(): string {
  const folder = join(home, 'embedder')
  mkdirSync(join(folder, 'library'), { recursive: true })
  writeFileSync(join(folder, 'library/package.json'), JSON.stringify({ name, version, engines }))
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'embedder', version: '1.0.0', dependencies: { [name]: 'file:library' } }),
  )
  return folder
}

function run(node: string, cwd: string, ...args: string[]): { status: number | null; stderr: string } {
  const PATH = [dirname(node), process.env.PATH ?? ''].join(delimiter)
  return spawnSync(node, [npm ?? '', ...args], { cwd, encoding: 'utf8', env: { ...process.env, PATH } })
}

function read(file: string): string {
  return readFileSync(join(root, file), 'utf8')
}
