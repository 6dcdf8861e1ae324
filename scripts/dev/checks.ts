/**
 * What is checked without running Quorum: format, lint with the import rules, the types of every room, generated code,
 * unused code. Each check reports and changes nothing. `npm run check` prints them; `npm test` counts them as tests.
 */
import { spawn } from 'node:child_process'
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { tooLong } from './line-length.ts'

export interface Check {
  name: string
  run: () => Promise<Outcome>
}

export interface Outcome {
  ok: boolean
  /** What the tool said, for when it is not. */
  output: string
}

export const root = fileURLToPath(new URL('../..', import.meta.url))
/** Where Node keeps what it compiled before: with it, a process takes a third less to start. */
export const compileCache = join(root, 'node_modules/.cache/compiled')

/** Every folder that says which world its code runs in is a room. */
const rooms = globSync(['*/tsconfig.json', 'desktop/*/tsconfig.json'], { cwd: root })
  .map((file) => file.replaceAll('\\', '/').replace('/tsconfig.json', ''))
  .filter((room) => room !== 'node_modules' && room !== 'dist')
  .toSorted((a, b) => a.localeCompare(b))

export const checks: Check[] = [
  { name: 'format', run: () => tool('oxfmt', 'oxfmt', '--check', '.') },
  { name: 'lint and import rules', run: () => tool('oxlint', 'oxlint') },
  ...rooms.map((room) => ({ name: `types of ${room}`, run: () => tool('typescript', 'tsc', '-p', room) })),
  { name: 'generated code', run: generated },
  { name: 'lockfile', run: lockfile },
  { name: 'line length', run: lineLength },
  { name: 'unused code', run: () => tool('knip', 'knip', '--no-progress') },
]

/** Runs a command and gathers what it says. Without colours, since it may end in a log. */
export function execute(command: string, args: string[], more: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  const env = {
    ...process.env,
    ...more,
    NO_COLOR: '1',
    PATH: `${join(root, 'node_modules', '.bin')}${delimiter}${process.env.PATH ?? ''}`,
  }
  // Inside `node --test` these would make a tool, or a second test runner, believe it is a part of that run.
  for (const name of ['NODE_TEST_CONTEXT', 'FORCE_COLOR']) Reflect.deleteProperty(env, name)
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text
      })
    }
    child.once('error', reject)
    child.once('close', (code) => resolve({ ok: code === 0, output }))
  })
}

/**
 * A command of a development dependency, on this Node whatever PATH says. Not by node_modules/.bin, which has shell
 * scripts on Windows.
 */
export function tool(dependency: string, command: string, ...args: string[]): Promise<Outcome> {
  const folder = join(root, 'node_modules', dependency)
  const { bin } = z
    .object({ bin: z.record(z.string(), z.string()) })
    .parse(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')))
  const file = bin[command]
  if (file === undefined) throw new Error(`${dependency} has no command ${command}`)
  return execute(process.execPath, [join(folder, file), ...args])
}

/** Lines that the formatter cannot break. */
async function lineLength(): Promise<Outcome> {
  const found = tooLong(root)
  return { ok: found.length === 0, output: found.map((place) => `${place} is over 120 columns\n`).join('') }
}

/**
 * Whether a fresh checkout installs: `npm install` passes over a release that lacks some machine's binaries, and then
 * `npm ci` refuses everywhere. Also that the lockfile leaves the choice of a registry to its user.
 */
async function lockfile(): Promise<Outcome> {
  const named = /"resolved": "https?:/.test(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  if (named)
    return { ok: false, output: 'package-lock.json names a registry ("resolved"): npm install again, with .npmrc\n' }
  const args = ['ci', '--dry-run', '--offline', '--ignore-scripts', '--loglevel=error']
  // Under `npm run`, npm says where it is: as a command, Windows has it for a shell only.
  const npm = process.env.npm_execpath
  return npm === undefined ? execute('npm', args) : execute(process.execPath, [npm, ...args])
}

/** Generates the code once more beside the tree and compares. */
async function generated(): Promise<Outcome> {
  const fresh = mkdtempSync(join(tmpdir(), 'quorum-generated-'))
  try {
    const made = await tool('@bufbuild/buf', 'buf', 'generate', '--output', fresh)
    if (!made.ok) return made
    const stale = globSync('**/*.ts', { cwd: fresh }).filter((file) => !same(join(fresh, file), join(root, file)))
    return {
      ok: stale.length === 0,
      output: stale.map((file) => `${file} is not what the schema generates: npm run generate\n`).join(''),
    }
  } finally {
    rmSync(fresh, { recursive: true, force: true })
  }
}

function same(a: string, b: string): boolean {
  return existsSync(b) && readFileSync(a).equals(readFileSync(b))
}
