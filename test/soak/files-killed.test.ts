/** threats.md 47, long version: fifty kills during one file of 1 GiB. Run with `npm test -- soak`. */
import { test } from 'node:test'
import { killDuring } from '../support/file-kills.ts'
import { random } from '../support/random.ts'
import { MiB } from '../support/transfers.ts'

for (const direct of ['auto', 'never'] as const) {
  test(`fifty kills over 1 GiB, --direct ${direct}: complete, no stored chunk is fetched again (threats.md 47)`, async (t) => {
    await killDuring(t, { size: 1024 * MiB, rounds: 50, direct, random: random(t).next })
  })
}
