/**
 * Measures file transfers from disk to disk between two processes, directly and through a node. For comparison, the
 * same run copies the file over the loopback by plain TCP, by TLS, and by scp where it is installed, and many small
 * files by tar over plain TCP. It also measures chat during a transfer. Only ratios can be compared between machines.
 */
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { appendFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { mebibytes, rounded, timesOf } from './figures.ts'
import { copyByScp, copyByTar, selfSigned } from './file-baselines.ts'
import type { Measure } from './measure.ts'
import { Stage, type Child } from './processes.ts'

const MiB = 1024 * 1024
const smallBytes = 4096

interface Copied {
  megabytesPerSecond: number
  senderCpuSecondsPerGigabyte?: number
  receiverCpuSecondsPerGigabyte?: number
  senderPeakMiBAboveIdle?: number
  receiverPeakMiBAboveIdle?: number
}

export async function measureFile({ quick, progress }: Measure) {
  await using stage = new Stage()
  const bytes = (quick ? 4 : 1024) * MiB
  const count = quick ? 50 : 10_000
  const file = join(stage.folder, 'random.bin')
  progress(`file: writing ${bytes / MiB} MiB of random bytes`)
  for (let written = 0; written < bytes; written += 4 * MiB) appendFileSync(file, randomBytes(4 * MiB))
  const folder = join(stage.folder, 'small')
  for (let index = 0; index < count; index += 1) {
    const subfolder = join(folder, `folder ${index % 100}`)
    if (index < 100) mkdirSync(subfolder, { recursive: true })
    writeFileSync(join(subfolder, `file ${index}`), randomBytes(smallBytes))
  }

  progress('file: plain TCP and TLS')
  const tcp = await plain(stage, file, bytes)
  const overTls = await plain(stage, file, bytes, selfSigned(stage.folder))
  progress('file: scp')
  const scpMs = await copyByScp(stage.folder, file, join(stage.folder, 'scp.bin'))
  const scp = scpMs === undefined ? undefined : speed(bytes, scpMs)
  progress('file: tar over plain TCP')
  const tarMs = await copyByTar(folder, join(stage.folder, 'untarred'))

  const direct = await between(stage, 'direct', file, bytes, progress)
  const relayed = await between(stage, 'relayed', file, bytes, progress)
  const electronPath = process.env['QUORUM_ELECTRON']
  const electron =
    electronPath === undefined ? undefined : await between(stage, 'direct', file, bytes, progress, electronPath)

  progress(`file: ${count} files of 4 KiB`)
  const smallMs = await withPair(stage, 'direct', async ([alice], to) => alice.ask('sendFiles', { to, path: folder }))
  progress('file: chat during a transfer')
  const chat = await withPair(stage, 'direct', async ([alice], to) =>
    alice.ask('sendFilesChatting', { to, path: file }),
  )
  const delivered = timesOf(chat.deliveredMs)

  const mbps = ({ megabytesPerSecond }: Copied): number => megabytesPerSecond
  const ratio = (a: Copied, b: Copied | undefined): number | undefined => b && rounded(mbps(a) / mbps(b))
  return {
    definitions: {
      megabytesPerSecond:
        'the file’s bytes / 10^6, from the request to send until all of it is verified, synced and at its final path',
      tcp: 'the same file through streams over plain TCP between two processes, then synced; tls: over node:tls',
      scp: 'the whole command with its start and authentication; nothing is synced',
      tar: 'tar piped over plain TCP into tar; nothing is synced',
      chatDelivered: 'from sendMessage() until the receipt, one by one, during a transfer on the same connection',
    },
    fileMiB: bytes / MiB,
    tcp,
    tls: overTls,
    ...(scp === undefined ? { scp: 'not installed' } : { scp }),
    direct,
    relayed,
    ...(electron === undefined ? { electron: 'QUORUM_ELECTRON names none' } : { electron }),
    directTimesTcp: ratio(direct, tcp),
    directTimesTls: ratio(direct, overTls),
    directTimesScp: ratio(direct, scp),
    relayedTimesDirect: ratio(relayed, direct),
    electronTimesNode: electron && ratio(electron, direct),
    smallFiles: count,
    smallFilesMs: rounded(smallMs),
    tarMs: rounded(tarMs),
    smallFilesTimesTar: rounded(smallMs / tarMs),
    chatMessages: chat.deliveredMs.length,
    chatDeliveredP50Ms: delivered.p50,
    chatDeliveredP99Ms: delivered.p99,
  }
}

function speed(bytes: number, ms: number): Copied {
  return { megabytesPerSecond: rounded(bytes / 1000 / ms) }
}

async function plain(
  stage: Stage,
  path: string,
  bytes: number,
  certificate?: { key: string; cert: string },
): Promise<Copied> {
  const [near, far] = [stage.child(), stage.child()]
  const to = join(stage.folder, 'plain.bin')
  const security = certificate === undefined ? {} : { certificate }
  const before = await Promise.all([near.ask('usage'), far.ask('usage')])
  const port = await far.ask('takeFile', { path: to, ...security })
  const ms = await near.ask('giveFile', { path, port, ...security })
  const copied = { ...speed(bytes, ms), ...(await spent([near, far], before, bytes)) }
  rmSync(to)
  await Promise.all([near.end(), far.end()])
  return copied
}

async function between(
  stage: Stage,
  path: 'direct' | 'relayed',
  file: string,
  bytes: number,
  progress: Measure['progress'],
  runtime?: string,
): Promise<Copied> {
  progress(`file: ${path}${runtime === undefined ? '' : ', in Electron'}`)
  return withPair(
    stage,
    path,
    async (pair, to, downloads) => {
      const before = await Promise.all([pair[0].ask('usage'), pair[1].ask('usage')])
      const ms = await pair[0].ask('sendFiles', { to, path: file })
      const copied = { ...speed(bytes, ms), ...(await spent(pair, before, bytes)) }
      // Throws if the files differ.
      execFileSync('cmp', [file, join(downloads, 'random.bin')])
      return copied
    },
    runtime,
  )
}

/** Connects two friends by a path of this kind, runs `work`, and ends both peers and their node. */
async function withPair<T>(
  stage: Stage,
  path: 'direct' | 'relayed',
  work: (pair: [Child, Child], to: string, downloads: string) => Promise<T>,
  runtime?: string,
): Promise<T> {
  const folder = join(stage.folder, `pair-${randomBytes(4).toString('hex')}`)
  const { addresses, end } = await stage.node({ folder })
  const [alice, bob] = [stage.child(runtime), stage.child(runtime)]
  const direct = path === 'direct' ? 'auto' : 'never'
  const start = (child: Child, name: string): Promise<string> =>
    child.ask('start', { folder: join(folder, name), nodes: addresses, direct })
  const [, to] = await Promise.all([start(alice, 'alice'), start(bob, 'bob')])
  await Promise.all([bob.ask('accept'), alice.ask('request', { to })])
  await alice.ask('path', { to, path })
  const downloads = join(folder, 'downloads')
  await bob.ask('acceptFiles', { directory: downloads })
  const result = await work([alice, bob], to, downloads)
  await Promise.all([alice.ask('stop'), bob.ask('stop')])
  await Promise.all([alice.end(), bob.end(), end()])
  if (existsSync(folder)) rmSync(folder, { recursive: true })
  return result
}

type UsageOf = Awaited<ReturnType<typeof usageOf>>
const usageOf = (child: Child) => child.ask('usage')

async function spent(pair: [Child, Child], before: UsageOf[], bytes: number): Promise<Partial<Copied>> {
  const after = await Promise.all(pair.map(usageOf))
  const cpu = (at: number): number => ((after[at]?.cpuMs ?? 0) - (before[at]?.cpuMs ?? 0)) / 1000
  const peak = (at: number): number => (after[at]?.peakRssBytes ?? 0) - (before[at]?.peakRssBytes ?? 0)
  return {
    senderCpuSecondsPerGigabyte: rounded(cpu(0) / (bytes / 1e9)),
    receiverCpuSecondsPerGigabyte: rounded(cpu(1) / (bytes / 1e9)),
    senderPeakMiBAboveIdle: mebibytes(peak(0)),
    receiverPeakMiBAboveIdle: mebibytes(peak(1)),
  }
}
