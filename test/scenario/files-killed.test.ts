/**
 * threats.md 47: sender and receiver are killed with -9 repeatedly in the middle of a file, direct and relayed.
 * The seed is printed; QUORUM_SEED repeats a run as far as processes can be repeated. The long version is in soak.
 */
import { test } from 'node:test'
import { killDuring } from '../support/file-kills.ts'
import { random } from '../support/random.ts'
import { MiB } from '../support/transfers.ts'

for (const direct of ['auto', 'never'] as const) {
  test(`six kills over 128 MiB, --direct ${direct}: complete, no stored chunk is fetched again (threats.md 47)`, async (t) => {
    await killDuring(t, { size: 128 * MiB, rounds: 6, direct, random: random(t).next })
  })
}
