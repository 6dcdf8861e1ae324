/**
 * Every decoder with bytes that are nearly valid: it accepts them within its bounds, or it refuses. `QUORUM_FUZZ=1e8`
 * is how many inputs in all; a failure prints the decoder, the seed and the input.
 */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { test } from 'node:test'
import { decoders } from '../support/decoders.ts'
import { ofFields } from '../support/message-decoders.ts'
import { Mutator } from '../support/mutator.ts'
import { random } from '../support/random.ts'
import type { Target } from '../support/fuzz-target.ts'

/** A minute on a machine that does other things as well. */
const inputs = Number(process.env.QUORUM_FUZZ ?? 1_500_000)
const shares = decoders.reduce((sum, { share = 1 }) => sum + share, 0)

test('every exported decoder of the wire is fuzzed', async () => {
  const folder = new URL('../../protocol/wire/', import.meta.url)
  const files = fs.readdirSync(folder).filter((name) => name.endsWith('.ts') && !name.endsWith('_pb.ts'))
  const modules = await Promise.all(files.map((name) => import(new URL(name, folder).href) as Promise<object>))
  const exported = modules.flatMap((module) => Object.keys(module)).filter((name) => name.endsWith('FromWire'))
  const fuzzed = [...decoders.map(({ name }) => name), ...ofFields].filter((name) => name.endsWith('FromWire'))
  assert.deepEqual(fuzzed.toSorted(), exported.toSorted())
})

for (const target of decoders) {
  test(
    `${target.name}: valid inputs are accepted, damaged ones accepted or refused`,
    { timeout: 3_600_000 },
    async (t) => {
      const { seed } = random(t)
      const seeds = target.seeds()
      assert.ok(seeds.length > 0)
      for (const one of seeds) await runs(target, seed, one)
      const mutator = new Mutator(seeds, seed)
      const count = Math.ceil((inputs * (target.share ?? 1)) / shares)
      const since = performance.now()
      const { stackTraceLimit } = Error
      // Refusals are errors, and most of their time is their stack.
      Error.stackTraceLimit = 0
      try {
        for (let done = 0; done < count; done += 1) {
          const running = runs(target, seed, mutator.next())
          if (running !== undefined) await running
        }
      } finally {
        Error.stackTraceLimit = stackTraceLimit
      }
      t.diagnostic(`${count} inputs, ${((1000 * (performance.now() - since)) / count).toFixed(1)} µs each`)
    },
  )
}

/** Nothing to wait for where the decoder is synchronous: millions of turns of the loop would be most of the time. */
function runs(target: Target, seed: number, bytes: Uint8Array): Promise<void> | undefined {
  const report = async (error: unknown): Promise<void> => {
    const input = Buffer.from(bytes).toString('hex')
    assert.fail(`${target.name}, QUORUM_SEED=${seed}, ${input}: ${await describe(target, bytes, error)}`)
  }
  try {
    const running = target.run(bytes)
    return running instanceof Promise ? running.then(() => undefined, report) : undefined
  } catch (error) {
    return report(error)
  }
}

/** The error with its stack: the run is repeated, since it does not depend on those before. */
async function describe(target: Target, bytes: Uint8Array, first: unknown): Promise<string> {
  Error.stackTraceLimit = 20
  try {
    await target.run(bytes)
  } catch (again) {
    return again instanceof Error ? (again.stack ?? again.message) : String(again)
  }
  return `not when repeated: ${String(first)}`
}
