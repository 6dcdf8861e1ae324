/** A sparse file larger than four gigabytes, direct and relayed: it arrives complete and still sparse. */
import { test } from 'node:test'
import { sendWithHoles } from '../support/sparse-file.ts'

for (const [path, direct] of [
  ['direct', 'auto'],
  ['relayed', 'never'],
] as const) {
  test(`5 GB with holes, ${path}: complete, and it uses no more disk space than at the sender`, (t) =>
    sendWithHoles(t, direct))
}
