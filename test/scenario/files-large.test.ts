/** A file beyond four gigabytes, most of it holes, directly and over a relay: whole, and with its holes. */
import { test } from 'node:test'
import { sendWithHoles } from '../support/sparse-file.ts'

for (const [path, direct] of [
  ['direct', 'auto'],
  ['relayed', 'never'],
] as const) {
  test(`5 GB with holes, ${path}: whole, and it takes no more room than at the sender`, (t) => sendWithHoles(t, direct))
}
