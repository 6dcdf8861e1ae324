/** The linter applies the import rules to every form of import. `npm run check` lints this tree itself. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { test } from 'node:test'
import { z } from 'zod'
import { root } from '../../scripts/dev/checks.ts'

/** The import rules; the linter's other rules are not tested here. */
const rules = {
  'quorum(import-direction)': true,
  'quorum(dials)': true,
  'import(no-cycle)': true,
  'eslint(no-restricted-globals)': true,
  'eslint(no-restricted-imports)': true,
}

test('the linter reports violations in files for every form of import', () => {
  const files = {
    'protocol/chat/chat.ts': `import { friend } from '../friend/friends.ts'\nexport const chat = friend\n`,
    'protocol/file/transfers.ts': `export { friend } from '../friend/friends.ts'\n`,
    'protocol/net/policy.ts': `export * from '../friend/friends.ts'\n`,
    'protocol/identity/identity.ts': `export const later = import('../friend/friends.ts')\n`,
    'protocol/wire/codec.ts': `import type { Friend } from '../friend/friends.ts'\nexport type Same = Friend\n`,
    'protocol/net/relay.ts': `export type Same = import('../friend/friends.ts').Friend\n`,
    'protocol/helpers/help.ts': `export const help = 1\n`,
    'protocol/base/limits.ts': `export const home = process.env.HOME\n`,
    'protocol/base/errors.ts': `import { pid } from 'node:process'\nexport const own = pid\n`,
    'protocol/paths/paths.ts': `export const go = (network: { dial(a: string): void }) => network.dial('x')\n`,
    'protocol/paths/upkeep.ts': `export const source = 'own-node'\n`,
    'node/server.ts': `import { friend } from '../protocol/friend/friends.ts'\nexport const server = friend\n`,
    'node/a.ts': `import { b } from './b.ts'\nexport const a = () => b\n`,
    'node/b.ts': `import { a } from './a.ts'\nexport const b = () => a\n`,
  }
  const clean = { 'protocol/friend/friends.ts': `export type Friend = string\nexport const friend = 1\n` }
  const tree = mkdtempSync(join(tmpdir(), 'quorum-imports-'))
  try {
    for (const [file, text] of Object.entries({ ...files, ...clean })) {
      mkdirSync(dirname(join(tree, file)), { recursive: true })
      writeFileSync(join(tree, file), text)
    }
    for (const file of ['.oxlintrc.json', 'scripts/dev/import-rules.mjs']) {
      mkdirSync(dirname(join(tree, file)), { recursive: true })
      cpSync(join(root, file), join(tree, file))
    }
    const found = lint(tree).filter(({ code }) => code in rules)
    assert.deepEqual([...new Set(found.map(({ filename }) => filename))].toSorted(), Object.keys(files).toSorted())
    assert.deepEqual([...new Set(found.map(({ code }) => code))].toSorted(), Object.keys(rules).toSorted())
  } finally {
    rmSync(tree, { recursive: true, force: true })
  }
})

const report = z.object({
  diagnostics: z.array(z.object({ code: z.string().default(''), filename: z.string(), message: z.string() })),
})

function lint(cwd: string) {
  // The linter looks for its type-aware part on PATH, where only npm puts it.
  const PATH = `${join(root, 'node_modules/.bin')}${delimiter}${process.env.PATH ?? ''}`
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, 'node_modules/.bin/oxlint'), '--format=json'],
    { cwd, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024, env: { ...process.env, PATH } },
  )
  // 0: no violations, 1: violations. Any other code means that it did not run.
  assert.ok(status === 0 || status === 1, stderr || stdout)
  return report.parse(JSON.parse(stdout)).diagnostics
}
