/**
 * `npm run build`: writes dist/, which is what gets published: the library with its declarations, and the two binaries
 * as JavaScript. Type errors stop it, and nothing old stays in dist/.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { root, tool } from './checks.ts'

const dist = join(root, 'dist')
const { version } = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')))

rmSync(dist, { recursive: true, force: true })
const { ok, output } = await tool('typescript', 'tsc', '-p', 'tsconfig.build.json')
process.stdout.write(output)
if (ok) {
  // Inside dist/, the doors lead to what was built, and `../package.json` is as near as it is in the checkout.
  const manifest = {
    name: 'quorum',
    version,
    private: true,
    type: 'module',
    imports: {
      '#protocol': './protocol/index.js',
      '#foreign-text': './protocol/base/foreign-text.js',
      '#lookalike': './protocol/identity/lookalike.js',
      '#embedded-node': './node/embedded.js',
    },
  }
  writeFileSync(join(dist, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
}
process.exitCode = ok ? 0 : 1
