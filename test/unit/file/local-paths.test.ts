/** The safe paths of the files of a manifest are computed without blocking the event loop. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { safePaths } from '../../../protocol/file/safe-names.ts'
import { safePathsOf } from '../../../protocol/file/local-paths.ts'

test('a manifest full of hostile names yields to the event loop', async () => {
  const nasty = '‮𝒜ﬁ ﷺ̈́'.repeat(100)
  const entries = Array.from({ length: 400 }, (_, n) => ({ path: `${nasty}${n}/${nasty}.exe`, size: 0, modified: 0 }))
  let turns = 0
  let over = false
  const other = (): void => {
    turns += 1
    if (!over) setImmediate(other)
  }
  setImmediate(other)
  const paths = await safePathsOf(entries)
  over = true
  assert.deepEqual(paths, safePaths(entries.map(({ path }) => path)))
  assert.ok(turns > 3, `${turns} turns`)
})
