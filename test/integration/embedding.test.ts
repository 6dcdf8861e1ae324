/**
 * The first example of docs/embedding.md, taken out of the document and run as it stands: it fits its types, it is as
 * short as promised, and it prints what the document says. Only the name `quorum` is led to the sources.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { folder } from '../support/cleanup.ts'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../..', import.meta.url))
const library = join(root, 'protocol', 'index.ts')
const document = readFileSync(join(root, 'docs', 'embedding.md'), 'utf8')
const example = block('ts')
/** Milliseconds: bounds a hang, measures nothing. */
const timeout = 60_000

const resolver = `
import { registerHooks } from 'node:module'
const library = ${JSON.stringify(pathToFileURL(library).href)}
registerHooks({ resolve: (name, context, next) => next(name === 'quorum' ? library : name, context) })
`

test('the example of docs/embedding.md prints what the document says', async (t) => {
  const place = write(t, { 'example.mts': example, 'resolver.mjs': resolver })
  const { stdout } = await run(
    process.execPath,
    ['--import', pathToFileURL(join(place, 'resolver.mjs')).href, join(place, 'example.mts')],
    { cwd: place, timeout },
  )
  assert.equal(stdout, block('text'))
})

test('the example of docs/embedding.md fits the types of the library', async (t) => {
  const place = write(t, {
    'example.mts': example,
    'tsconfig.json': JSON.stringify({
      extends: join(root, 'tsconfig.json'),
      compilerOptions: {
        types: ['node'],
        typeRoots: [join(root, 'node_modules', '@types')],
        paths: {
          quorum: [library],
          'better-sqlite3-multiple-ciphers': [join(root, 'node_modules/better-sqlite3-multiple-ciphers/index.d.ts')],
        },
      },
      files: ['example.mts', join(root, 'protocol/net/sodium-native.d.ts')],
    }),
  })
  await run(process.execPath, [join(root, 'node_modules', '.bin', 'tsc'), '-p', place], { timeout })
})

test('the example of docs/embedding.md has at most 20 lines', () => {
  assert.ok(example.split('\n').filter((line) => line.trim() !== '').length <= 20)
})

/** The first fenced block of that language. */
function block(language: string): string {
  const found = new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'mu').exec(document)?.[1]
  assert.ok(found !== undefined, `docs/embedding.md has no block of ${language}`)
  return found
}

function write(t: TestContext, files: { [name: string]: string }): string {
  const place = folder(t)
  for (const [name, content] of Object.entries(files)) writeFileSync(join(place, name), content)
  return place
}
