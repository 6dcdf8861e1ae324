/**
 * Measures a node that many peers sign in to at once, and the same peers after the node was killed and started again.
 * Beside it, in the same run, a former version (`--against`): single figures depend on the machine and on what else it
 * does. The peers are processes of their own; what they cost is reported too, because they share the machine.
 */
import os from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { checkout } from './checkout.ts'
import { kibibytes, mebibytes, rounded, timesOf } from './figures.ts'
import type { Measure } from './measure.ts'
import { plotGrowth } from './plot.ts'
import { ownRoot, Stage, type Child, type Program } from './processes.ts'
import type { LightPeers } from './light-peers.ts'

const defaultCounts = [500, 1000, 2000, 4000]
const quickCount = 20
/** Milliseconds after which a run is over, whether all are in or not. */
const patience = 120_000
/** Between a kill and the new start, as a process manager leaves it. */
const away = 2000
/** Sessions that look up: a node answers two lookups of one peer in a second. */
const askers = 4
/** Milliseconds between two messages or lookups: they must cost the node little beside the sign-ins. */
const pause = 150
const text = 'x'.repeat(128)
/** For how long, in milliseconds, the last of them may be overdue. */
const lastAnswer = 15_000

/** Two who talk, and those sessions: they have connections too. */
const bystanders = 2 + askers

/** One version of the code. */
interface Code {
  name: string
  root: string
}

interface Rush {
  /** When each got in, in milliseconds from the start, the first one first. */
  at: number[]
  tookMs: number
  nodeCpuMs: number
  peersCpuMs: number
}

type Run = Awaited<ReturnType<typeof measured>>

export async function measureNode({ quick, progress, peers, against }: Measure) {
  if (process.platform !== 'linux') throw new Error('node can be measured on Linux only: peers need many addresses')
  await using stage = new Stage()
  const codes: Code[] = [{ name: 'here', root: ownRoot }]
  if (against !== undefined) codes.unshift({ name: 'former', root: checkout(against, stage.folder) })
  const rounds: object[] = []
  for (const count of peers ?? (quick ? [quickCount] : defaultCounts)) {
    const runs: (Code & Run)[] = []
    for (const code of codes) {
      progress(`node: ${count} peers, ${code.name}`)
      const run = await measured(code.root, count, quick ? 0 : away, progress)
      progress(`  the first time ${inWords(run.first, run.figures)}`)
      progress(`  after kill -9 ${inWords(run.again, run.figures.again)}`)
      runs.push({ ...code, ...run })
    }
    const plot = (title: string, which: 'first' | 'again'): void =>
      progress(
        plotGrowth(
          `  ${title}`,
          count - bystanders,
          runs.map((run) => ({ name: run.name, at: run[which].at })),
        ),
      )
    plot('in, over time', 'first')
    plot('in again after kill -9, over time', 'again')
    rounds.push({ peers: count, ...Object.fromEntries(runs.map(({ name, figures }) => [name, figures])) })
  }
  return {
    definitions: {
      peers: `connections of the node: ${bystanders} of bystanders, and peers that all get the node at the same moment`,
      in: 'the peers that have a directory session and a reservation in the end',
      loadAverage:
        'processes that ran or waited for a core in the minute before: those of others make all times longer',
      seconds: `until half, 90 % and all are in, from that moment or from the start of the node`,
      cpuMs: 'CPU time of the node, or of the processes of all peers, divided by the peers that got in',
      busyPercent: '100: as much CPU time as one core has; all processes share the cores of this machine',
      lookup: 'a request to the directory, while the peers get in',
      message: 'from sending until the receipt, relayed between two peers with stores on disk, while the others get in',
      memory: 'after garbage collection, with all peers in; growth since the start divided by the peers',
      again: `the node is killed with SIGKILL, and started ${away / 1000} s later with its data and its port`,
    },
    longestSeconds: patience / 1000,
    rounds,
  }
}

function inWords({ at, tookMs }: Rush, { nodeCpuMsPerSignIn }: { nodeCpuMsPerSignIn: number }): string {
  const seconds = (tookMs / 1000).toFixed(1)
  return `${at.length} are in after ${seconds} s; each cost the node ${nodeCpuMsPerSignIn} ms of CPU time`
}

async function measured(root: string, count: number, down: number, progress: Measure['progress']) {
  await using stage = new Stage()
  const wanted = count - bystanders
  if (wanted < 1) throw new Error(`--peers must be more than ${bystanders}`)
  const node = await stage.node({ root })
  const [address = ''] = node.addresses
  const { cpuMs: startCpuMs } = await node.program.usage()
  const empty = await node.program.memory()
  const { askOnce, tellOnce } = await startBystanders(stage, address)
  const peers = Array.from({ length: processesFor(wanted) }, () => stage.lightPeers())
  const share = (index: number): number => Math.floor((wanted + index) / peers.length)
  await Promise.all(peers.map((child, i) => child.ask('create', { root, count: share(i), network: i + 1 })))

  const [lookups, messages] = [repeated(askOnce), repeated(tellOnce)]
  const { cpuMs: before } = await node.program.usage()
  const [loadAverage = 0] = os.loadavg()
  const first = await rush(peers, wanted, async () => {
    await Promise.all(peers.map((child) => child.ask('join', { node: address })))
    return { program: node.program, before }
  })
  const meanwhile = { ...named('lookup', await lookups.stop()), ...named('message', await messages.stop()) }
  const full = await node.program.memory()

  progress(`node: ${count} peers, after kill -9`)
  await node.end()
  await wait(down)
  const port = Number(/\/tcp\/(\d+)/.exec(address)?.[1])
  const again = await rush(peers, wanted, async () => {
    const { program } = await stage.node({ root, port })
    return { program, before: startCpuMs }
  })
  const figures = {
    loadAverage: rounded(loadAverage),
    ...figuresOf(first, wanted),
    ...meanwhile,
    nodeRssMiB: mebibytes(full.rssBytes),
    peerRssKiB: kibibytes((full.rssBytes - empty.rssBytes) / count),
    peerHeapKiB: kibibytes((full.heapBytes - empty.heapBytes) / count),
    again: figuresOf(again, wanted),
  }
  return { first, again, figures }
}

/** Two friends that talk through the node, and sessions that look one of them up. */
async function startBystanders(stage: Stage, node: string) {
  const [alice, bob, asker] = [stage.child(), stage.child(), stage.asker()]
  const start = (child: Child, name: string): Promise<string> =>
    child.ask('start', { folder: join(stage.folder, name), nodes: [node], direct: 'never' })
  const [, to] = await Promise.all([start(alice, 'alice'), start(bob, 'bob')])
  await Promise.all([bob.ask('accept'), alice.ask('request', { to }), asker.ask('open', { node, count: askers })])
  await alice.ask('path', { to, path: 'relayed' })
  return {
    askOnce: () => asker.ask('lookup', { peer: to }),
    tellOnce: async (): Promise<number> => {
      const [took = Infinity] = await alice.ask('sendUntilDelivered', { to, text, count: 1 })
      return took
    },
  }
}

/** One process for each core beside the node's, and two at least for many: one event loop serves all its peers. */
function processesFor(peers: number): number {
  return Math.min(Math.ceil(peers / 100), Math.max(2, os.cpus().length - 1), 8)
}

/** `begin` resolves with the node, and what CPU time it had used when its peers began. */
async function rush(
  peers: readonly Child<LightPeers>[],
  wanted: number,
  begin: () => Promise<{ program: Program; before: number }>,
): Promise<Rush> {
  const peersCpu = async (): Promise<number> =>
    sum((await Promise.all(peers.map((child) => child.ask('usage')))).map(({ cpuMs }) => cpuMs))
  const countIn = async (): Promise<number> => sum(await Promise.all(peers.map((child) => child.ask('countIn'))))
  const peersBefore = await peersCpu()
  const began = Date.now()
  const { program, before } = await begin()
  while (Date.now() - began < patience && (await countIn()) < wanted) await wait(50)
  const { cpuMs } = await program.usage()
  const peersCpuMs = (await peersCpu()) - peersBefore
  const tookMs = Date.now() - began
  const times = (await Promise.all(peers.map((child) => child.ask('timesIn')))).flat()
  const at = times.map((time) => time - began).toSorted((a, b) => a - b)
  return { at, tookMs, nodeCpuMs: cpuMs - before, peersCpuMs }
}

function figuresOf({ at, tookMs, nodeCpuMs, peersCpuMs }: Rush, wanted: number) {
  const seconds = (share: number): number | null => {
    const time = at[Math.ceil(share * wanted) - 1]
    return time === undefined ? null : rounded(time / 1000)
  }
  const each = Math.max(1, at.length)
  return {
    wanted,
    in: at.length,
    halfInSeconds: seconds(0.5),
    ninetyPercentInSeconds: seconds(0.9),
    allInSeconds: seconds(1),
    nodeCpuMsPerSignIn: rounded(nodeCpuMs / each),
    peerCpuMsPerSignIn: rounded(peersCpuMs / each),
    nodeBusyPercent: rounded((nodeCpuMs / tookMs) * 100),
    peersBusyPercent: rounded((peersCpuMs / tookMs) * 100),
  }
}

interface Repeated {
  times: number[]
  failed: number
}

/** Measures one after the other with pauses, until `stop`, which waits for the last one. */
function repeated(once: () => Promise<number>): { stop(): Promise<Repeated> } {
  const result: Repeated = { times: [], failed: 0 }
  let stopped = false
  const run = async (): Promise<void> => {
    do {
      try {
        result.times.push(await once())
      } catch {
        // An overloaded node does not answer in time: that is a result as well.
        result.failed += 1
      }
      await wait(pause)
    } while (!stopped)
  }
  const running = run()
  return {
    async stop() {
      stopped = true
      await Promise.race([running, wait(lastAnswer, undefined, { ref: false })])
      return result
    },
  }
}

function named(what: 'lookup' | 'message', { times, failed }: Repeated) {
  const { p50, p99 } = times.length > 0 ? timesOf(times) : { p50: null, p99: null }
  return { [`${what}s`]: times.length, [`${what}sFailed`]: failed, [`${what}P50Ms`]: p50, [`${what}P99Ms`]: p99 }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0)
}
