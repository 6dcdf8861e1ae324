/** A file beyond four gigabytes, most of it holes: whole, and with its holes. */
import { test } from 'node:test'
import { sendWithHoles } from '../support/sparse-file.ts'

test('5 GB with holes, direct: whole, and it takes no more room than at the sender', (t) => sendWithHoles(t, 'auto'))
