/** `npm run check`: everything that can be known within a minute. A line for each check, and what fails says why. */
import { globSync } from 'node:fs'
import { checks, execute, root, type Check } from './checks.ts'

/** Two at a time: most of the tools use several cores by themselves. */
const lanes = 2

const unit: Check = {
  name: 'unit tests',
  run: () =>
    execute(process.execPath, ['--test', '--test-reporter=spec', ...globSync('test/unit/**/*.test.ts', { cwd: root })]),
}
const queue = [unit, ...checks]
const failed: string[] = []

async function lane(): Promise<void> {
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
  await Promise.all(Array.from({ length: lanes }, lane))
  if (failed.length > 0) process.stdout.write(`\nFailed: ${failed.join(', ')}\n`)
  process.exitCode = failed.length > 0 ? 1 : 0
}
