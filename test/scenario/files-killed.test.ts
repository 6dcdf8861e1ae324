/**
 * threats.md 47: sender and receiver are killed with -9 in the middle of a file, again and again, direct and relayed.
 * The seed is printed; QUORUM_TEST_SEED repeats a run as far as processes can be repeated. The long version is in soak.
 */
import { randomInt } from 'node:crypto'
import { test } from 'node:test'
import { killDuring, randomFrom } from '../support/file-kills.ts'
import { MiB } from '../support/transfers.ts'

for (const direct of ['auto', 'never'] as const) {
  test(`six kills over 128 MiB, --direct ${direct}: whole, nothing on the disk fetched again (threats.md 47)`, async (t) => {
    const seed = Number(process.env.QUORUM_TEST_SEED ?? randomInt(2 ** 31))
    t.diagnostic(`seed ${seed}`)
    await killDuring(t, { size: 128 * MiB, rounds: 6, direct, random: randomFrom(seed) })
  })
}
