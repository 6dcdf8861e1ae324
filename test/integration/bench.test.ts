/** `npm run bench` works and reports every figure. The values depend on the machine, so they are not tested. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { z } from 'zod'

const bench = fileURLToPath(new URL('../../scripts/dev/bench.ts', import.meta.url))
const run = (...args: string[]) => promisify(execFile)(process.execPath, [bench, ...args])

const figure = z.number().positive()
const definitions = z.record(z.string(), z.string())
const path = z.strictObject({
  deliveredP50Ms: figure,
  deliveredP99Ms: figure,
  deliveredP50TimesTcp: figure,
  deliveredP99TimesTcp: figure,
  answeredP50Ms: figure,
  answeredP99Ms: figure,
  answeredP50TimesTcp: figure,
  answeredP99TimesTcp: figure,
  messagesPerSecond: figure,
})
const copied = z.strictObject({
  megabytesPerSecond: figure,
  senderCpuSecondsPerGigabyte: figure.optional(),
  receiverCpuSecondsPerGigabyte: figure.optional(),
  // A transfer of a few megabytes may not raise the peak, so the difference can be 0.
  senderPeakMiBAboveIdle: z.number().optional(),
  receiverPeakMiBAboveIdle: z.number().optional(),
})
const bulk = z.object({
  megabytesPerSecond: figure,
  senderCpuSecondsPerGB: figure,
  senderPeakRssMiB: figure,
  receiverCpuSecondsPerGB: figure,
  receiverPeakRssMiB: figure,
})
const bulkBeside = bulk.extend({ pingP50Ms: figure, pingP99Ms: figure, timesTcp: figure, timesTls: figure })
const fileReport = z.strictObject({
  definitions,
  fileMiB: figure,
  tcp: copied,
  tls: copied,
  scp: copied.or(z.literal('not installed')),
  direct: copied,
  relayed: copied,
  electron: copied.or(z.literal('QUORUM_ELECTRON names none')),
  directTimesTcp: figure,
  directTimesTls: figure,
  directTimesScp: figure.optional(),
  relayedTimesDirect: figure,
  electronTimesNode: figure.optional(),
  smallFiles: figure,
  smallFilesMs: figure,
  tarMs: figure,
  smallFilesTimesTar: figure,
  chatMessages: figure,
  chatDeliveredP50Ms: figure,
  chatDeliveredP99Ms: figure,
})
const rush = z.strictObject({
  wanted: figure,
  in: figure,
  halfInSeconds: figure,
  ninetyPercentInSeconds: figure,
  allInSeconds: figure,
  nodeCpuMsPerSignIn: figure,
  peerCpuMsPerSignIn: figure,
  nodeBusyPercent: figure,
  peersBusyPercent: figure,
})
const crowd = rush.extend({
  loadAverage: z.number(),
  lookups: figure,
  lookupsFailed: z.literal(0),
  lookupP50Ms: figure,
  lookupP99Ms: figure,
  messages: figure,
  messagesFailed: z.literal(0),
  messageP50Ms: figure,
  messageP99Ms: figure,
  nodeRssMiB: figure,
  // Garbage collection may free more than some peers take, so the difference can be negative.
  peerRssKiB: z.number(),
  peerHeapKiB: z.number(),
  again: rush.strict(),
})
const nodeReport = z.strictObject({
  definitions,
  longestSeconds: figure,
  rounds: z.array(z.strictObject({ peers: figure, here: crowd.strict() })),
})
const about = {
  version: z.string(),
  runtime: z.string(),
  platform: z.string(),
  cpu: z.string(),
  cpuCount: figure,
  quick: z.literal(true),
  tookSeconds: figure,
}
const report = z.strictObject({
  ...about,
  chat: z.strictObject({
    definitions,
    textBytes: figure,
    tcpRoundTrips: figure,
    tcpP50Ms: figure,
    tcpP99Ms: figure,
    roundTrips: figure,
    messagesOneWay: figure,
    direct: path,
    relayed: path,
  }),
  away: z.strictObject({
    definitions,
    textBytes: figure,
    parcelBytes: figure,
    parcels: figure,
    leftPerSecond: figure,
    leftNodeCpuMs: figure,
    takenPerSecond: figure,
    takenNodeCpuMs: figure,
    waitingMessages: figure,
    waitingParcels: figure,
    waitingKiB: figure,
    waitingOnDiskMs: figure,
  }),
  stream: z.strictObject({
    definitions,
    bytes: figure,
    rounds: figure,
    tcp: bulk.strict(),
    tls: bulk.strict(),
    direct: bulkBeside.strict(),
    relayed: bulkBeside.extend({ nodeCpuSecondsPerGB: figure, nodePeakRssMiB: figure, timesDirect: figure }).strict(),
  }),
  store: z.strictObject({
    definitions,
    messages: figure,
    appendP50Ms: figure,
    appendP99Ms: figure,
    appendPerSecond: figure,
    appendTogetherPerSecond: figure,
    openP50Ms: figure,
    openP99Ms: figure,
    newestPageOf50P50Ms: figure,
    searchFirst50P50Ms: figure,
  }),
  memory: z.strictObject({
    definitions,
    idlePeerRssMiB: figure,
    idlePeerHeapMiB: figure,
    idleNodeRssMiB: figure,
    idleNodeHeapMiB: figure,
    connections: figure,
    // Garbage collection may free more than five connections take, so the difference can be negative.
    connectionRssKiB: z.number(),
    connectionHeapKiB: z.number(),
  }),
})

test('the bench measures every part and prints it as JSON, and with --json nothing else', async () => {
  const { stdout, stderr } = await run('--quick', '--json')
  assert.equal(stderr, '')
  const { chat } = report.parse(JSON.parse(stdout))
  for (const { deliveredP50Ms, deliveredP99Ms, deliveredP50TimesTcp } of [chat.direct, chat.relayed]) {
    assert.ok(deliveredP50Ms <= deliveredP99Ms)
    assert.ok(Math.abs(deliveredP50Ms / chat.tcpP50Ms / deliveredP50TimesTcp - 1) < 0.02, 'the ratio is of this run')
  }
})

test('files are measured when that part is named', async () => {
  const { stdout } = await run('file', '--quick', '--json')
  const { file } = z.strictObject({ ...about, file: fileReport }).parse(JSON.parse(stdout))
  const ratio = file.direct.megabytesPerSecond / file.tcp.megabytesPerSecond
  assert.ok(Math.abs(ratio / file.directTimesTcp - 1) < 0.02, 'the ratio is of this run')
})

const onLinux = { skip: process.platform === 'linux' ? false : 'peers need the many loopback addresses of Linux' }

test('a node is measured with peers that come at once, and come back', onLinux, async () => {
  const { stdout, stderr } = await run('node', '--quick', '--peers', '12')
  const { node } = z.strictObject({ ...about, node: nodeReport }).parse(JSON.parse(stdout))
  assert.deepEqual(
    node.rounds.map(({ peers }) => peers),
    [12],
  )
  for (const { wanted, in: came, again, ...times } of node.rounds.map(({ here }) => here)) {
    assert.deepEqual([came, again.in, again.wanted], [wanted, wanted, wanted], 'all are in, and in again')
    assert.ok(times.halfInSeconds <= times.allInSeconds)
    assert.ok(times.lookupP50Ms <= times.lookupP99Ms)
  }
  assert.match(stderr, /here +[▁-█ ]+ 6 in/)
})

test('one part alone, with its progress on standard error', async () => {
  const { stdout, stderr } = await run('store', '--quick')
  report
    .pick({ ...Object.fromEntries(Object.keys(about).map((key) => [key, true])), store: true })
    .parse(JSON.parse(stdout))
  assert.match(stderr, /store/)
})

test('help names the parts; an unknown part or option is refused', async () => {
  assert.match((await run('--help')).stdout, /chat, away, file, stream, store, memory, node/)
  await assert.rejects(run('speed'), { code: 2, stderr: /chat, away, file, stream, store, memory, node/ })
  await assert.rejects(run('--fast'), { code: 2 })
  await assert.rejects(run('node', '--peers', '10,many'), { code: 2, stderr: /whole numbers/ })
  await assert.rejects(run('node', '--against', 'v9.9.9'), { code: 1, stderr: /neither a folder .* nor a revision/ })
})
