/**
 * The first example of docs/embedding.md, and that of groups, are extracted from the document and run unchanged. They
 * compile, the first is as short as promised, and they print what the document shows. The types that the document lists
 * are those of the library. Only the import of `quorum` is resolved to the sources.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { folder } from '../support/cleanup.ts'
import { patience } from '../support/until.ts'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../..', import.meta.url))
const library = join(root, 'protocol', 'index.ts')
const document = readFileSync(join(root, 'docs', 'embedding.md'), 'utf8')
const example = block('ts')
const timeout = patience

const resolver = `
import { registerHooks } from 'node:module'
const library = ${JSON.stringify(pathToFileURL(library).href)}
registerHooks({ resolve: (name, context, next) => next(name === 'quorum' ? library : name, context) })
`

const printed = { ts: 'text', 'ts groups': 'text groups' }

for (const [code, output] of Object.entries(printed)) {
  test(`the example of docs/embedding.md (${code}) prints what the document shows`, async (t) => {
    const place = write(t, { 'example.mts': block(code), 'resolver.mjs': resolver })
    const { stdout } = await run(
      process.execPath,
      ['--import', pathToFileURL(join(place, 'resolver.mjs')).href, join(place, 'example.mts')],
      { cwd: place, timeout },
    )
    assert.equal(stdout, block(output))
  })

  test(`the example of docs/embedding.md (${code}) compiles against the types of the library`, async (t) => {
    assert.equal(await compile(t, block(code)), '')
  })
}

test('the types in docs/embedding.md are those of the library, field by field', async (t) => {
  const shapes = block('ts shapes')
  const names = [...shapes.matchAll(/^(?:interface|type) (\w+)/gmu)].map(([, name = '']) => name)
  assert.ok(names.length > 5)
  const source = `import type * as library from 'quorum'
import type { AdviceCode, ErrorCode, NodeProblem } from 'quorum'
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
${shapes}
${names.map((name) => `export const is${name}: Same<${name}, library.${name}> = true`).join('\n')}
`
  assert.equal(await compile(t, source), '')
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

/** The compiler's messages about a program that imports the library. */
async function compile(t: TestContext, source: string): Promise<string> {
  const place = write(t, {
    'example.mts': source,
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
  try {
    await run(process.execPath, [join(root, 'node_modules', '.bin', 'tsc'), '-p', place], { timeout })
    return ''
  } catch (error) {
    const { message, stdout = '' } = error as Error & { stdout?: string }
    return `${message}\n${stdout}`
  }
}

function write(t: TestContext, files: { [name: string]: string }): string {
  const place = folder(t)
  for (const [name, content] of Object.entries(files)) writeFileSync(join(place, name), content)
  return place
}
