/** `npm run check`: everything that can be known within a minute. A line for each check, and what fails says why. */
import { globSync } from 'node:fs'
import { checks, compileCache, execute, root, type Check } from './checks.ts'

/** Most of the tools use several cores by themselves. */
const checksAtOnce = 2
/** Milliseconds for one unit test: only what hangs takes longer. */
const timeout = 3 * 60_000

/**
 * In one process, which takes a third of the processor's time: unit tests leave nothing behind that another file could
 * meet. `npm test` runs each file in a process of its own, and so shows where that is not true.
 */
const unit: Check = {
  name: 'unit tests',
  run: () =>
    execute(
      process.execPath,
      [
        '--test',
        '--test-isolation=none',
        `--test-timeout=${timeout}`,
        '--test-reporter=spec',
        ...globSync('test/unit/**/*.test.ts', { cwd: root }),
      ],
      { NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? compileCache },
    ),
}
const queue = [unit, ...checks]
const failed: string[] = []

/** Runs one check after the other until none is left. */
async function work(): Promise<void> {
  for (let check = queue.shift(); check !== undefined; check = queue.shift()) {
    const began = performance.now()
    const { ok, output } = await check.run()
    const seconds = ((performance.now() - began) / 1000).toFixed(1)
    process.stdout.write(`${ok ? 'ok    ' : 'FAILED'}  ${check.name}  ${seconds} s\n${ok ? '' : output}`)
    if (!ok) failed.push(check.name)
  }
}

if (process.argv.length > 2) {
  process.stderr.write('Usage: npm run check   (format, lint, types, generated and unused code, unit tests)\n')
  process.exitCode = process.argv[2] === '--help' ? 0 : 2
} else {
  await Promise.all(Array.from({ length: checksAtOnce }, work))
  if (failed.length > 0) process.stdout.write(`\nFailed: ${failed.join(', ')}\n`)
  process.exitCode = failed.length > 0 ? 1 : 0
}
