/**
 * `npm test`: runs every kind of test there is below test/, or those named, in one run of Node's own runner, whose
 * totals are the last thing printed. A run that finds no test fails. Bound to nothing but Node: tests bring their own
 * processes, ports and folders.
 */
import { spawn } from 'node:child_process'
import { globSync } from 'node:fs'
import { compileCache, root } from './checks.ts'
import { provideWindow } from './provide-window.ts'
import { provideFor } from './system-packages.ts'

/** Files at a time: several tests start processes of their own, and the lab keeps time. */
const concurrency = 2
/** Milliseconds for one test: several times the longest on a slow machine, so that only what hangs is cut. */
const timeout = 8 * 60_000
/** Kinds that run for hours, or make something for people to look at: only when named. */
const onlyNamed = new Set(['soak', 'screenshots'])
/** Kinds that open windows. */
const withWindow = new Set(['e2e', 'screenshots'])

const files = globSync('test/*/**/*.test.ts', { cwd: root })
  .map((file) => file.replaceAll('\\', '/'))
  .toSorted((a, b) => a.localeCompare(b))
const kinds = [...new Set(files.map(kindOf))]
const table = process.argv.includes('--table')
const args = process.argv.slice(2).filter((arg) => arg !== '--table')
const named = args.filter((arg) => !arg.startsWith('-'))
const chosen = files.filter((file) =>
  named.length === 0 ? !onlyNamed.has(kindOf(file)) : named.some((name) => name === kindOf(file) || name === file),
)
const unknown = named.filter((name) => !kinds.includes(name) && !files.includes(name))

if (args.includes('--help')) {
  process.stdout.write(`Usage: npm test [-- KIND|FILE... [--option of node --test]...]

Without a kind: all of them but ${[...onlyNamed].join(' and ')}. Kinds here: ${kinds.join(', ')}.
  npm test -- unit scenario
  npm test -- test/integration/launch.test.ts --test-name-pattern=signal
  npm run lab -- --table        writes the table of docs/connectivity.md anew (LAB_TABLE=FILE.json: as JSON)
`)
} else if (unknown.length > 0 || chosen.length === 0) {
  process.stderr.write(
    `${unknown.length > 0 ? `No such tests: ${unknown.join(', ')}` : 'There is no test'}. Kinds: ${kinds.join(', ')}\n`,
  )
  process.exitCode = 1
} else {
  await run()
}

function tell(error: unknown): void {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
}

function kindOf(file: string): string {
  return file.split('/')[1] ?? ''
}

async function run(): Promise<void> {
  // A log has no colours and ends with what failed and the totals; a person gets the readable reporter.
  const reporter = process.stdout.isTTY && !process.env.CI ? 'spec' : new URL('log-reporter.ts', import.meta.url).href
  const options = [`--test-concurrency=${concurrency}`, `--test-timeout=${timeout}`, `--test-reporter=${reporter}`]
  const { NODE_TEST_CONTEXT: _outer, ...env } = process.env
  // Tests start hundreds of processes.
  env.NODE_COMPILE_CACHE ??= compileCache
  if (table) env.LAB_TABLE = 'docs/connectivity.md'
  const chosenKinds = [...new Set(chosen.map(kindOf))]
  provideFor(chosenKinds)
  // Once, before two files at a time need it. What cannot be had is told again by each test that misses it.
  if (chosenKinds.some((kind) => withWindow.has(kind))) await provideWindow().catch(tell)
  const child = spawn(
    process.execPath,
    ['--test', ...options, ...args.filter((arg) => arg.startsWith('-')), ...chosen],
    {
      cwd: root,
      env,
      stdio: 'inherit',
    },
  )
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal))
  child.once('exit', (code) => {
    process.exitCode = code ?? 1
  })
}
