/** The checks of `npm run check` as tests, so that one run and one total include them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checks } from '../../scripts/dev/checks.ts'

for (const { name, run } of checks) {
  test(name, async () => {
    const { ok, output } = await run()
    assert.ok(ok, output)
  })
}
