/** The bound of V8's young generation, in a process of its own: it holds for the rest of the process. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { limits } from '../../../protocol/base/limits.ts'

const module = new URL('../../../protocol/base/young-generation.ts', import.meta.url).href

/**
 * Sizes are taken right after a collection: between two of them, pages that a concurrent collection still holds are
 * counted, too. Prints the size before, after much survived while growth was held, and as it was allowed: when grown,
 * and after.
 */
const program = `
  import { setImmediate } from 'node:timers/promises'
  import { holdYoungGeneration, letYoungGenerationGrow, youngGeneration } from '${module}'
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
  letYoungGenerationGrow()
  await survive(10_000, () => size() >= ${limits.youngGeneration})
  sizes.push(size())
  await survive(300)
  sizes.push(size())
  console.log(JSON.stringify(sizes))
`

test('the young generation stays small while the program loads, then grows to its limit and no further', () => {
  const output = execFileSync(process.execPath, ['--expose-gc', '--input-type=module', '--eval', program], {
    encoding: 'utf8',
  })
  const [first = 0, held = 0, grown = 0, after = 0] = JSON.parse(output) as number[]
  assert.ok(held <= 2 * first, `held at ${held} bytes`)
  assert.deepEqual([grown, after], [limits.youngGeneration, limits.youngGeneration])
})
