/**
 * `npm run bench`: measures Quorum on this machine and prints the figures as JSON, with the unit in every
 * name. Progress goes to standard error. It judges nothing: compare runs of one machine, or the ratios to plain TCP.
 */
import os from 'node:os'
import { parseArgs } from 'node:util'
import { toError, version } from '#protocol'
import { onlyNamed, parts } from './bench/parts.ts'
import { clearStages } from './bench/processes.ts'

const help = `Usage: npm run bench [-- PART... [--quick] [--json]]

Parts: ${Object.keys(parts).join(', ')}; without one: all but ${[...onlyNamed].join(', ')}, in less than two minutes.
  --quick  tiny counts: shows that it works, measures nothing
  --json   nothing but JSON: no progress on standard error

One JSON object on standard output. Two peers are two processes, a node is a third; the unit is in every name.
paths builds networks with routers between: it needs Linux and root. desktop opens windows: it needs Linux and a screen
(xvfb-run npm run bench -- desktop), and root to start from a cold disk.
`

function usage(message: string): void {
  process.stderr.write(`${message}\n`)
  process.exitCode = 2
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { help: { type: 'boolean' }, quick: { type: 'boolean' }, json: { type: 'boolean' } },
  })
  const unknown = positionals.filter((name) => !Object.hasOwn(parts, name))
  if (values.help === true) return void process.stdout.write(help)
  if (unknown.length > 0) return usage(`No such part: ${unknown.join(', ')}. Parts: ${Object.keys(parts).join(', ')}`)

  const quick = values.quick === true
  const progress = (what: string): void => {
    if (values.json !== true) process.stderr.write(`${what}\n`)
  }
  const began = performance.now()
  const cpus = os.cpus()
  const about = {
    version,
    runtime: process.version,
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus[0]?.model ?? 'unknown',
    cpuCount: cpus.length,
    quick,
  }
  const figures: Record<string, object> = {}
  for (const [name, measure] of Object.entries(parts)) {
    if (positionals.length === 0 ? !onlyNamed.has(name) : positionals.includes(name))
      figures[name] = await measure({ quick, progress })
  }
  const tookSeconds = Number(((performance.now() - began) / 1000).toFixed(1))
  process.stdout.write(`${JSON.stringify({ ...about, ...figures, tookSeconds }, undefined, 2)}\n`)
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => void clearStages().then(() => process.exit(1)))
}
try {
  await main()
} catch (error) {
  const { message } = toError(error)
  if ('code' in toError(error) && message.includes('option')) usage(message)
  else {
    process.stderr.write(`${message}\n`)
    process.exitCode = 1
  }
}
