/**
 * The documents match the repository: links resolve, named scripts and files exist, every error code is explained,
 * every number of threats.md is answered, and docs/protocol.md is complete (docs-protocol.test.ts checks its numbers).
 */
import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { callParams } from '../../../protocol/api/calls.ts'
import { errorCodes } from '../../../protocol/base/errors.ts'
import { ParkedInvite } from '../../../protocol/identity/invite-link.ts'
import { en } from '../../../desktop/text/en.ts'
import { safetyNumber } from '../../../protocol/identity/safety-number.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const documents = globSync(['*.md', 'docs/**/*.md', '.github/**/*.{md,yml}'], { cwd: root }).map((file) => ({
  file: file.replaceAll('\\', '/'),
  text: read(file),
}))
const manifest = JSON.parse(read('package.json')) as { scripts: { [name: string]: string }; private?: boolean }
const { scripts } = manifest

for (const { file, text } of documents) {
  test(`${file}: relative links resolve`, () => {
    const targets = [...text.matchAll(/\]\(([^)\s]+)\)|^\[[^\]]+\]: (\S+)$/gmu)].map((link) => link[1] ?? link[2] ?? '')
    for (const target of targets.filter((link) => !/^[a-z]+:/u.test(link))) {
      const [path = '', heading] = target.split('#')
      const found = path === '' ? file : join(dirname(file), path)
      assert.ok(existsSync(join(root, found)), `${file} links to ${target}`)
      if (heading !== undefined) assert.ok(headings(read(found)).includes(heading), `${file} links to ${target}`)
    }
  })

  test(`${file}: every npm script it names exists`, () => {
    for (const [, name = ''] of text.matchAll(/npm run ([\w-]+)/gu)) {
      assert.ok(Object.hasOwn(scripts, name), `${file} names npm run ${name}`)
    }
  })
}

test('ARCHITECTURE.md: every file of its layout exists, and no file of the rooms is missing there', () => {
  const layout = /^## Layout\n\n```\n([^]*?)^```$/mu.exec(read('ARCHITECTURE.md'))?.[1] ?? ''
  const folders: string[] = []
  const named: string[] = []
  for (const line of layout.split('\n')) {
    const depth = line.search(/\S/u) / 2
    // Names come before the first gap; the description follows.
    const names = line.trim().split(/ {2,}/u)[0] ?? ''
    for (const name of names.split(' ').filter((word) => /[./]/u.test(word))) {
      named.push([...folders.slice(0, depth), name].join(''))
      if (name.endsWith('/')) folders.splice(depth, Infinity, name)
    }
  }
  for (const name of named) assert.ok(existsSync(join(root, name)), name)
  const files = globSync(['{protocol,node}/**/*.{ts,cjs,proto}', 'scripts/{cli,dev}/*.{ts,mjs}', 'scripts/*.mjs'], {
    cwd: root,
  })
  const missing = files.map((file) => file.replaceAll('\\', '/')).filter((file) => !named.includes(file))
  assert.deepEqual(missing, [])
})

test('docs/errors.md explains every code, once, and no other', () => {
  const explained = [...read('docs/errors.md').matchAll(/^\| `([a-z-]+)` \|/gmu)].map((row) => row[1] ?? '')
  assert.deepEqual(explained.toSorted(), [...errorCodes].toSorted())
})

test('docs/embedding.md lists every call, once, and no other', () => {
  const [, section = ''] = /^## Calls\n([^]*?)^## /mu.exec(read('docs/embedding.md')) ?? []
  const rows = [...section.matchAll(/^\| (`\w+`(?: `\w+`)*) \|/gmu)].flatMap((row) => (row[1] ?? '').split(' '))
  assert.deepEqual(rows.map((name) => name.replaceAll('`', '')).toSorted(), Object.keys(callParams).toSorted())
})

test('continuous integration runs every kind of test but those that only run when named, and no other', () => {
  const lists = [...read('.github/workflows/ci.yml').matchAll(/^ {10}- ([a-z\d ]+)$/gmu)].map(([, kinds = '']) => kinds)
  const [, named = ''] = /onlyNamed = new Set\(\[([^\]]+)\]\)/u.exec(read('scripts/dev/test.ts')) ?? []
  const kinds = new Set(globSync('test/*/**/*.test.ts', { cwd: root }).map((file) => file.split(sep)[1] ?? ''))
  const expected = [...kinds].filter((kind) => !named.includes(`'${kind}'`))
  assert.deepEqual(lists.flatMap((list) => list.split(' ')).toSorted(), expected.toSorted())
})

/** Commands that fetch from a package registry, with `quorum` or one of its programs as the name that they fetch. */
const fromRegistry =
  /\b(?:npm(?: [-\w]+)*? (?:install|i|add|update|exec|x|init|create)|npx|pnpx|bunx|(?:pnpm|yarn|bun)(?: global)? (?:add|dlx|x|install))(?: --?[-\w=]+)* ["']?quorum(?:-node)?(?:@[-\w.^~]+)?(?![-\w/@]|\.\w)/u

test('no page, help or message tells people to install from a registry under the name quorum, which is not ours', () => {
  for (const asked of [
    'npm install -g quorum',
    'npm i quorum',
    'npx quorum',
    'npm install --global quorum@latest',
    'npx --yes quorum-node --help',
    'yarn add quorum',
    'npm -g install quorum.',
  ])
    assert.match(asked, fromRegistry)
  for (const fine of [
    'npm install ../quorum',
    'npm install --global ./quorum-0.1.0.tgz',
    'npm run node',
    'npm install quorum-0.1.0.tgz',
  ])
    assert.doesNotMatch(fine, fromRegistry)
  const spoken = globSync('{protocol,node,scripts,desktop}/**/*.{ts,tsx,mjs,cjs}', {
    cwd: root,
  })
  for (const { file, text } of [...documents, ...spoken.map((file) => ({ file, text: read(file) }))]) {
    const [found] = fromRegistry.exec(text) ?? []
    assert.equal(found, undefined, file)
  }
  assert.equal(manifest.private, true, 'npm publish must refuse')
})

test('docs/operating.md: every metric that it names exists, and none is missing', () => {
  const named = [...read('docs/operating.md').matchAll(/\bquorum_\w+/gu)].map(([name]) => name)
  const measured = [...read('node/metrics.ts').matchAll(/'(quorum_\w+)'/gu)].map(([, name]) => name)
  assert.deepEqual(new Set(named), new Set(measured))
})

test('docs/using.md: every label that it quotes is one of the window', () => {
  const labels = new Set(said(en))
  const quoted = [...read('docs/using.md').matchAll(/\*\*([^*]+)\*\*/gu)].map(([, label = '']) =>
    label.replaceAll(/\s+/gu, ' '),
  )
  assert.ok(quoted.length > 50)
  assert.deepEqual(
    quoted.filter((label) => !labels.has(label)),
    [],
  )
})

test('docs/threats.md answers every number: a test, or the part that brings it', () => {
  const rows = [...read('docs/threats.md').matchAll(/^\| (\d+) \|.*\| ([^|]+) \|$/gmu)]
  const numbers = rows.map((row) => Number(row[1]))
  assert.deepEqual(
    numbers,
    numbers.map((_, index) => index + 1),
  )
  assert.ok(numbers.length >= 77)
  for (const [line, , proof = ''] of rows) assert.match(proof, /\]\(\.\.\/test\/|\]\[h\]|comes with \w+/u, line)
})

test('docs/protocol.md: its list of contents names every section, in order', () => {
  const text = read('docs/protocol.md')
  const listed = [...text.matchAll(/\d+\. \[[^\]]+\]\(#([\w-]+)\)/gu)].map(([, anchor]) => anchor)
  assert.deepEqual(listed, headings(text).slice(1))
})

test('docs/protocol.md: its first table names every protocol of the library', () => {
  const code = globSync('protocol/**/*.ts', { cwd: root }).map(read).join('\n')
  const spoken = [...code.matchAll(/'(\/quorum\/[\w./-]+|\/libp2p\/dcutr)'/gu)].map(([, id]) => id)
  const listed = [...read('docs/protocol.md').matchAll(/^\| `(\/[\w./-]+)` \|/gmu)].map(([, id]) => id)
  assert.ok(spoken.length > 0)
  assert.deepEqual(new Set(listed), new Set(spoken))
})

test('docs/protocol.md: its test vectors are those of the code', async () => {
  const text = read('docs/protocol.md')
  const [one = '', other = ''] = [...text.matchAll(/12D3Koo\w{45}/gu)].map((match) => match[0])
  assert.ok(text.includes(safetyNumber(one, other)))
  const vectors = [...text.matchAll(/(LAN )?slot\s+of `(\S+)` is `([0-9a-f]{32})`/gu)]
  assert.deepEqual(
    vectors.map(([, lan]) => lan),
    [undefined, 'LAN '],
  )
  for (const [, lan, code = '', hex] of vectors) {
    const { slot, lanSlot } = await ParkedInvite.fromCode(code)
    assert.equal(Buffer.from(lan === undefined ? slot : lanSlot).toString('hex'), hex)
  }
})

function read(file: string): string {
  return readFileSync(join(root, file), 'utf8')
}

/** Every sentence of a catalogue; those with names in them, about Alice. */
function said(part: unknown): string[] {
  if (typeof part === 'string') return [part.replaceAll('\u2060', '')]
  if (typeof part === 'function') return [(part as (...words: string[]) => string)('Alice', 'Alice')]
  return Object.values(part as object).flatMap(said)
}

/** Anchors of a document's headings, as the usual renderers make them. */
function headings(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gmu)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}
