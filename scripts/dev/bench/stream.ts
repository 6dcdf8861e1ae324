/**
 * Measures bulk data on one stream between two processes, directly and through a node that is a third process. The same
 * run measures plain TCP and TLS in alternation with it, because only ratios can be compared between machines.
 */
import { mebibytes, rounded, timesOf } from './figures.ts'
import type { Measure } from './measure.ts'
import { Stage, type Child } from './processes.ts'
import type { Usage } from './stream-end.ts'

const mebibyte = 1024 * 1024

interface Run {
  bytes: number
  tookMs: number
  pingsMs: number[]
  sender: Usage
  receiver: Usage
  node?: Usage
}

export async function measureStream({ quick, progress }: Measure) {
  const bytes = (quick ? 8 : 1024) * mebibyte
  const rounds = quick ? 1 : 3
  const runs = { tcp: [] as Run[], tls: [] as Run[], direct: [] as Run[], relayed: [] as Run[] }
  for (let round = 1; round <= rounds; round += 1) {
    progress(`stream: round ${round} of ${rounds}`)
    runs.tcp.push(await overSocket(bytes, false))
    runs.tls.push(await overSocket(bytes, true))
    runs.direct.push(await overStream(bytes, 'direct'))
    runs.relayed.push(await overStream(bytes, 'relayed'))
  }
  const [tcp, tls, direct, relayed] = [best(runs.tcp), best(runs.tls), best(runs.direct), best(runs.relayed)]
  return {
    definitions: {
      speed: 'from the first byte until the receiver has confirmed the last; the best of all rounds',
      cpu: 'CPU time of the process per 10⁹ bytes, all threads, user and system',
      peakRss: 'the largest resident memory of the process, its program included',
      ping: 'a round trip of 128 bytes on another stream of the same connection meanwhile; all rounds together',
      tls: 'AES-256-GCM over TCP, with node:tls',
      relayed: 'through a node on the same machine: three processes, and every byte is encrypted twice on each leg',
    },
    bytes,
    rounds,
    tcp: figures(tcp),
    tls: figures(tls),
    direct: { ...figures(direct), ...pings(runs.direct), ...beside(direct) },
    relayed: { ...figures(relayed), ...pings(runs.relayed), ...beside(relayed), timesDirect: ratio(relayed, direct) },
  }

  function beside(run: Run) {
    return { timesTcp: ratio(run, tcp), timesTls: ratio(run, tls) }
  }
}

async function overSocket(bytes: number, secure: boolean): Promise<Run> {
  await using stage = new Stage()
  const [sender, receiver] = [stage.child(), stage.child()]
  const port = await receiver.ask('socketListen', { secure })
  return await measured(bytes, sender, receiver, async () => ({
    tookMs: await sender.ask('socketSend', { port, bytes, secure }),
    pingsMs: [],
  }))
}

async function overStream(bytes: number, path: 'direct' | 'relayed'): Promise<Run> {
  await using stage = new Stage()
  const [sender, receiver] = [stage.child(), stage.child()]
  const node = path === 'relayed' ? await stage.node() : undefined
  const at = node?.addresses[0] === undefined ? {} : { node: node.addresses[0] }
  const [address] = await Promise.all([receiver.ask('streamStart', at), sender.ask('streamStart', at)])
  await sender.ask('streamDial', { address })
  const before = await node?.program.usage()
  const run = await measured(bytes, sender, receiver, () => sender.ask('streamSend', { bytes, pings: true }))
  const after = await node?.program.usage()
  return before === undefined || after === undefined ? run : { ...run, node: spent(before, after) }
}

async function measured(
  bytes: number,
  sender: Child,
  receiver: Child,
  work: () => Promise<{ tookMs: number; pingsMs: number[] }>,
): Promise<Run> {
  const before = [await sender.ask('usage'), await receiver.ask('usage')] as const
  const done = await work()
  const after = [await sender.ask('usage'), await receiver.ask('usage')] as const
  return { bytes, ...done, sender: spent(before[0], after[0]), receiver: spent(before[1], after[1]) }
}

function spent(before: Usage, after: Usage): Usage {
  return { cpuMs: after.cpuMs - before.cpuMs, peakRssBytes: after.peakRssBytes }
}

function best(runs: readonly Run[]): Run {
  const [first] = runs.toSorted((a, b) => a.tookMs - b.tookMs)
  if (first === undefined) throw new RangeError('Nothing was measured')
  return first
}

function ratio(run: Run, other: Run): number {
  return rounded(other.tookMs / run.tookMs)
}

function figures({ bytes, tookMs, sender, receiver, node }: Run) {
  const of = (usage: Usage, role: string) => ({
    [`${role}CpuSecondsPerGB`]: rounded(usage.cpuMs / (bytes / 1e6)),
    [`${role}PeakRssMiB`]: mebibytes(usage.peakRssBytes),
  })
  return {
    megabytesPerSecond: rounded(bytes / 1000 / tookMs),
    ...of(sender, 'sender'),
    ...of(receiver, 'receiver'),
    ...(node === undefined ? {} : of(node, 'node')),
  }
}

function pings(runs: readonly Run[]) {
  const { p50, p99 } = timesOf(runs.flatMap(({ pingsMs }) => pingsMs))
  return { pingP50Ms: p50, pingP99Ms: p99 }
}
