/**
 * Hours of chat, files, kills and reconnects at one node: what the node and a peer that is never killed have in use
 * stays level, memory and descriptors; every message arrives once and in order, and nothing is unhandled.
 * `npm test -- soak`; SOAK_MINUTES is how long (120), SOAK_OUT a file for the samples as JSON lines.
 */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { inspect } from 'node:util'
import { befriend, HeadlessNode, HeadlessPeer } from '../support/headless.ts'
import { Stage } from '../support/line-process.ts'
import { exchange, Inhabitant, Speech } from '../support/long-life.ts'
import { inUse, measured, memoryOf, minima, quarters, sample, slope, type Sample } from '../support/process-samples.ts'
import { random } from '../support/random.ts'

const minutes = Number(process.env.SOAK_MINUTES ?? 120)
/** Minutes until caches, pools and compiled code have their size. */
const warm = Math.min(20, minutes / 6)
/** Minutes in which V8 collects what is garbage: the least of them counts. */
const garbage = 5
/** MB an hour in use; of a shorter run than an hour, noise is larger than that. */
const slopeMost = 2
/**
 * MB an hour of resident memory, in which V8 and malloc keep what was needed once, and compiled code becomes more: this
 * finds what is kept outside of V8. The garbage of V8, 12 MB that come or go, is bounded in
 * protocol/base/heap-growth.ts, and the gaps of malloc in scripts/launch.mjs.
 */
const residentMost = 8
const judgedFrom = 60
/** Descriptors more in the last quarter than in the first: connections differ by the moment. */
const descriptorsMore = 4
/** Milliseconds between two samples, and between two disturbances: from and up to. */
const every = 10_000
const disturbed = [20_000, 60_000] as const

test(
  `${minutes} minutes of chat, files, kills and reconnects at one node`,
  { timeout: (minutes + 15) * 60_000, skip: process.platform === 'linux' ? false : 'memory is read in /proc' },
  async (t) => {
    const stage = new Stage(t)
    const { next } = random(t)
    const fileOf = (name: string): string => path.join(stage.folder, `in-use-${name}`)
    const node = await new HeadlessNode(stage, 'node', { env: measured(fileOf('node')) }).start()
    const inhabit = async (name: string, direct: 'auto' | 'never', env = {}): Promise<Inhabitant> => {
      const setup = { nodes: node.addresses, args: ['--direct', direct], env }
      return new Inhabitant(await new HeadlessPeer(stage, name, setup).start())
    }
    // She is never killed, and has a direct and a relayed conversation.
    const alice = await inhabit('alice', 'auto', measured(fileOf('alice')))
    const bob = await inhabit('bob', 'auto')
    const carol = await inhabit('carol', 'never')
    const pairs = [
      [alice, bob],
      [carol, alice],
      [bob, carol],
      [bob, alice],
      [alice, carol],
      [carol, bob],
    ] as const
    for (const [one, other] of [pairs[0], pairs[1], pairs[2]]) await befriend(one.peer, other.peer)

    const [begun, date] = [performance.now(), Date.now()]
    const now = (): number => (performance.now() - begun) / 60_000
    const watched = {
      node: { pid: node.pid, samples: [] as Sample[] },
      alice: { pid: alice.peer.pid, samples: [] as Sample[] },
    }
    const speeches = pairs.map(([from, to]) => new Speech(from, to))
    const ending = new AbortController()
    const over = AbortSignal.any([ending.signal, t.signal])
    let disturbances = 0

    const watch = async (): Promise<void> => {
      for (let told = 0; !over.aborted;) {
        for (const [name, { pid, samples }] of Object.entries(watched)) {
          const taken = sample(pid, now())
          samples.push(taken)
          if (process.env.SOAK_OUT) fs.appendFileSync(process.env.SOAK_OUT, `${JSON.stringify({ name, ...taken })}\n`)
        }
        if (now() >= told) {
          told += 1
          const said = speeches.reduce((sum, speech) => sum + speech.said, 0)
          const figures = Object.entries(watched).map(([name, { samples }]) => `${name} ${brief(samples.at(-1))}`)
          // Not a diagnostic, which is printed at the end.
          process.stderr.write(
            `minute ${now().toFixed(0)}: ${said} messages, ${disturbances} kills and stops; ${figures.join('; ')}\n`,
          )
        }
        if (now() >= minutes) ending.abort()
        else await pause(every)
      }
    }
    const disturb = async (): Promise<void> => {
      for (;;) {
        const [least, most] = disturbed
        await pause(least + next() * (most - least))
        if (over.aborted) return
        await (next() < 0.5 ? bob.restart('kill9') : carol.restart(next() < 0.5 ? 'kill9' : 'stop'))
        disturbances += 1
      }
    }
    const work = [watch(), disturb(), ...speeches.map((speech) => speech.speak(over))]
    const files = exchange(pairs, stage.folder, next, over)
    // The first that fails ends the others.
    await Promise.all(
      [...work, files].map((one) =>
        one.catch((error: unknown) => {
          ending.abort()
          // Told at once: what is left to do may take long, and its errors would hide this one.
          process.stderr.write(`ends in minute ${now().toFixed(0)}: ${inspect(error)}\n`)
          throw error
        }),
      ),
    )
    for (const speech of speeches) await speech.arrives()
    // Of the one that was never killed no event is missing.
    for (const { heard, said } of speeches.filter(({ to }) => to === alice)) assert.equal(heard.length, said)

    const { done, cancelled } = await files
    const said = speeches.reduce((sum, speech) => sum + speech.said, 0)
    t.diagnostic(`${said} messages, ${done} files, ${cancelled} cancelled, ${disturbances} kills and stops`)
    for (const [name, { samples }] of Object.entries(watched))
      judge(name, samples, inUse(fileOf(name), date), (text) => t.diagnostic(text))
    assert.doesNotMatch(stage.errors, /unhandled|uncaught/i)
    for (const { peer } of [alice, bob, carol]) assert.doesNotMatch(logOf(peer), /unhandled|uncaught/i)
  },
)

function judge(
  name: string,
  samples: readonly Sample[],
  used: readonly [minute: number, memory: number][],
  tell: (text: string) => void,
): void {
  const late = samples.filter(({ minute }) => minute >= warm)
  const growth = slope(minima(used, warm, garbage)) * 60
  const resident = slope(minima(memoryOf(samples), warm, garbage)) * 60
  const [first, last] = quarters(late)
  const grows = `${growth.toFixed(2)} MB an hour in use, ${resident.toFixed(2)} resident`
  tell(`${name}: ${grows}, after ${warm.toFixed(0)} minutes; descriptors ${first}, then ${last}`)
  assert.ok(last - first <= descriptorsMore, `${name} has ${first} descriptors, and later ${last}`)
  if (minutes < judgedFrom) return
  assert.ok(growth < slopeMost && resident < residentMost, `${name} grows: ${grows}`)
}

function brief(taken: Sample | undefined): string {
  return `${taken?.memory.toFixed(1)} MB, ${taken?.descriptors} descriptors`
}

function logOf({ folder }: HeadlessPeer): string {
  const logs = path.join(folder, 'logs')
  return fs
    .readdirSync(logs)
    .map((file) => fs.readFileSync(path.join(logs, file), 'utf8'))
    .join('')
}
