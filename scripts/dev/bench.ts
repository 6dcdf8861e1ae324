/**
 * `npm run bench`: measures Quorum on this machine and prints the figures as JSON, with the unit in every name.
 * Progress goes to standard error. It has no limits to pass or fail: compare runs on one machine, or the ratios to
 * plain TCP.
 */
import os from 'node:os'
import { parseArgs } from 'node:util'
import { toError, version } from '#protocol'
import { onlyNamed, parts } from './bench/parts.ts'
import { clearStages } from './bench/processes.ts'

const help = `Usage: npm run bench [-- PART... [OPTION...]]

Parts: ${Object.keys(parts).join(', ')}.
Without PART: all except ${[...onlyNamed].join(', ')}; this takes about two minutes.

  --quick           tiny counts: shows that the measurement works; the figures mean nothing
  --json            print only JSON: no progress on standard error
  --peers COUNT,…   node: how many peers sign in at once, for each run (without it: 500,1000,2000,4000)
  --against WHERE   node: measures another version of the code beside this one: a folder with a checkout, or a revision

Prints one JSON object on standard output; every name contains its unit. Two peers are two processes, a node is a third.
node is measured with thousands of peers, in about ten minutes; it needs Linux.
paths builds networks with routers between them: it needs Linux and root.
desktop opens windows: it needs Linux and a display (xvfb-run npm run bench -- desktop), and root to empty the file
cache.
`

function usage(message: string): void {
  process.stderr.write(`${message}\n`)
  process.exitCode = 2
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      help: { type: 'boolean' },
      quick: { type: 'boolean' },
      json: { type: 'boolean' },
      peers: { type: 'string' },
      against: { type: 'string' },
    },
  })
  const unknown = positionals.filter((name) => !Object.hasOwn(parts, name))
  if (values.help === true) return void process.stdout.write(help)
  if (unknown.length > 0) return usage(`No such part: ${unknown.join(', ')}. Parts: ${Object.keys(parts).join(', ')}`)

  const peers = values.peers?.split(',').map(Number)
  if (peers?.some((count) => !Number.isInteger(count) || count < 1) === true)
    return usage(`--peers are whole numbers with commas between them, not ${values.peers}`)

  const quick = values.quick === true
  const progress = (what: string): void => {
    if (values.json !== true) process.stderr.write(`${what}\n`)
  }
  const settings = {
    ...(peers === undefined ? {} : { peers }),
    ...(values.against === undefined ? {} : { against: values.against }),
  }
  const started = performance.now()
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
      figures[name] = await measure({ quick, progress, ...settings })
  }
  const tookSeconds = Number(((performance.now() - started) / 1000).toFixed(1))
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
