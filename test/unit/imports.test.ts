/** The walls between rooms and the layers inside protocol/: each kind of violation is refused, and the tree has none. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { misplaced, refusal } from '../../scripts/import-rules.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))

const refused = [
  ['node/server.ts', '../protocol/errors.ts'],
  ['node/server.ts', '../protocol/index.ts'],
  ['node/server.ts', '../scripts/headless.ts'],
  ['node/server.ts', '../test/support/peers.ts'],
  ['scripts/terminal/view.ts', '../../protocol/events.ts'],
  ['scripts/quorum.ts', '../node/server.ts'],
  ['protocol/peer.ts', '../node/server.ts'],
  ['protocol/peer.ts', '#protocol'],
  ['protocol/chat.ts', './friend.ts'],
  ['protocol/friend.ts', './mail.ts'],
  ['protocol/file-send.ts', './chat.ts'],
  ['protocol/directory-server.ts', './file.ts'],
  ['protocol/chat.ts', './peer.ts'],
  ['protocol/policy.ts', './network.ts'],
  ['protocol/policy.ts', './paths.ts'],
  ['protocol/identity.ts', './policy.ts'],
  ['protocol/store/sqlite.ts', '../friend.ts'],
  ['protocol/wire/codec.ts', '../store/sqlite.ts'],
  ['protocol/wire/framing.ts', '../identity.ts'],
  ['protocol/net/relay.ts', '../network.ts'],
  ['protocol/errors.ts', './wire/codec.ts'],
  ['protocol/limits.ts', './index.ts'],
] as const

const allowed = [
  ['node/server.ts', '#protocol'],
  ['node/server.ts', './config.ts'],
  ['node/server.ts', 'node:fs'],
  ['node/server.ts', '../package.json'],
  ['scripts/terminal/view.ts', '../lines.ts'],
  ['scripts/bench/stream-end.ts', '../../protocol/net/streams.ts'],
  ['protocol/index.ts', './peer.ts'],
  ['protocol/peer.ts', './chat.ts'],
  ['protocol/peer.ts', './limits.ts'],
  ['protocol/chat.ts', './network.ts'],
  ['protocol/chat.ts', './chat-session.ts'],
  ['protocol/file.ts', './file-send.ts'],
  ['protocol/directory.ts', './mail.ts'],
  ['protocol/directory-server.ts', './directory-store.ts'],
  ['protocol/store/sqlite.ts', './store.ts'],
  ['protocol/wire/codec.ts', '../store/store.ts'],
  ['protocol/wire/framing.ts', '../net/streams.ts'],
  ['test/unit/chat.test.ts', '../../protocol/chat.ts'],
] as const

/** What keeps the walls; the linter's other rules are not the subject here. */
const rules = {
  'quorum(import-direction)': true,
  'import(no-cycle)': true,
  'eslint(no-restricted-globals)': true,
  'eslint(no-restricted-imports)': true,
}

test('imports against the direction are refused', () => {
  for (const [importer, specifier] of refused) assert.ok(refusal(importer, specifier), `${importer} → ${specifier}`)
})

test('imports in the direction are not', () => {
  for (const [importer, specifier] of allowed) {
    assert.equal(refusal(importer, specifier), undefined, `${importer} → ${specifier}`)
  }
})

test('a file of protocol/ that has no layer is refused', () => {
  assert.ok(misplaced('protocol/helpers.ts'))
  assert.equal(misplaced('protocol/chat-session.ts'), undefined)
  assert.equal(misplaced('node/helpers.ts'), undefined)
})

test('the linter refuses violations in files, whatever form the import takes', () => {
  const files = {
    'protocol/chat.ts': `import { friend } from './friend.ts'\nexport const chat = friend\n`,
    'protocol/file.ts': `export { friend } from './friend.ts'\n`,
    'protocol/policy.ts': `export * from './friend.ts'\n`,
    'protocol/identity.ts': `export const later = import('./friend.ts')\n`,
    'protocol/wire/codec.ts': `import type { Friend } from '../friend.ts'\nexport type Same = Friend\n`,
    'protocol/net/relay.ts': `export type Same = import('../friend.ts').Friend\n`,
    'protocol/helpers.ts': `export const help = 1\n`,
    'protocol/limits.ts': `export const home = process.env.HOME\n`,
    'protocol/errors.ts': `import { pid } from 'node:process'\nexport const own = pid\n`,
    'node/server.ts': `import { friend } from '../protocol/friend.ts'\nexport const server = friend\n`,
    'node/a.ts': `import { b } from './b.ts'\nexport const a = () => b\n`,
    'node/b.ts': `import { a } from './a.ts'\nexport const b = () => a\n`,
  }
  const clean = { 'protocol/friend.ts': `export type Friend = string\nexport const friend = 1\n` }
  const tree = mkdtempSync(join(tmpdir(), 'quorum-imports-'))
  try {
    for (const [file, text] of Object.entries({ ...files, ...clean })) {
      mkdirSync(dirname(join(tree, file)), { recursive: true })
      writeFileSync(join(tree, file), text)
    }
    for (const file of ['.oxlintrc.json', 'scripts/import-rules.mjs']) cpSync(join(root, file), join(tree, file))
    const found = lint(tree).filter(({ code }) => code in rules)
    assert.deepEqual([...new Set(found.map(({ filename }) => filename))].toSorted(), Object.keys(files).toSorted())
    assert.deepEqual([...new Set(found.map(({ code }) => code))].toSorted(), Object.keys(rules).toSorted())
  } finally {
    rmSync(tree, { recursive: true, force: true })
  }
})

test('this tree has no violation', () => {
  assert.deepEqual(
    lint(root).filter(({ code }) => code in rules),
    [],
  )
})

const report = z.object({
  diagnostics: z.array(z.object({ code: z.string().default(''), filename: z.string(), message: z.string() })),
})

function lint(cwd: string) {
  const { stdout } = spawnSync(process.execPath, [join(root, 'node_modules/.bin/oxlint'), '--format=json'], {
    cwd,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  return report.parse(JSON.parse(stdout)).diagnostics
}
