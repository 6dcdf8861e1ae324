/** threats.md 47, long: fifty kills over one file of 1 GiB. Run with `npm test -- soak`. */
import { test } from 'node:test'
import { killDuring } from '../support/file-kills.ts'
import { random } from '../support/random.ts'
import { MiB } from '../support/transfers.ts'

for (const direct of ['auto', 'never'] as const) {
  test(`fifty kills over 1 GiB, --direct ${direct}: whole, nothing on the disk fetched again (threats.md 47)`, async (t) => {
    await killDuring(t, { size: 1024 * MiB, rounds: 50, direct, random: random(t).next })
  })
}
