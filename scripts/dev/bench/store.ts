/**
 * Measures the store on disk: adding, opening, reading and searching, with as many messages as years of use produce.
 */
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { Bench } from 'tinybench'
import { openSqliteStore } from '#protocol'
import type { Store } from '#protocol'
import { rounded } from './figures.ts'
import type { Measure } from './measure.ts'
import { Stage } from './processes.ts'

const peer = 'friend'
const text = 'some words of a sentence that a person might write to another, with a number at its end: '

export async function measureStore({ quick, progress }: Measure) {
  const messages = quick ? 1000 : 100_000
  const milliseconds = quick ? 100 : 1500
  await using stage = new Stage()
  const directory = join(stage.folder, 'store')
  let store = await openSqliteStore({ directory })

  progress(`store: ${messages} messages in one transaction`)
  const started = performance.now()
  store.transaction(() => {
    for (let seq = 1; seq <= messages; seq += 1) receive(store, seq)
  })
  const together = performance.now() - started

  progress('store: opening')
  store.close()
  const bench = new Bench({ time: milliseconds, warmupTime: milliseconds / 5, iterations: 5, warmupIterations: 1 })
  bench.add('open', async () => {
    const opened = await openSqliteStore({ directory })
    opened.close()
  })
  await bench.run()
  const open = percentiles(bench, 'open')
  bench.remove('open')

  progress('store: adding one by one, reading, searching')
  store = await openSqliteStore({ directory })
  bench.add('append', () => receive(store, store.conversation(peer).received + 1))
  bench.add('page', () => void store.messages(peer, 50))
  bench.add('search', () => void store.search('number at', 50))
  await bench.run()
  store.close()
  const append = percentiles(bench, 'append')
  return {
    definitions: {
      append: 'one received message in a transaction of its own: on disk when the call returns',
      appendTogether: 'received messages, all in one transaction',
      open: 'opening the encrypted store with this many messages, and closing it',
    },
    messages,
    appendP50Ms: append.p50,
    appendP99Ms: append.p99,
    appendPerSecond: rounded(1000 / append.mean),
    appendTogetherPerSecond: rounded((messages * 1000) / together),
    openP50Ms: open.p50,
    openP99Ms: open.p99,
    newestPageOf50P50Ms: percentiles(bench, 'page').p50,
    searchFirst50P50Ms: percentiles(bench, 'search').p50,
  }
}

function receive(store: Store, seq: number): void {
  const at = 1_750_000_000_000 + seq
  const content = { id: randomUUID(), text: `${text}${seq}`, sentAt: at, receivedAt: at, recalled: false }
  store.receiveMessage(peer, { ...content, seq, hash: new Uint8Array(32).fill(seq % 256) })
}

function percentiles(bench: Bench, name: string): { p50: number; p99: number; mean: number } {
  const result = bench.getTask(name)?.result
  if (result === undefined || !('latency' in result)) throw new Error(`${name} was not measured`)
  const { p50, p99, mean } = result.latency
  return { p50: rounded(p50), p99: rounded(p99), mean }
}
