/** The bounds of V8's heap, in processes of their own: they hold for the rest of a process. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { limits } from '../../../protocol/base/limits.ts'

const module = new URL('../../../protocol/base/heap-growth.ts', import.meta.url).href

/**
 * Sizes are taken right after a collection: between two of them, pages that a concurrent collection still holds are
 * counted, too. Prints the size before, after much survived while growth was held, and as it was allowed: when grown,
 * and after.
 */
const young = `
  import { setImmediate } from 'node:timers/promises'
  import { holdYoungGeneration, letHeapGrow, youngGeneration } from '${module}'
  let kept
  function size() {
    gc({ type: 'minor' })
    return youngGeneration()
  }
  async function survive(rounds, until = () => false) {
    for (let round = 0; round < rounds && !until(); round += 1) {
      kept = Array.from({ length: 20_000 }, (_, index) => ({ index }))
      await setImmediate()
    }
  }
  holdYoungGeneration()
  const sizes = [size()]
  await survive(100)
  sizes.push(size())
  letHeapGrow()
  await survive(10_000, () => size() >= ${limits.youngGeneration})
  sizes.push(size())
  await survive(300)
  sizes.push(size())
  console.log(JSON.stringify(sizes))
`

/**
 * Replaces 30 MB of old objects by new ones many times. Prints how much the old generation had at most, and what of
 * that is in use. It pauses as a program does that waits for a network: V8 marks what is in use meanwhile.
 */
const old = `
  import { setTimeout as pause } from 'node:timers/promises'
  import v8 from 'node:v8'
  import { letHeapGrow } from '${module}'
  const size = () => v8.getHeapSpaceStatistics().find(({ space_name: name }) => name === 'old_space').space_used_size
  letHeapGrow()
  const used = new Array(300_000)
  let most = 0
  async function replace(times) {
    for (let at = 0; at < times * used.length; at += 1) {
      used[at % used.length] = { at, more: [at] }
      if (at % 5000 > 0) continue
      await pause(1)
      most = Math.max(most, size())
    }
  }
  await replace(1)
  gc()
  most = 0
  await replace(12)
  gc()
  console.log(JSON.stringify([most, size(), used.length]))
`

/** What `program` prints. */
function printed(program: string): number[] {
  const args = ['--expose-gc', '--input-type=module', '--eval', program]
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as number[]
}

test('the young generation stays small while the program loads, then grows to its limit and no further', () => {
  const [first = 0, held = 0, grown = 0, after = 0] = printed(young)
  assert.ok(held <= 2 * first, `held at ${held} bytes`)
  assert.deepEqual([grown, after], [limits.youngGeneration, limits.youngGeneration])
})

test('garbage of the old generation is collected before it is several times what is used', () => {
  const [most = 0, used = 0] = printed(old)
  // Objects are made while V8 still marks, so more than the limit; without it, five times.
  assert.ok(most < 3 * used, `${most} bytes, of which ${used} are in use`)
})
