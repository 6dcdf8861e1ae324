/**
 * Measures how long two friends need to exchange a message and to get a direct connection in the NAT lab. It runs the
 * matrix of test/lab and summarizes its table. The lab needs Linux and root, so this part runs only when it is named.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { rounded } from './figures.ts'
import type { Measure } from './measure.ts'
import { Stage } from './processes.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))
/** Networks of a quick run: one pair is direct at once, one becomes direct by a hole punch, one stays relayed. */
const quickNetworks = 'open,cone,symmetric'

const table = z.object({
  delayMs: z.number(),
  meetings: z.array(
    z.object({
      pair: z.tuple([z.string(), z.string()]),
      path: z.string(),
      firstMessage: z.number(),
      direct: z.number().optional(),
    }),
  ),
})

export async function measurePaths({ quick, progress }: Measure) {
  await using stage = new Stage()
  const file = join(stage.folder, 'table.json')
  const { NODE_TEST_CONTEXT: _outer, ...env } = process.env
  progress('paths: every kind of network with every other')
  const lab = spawn(process.execPath, ['--test', 'test/lab/matrix.test.ts'], {
    cwd: root,
    env: { ...env, LAB_TABLE: file, ...(quick ? { LAB_NETWORKS: quickNetworks } : {}) },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const [code] = (await once(lab, 'close')) as [number | null]
  if (code !== 0) throw new Error('The lab failed or cannot run here. To see why: npm run lab')
  const { delayMs, meetings } = table.parse(JSON.parse(readFileSync(file, 'utf8')))
  const direct = meetings.flatMap((meeting) => meeting.direct ?? [])
  const first = meetings.map(({ firstMessage }) => firstMessage)
  const relayed = meetings.flatMap(({ path, firstMessage }) => (path === 'relayed' ? firstMessage : []))
  return {
    definitions: {
      firstMessage: 'from the acceptance of a friend request to the first message, over any path',
      relayedFirstMessage: 'the same, for pairs that stayed relayed',
      direct: 'from the acceptance to a direct connection, for pairs that get one',
      addedRoundTrip:
        'the delay that the lab adds to each round trip over its internet; 0 where the kernel has no netem',
    },
    addedRoundTripMs: 2 * delayMs,
    pairs: meetings.length,
    directPairs: direct.length,
    firstMessageP50Seconds: percentile(first, 0.5),
    firstMessageLongestSeconds: percentile(first, 1),
    relayedFirstMessageP50Seconds: percentile(relayed, 0.5),
    relayedFirstMessageLongestSeconds: percentile(relayed, 1),
    directP50Seconds: percentile(direct, 0.5),
    directLongestSeconds: percentile(direct, 1),
    meetings: meetings.map(({ pair, path, firstMessage, direct: seconds }) => ({
      between: pair.join(' × '),
      path,
      firstMessageSeconds: firstMessage,
      ...(seconds === undefined ? {} : { directSeconds: seconds }),
    })),
  }
}

function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return rounded(sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? 0)
}
