/**
 * `npm run build`: writes dist/, the published part of the package: the library with its declarations, and the two
 * programs as JavaScript. Type errors stop it. The old content of dist/ is removed first.
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
  // Inside dist/, the `#` imports resolve to the built files, and `../package.json` exists as it does in the checkout.
  const manifest = {
    name: 'quorum',
    version,
    private: true,
    type: 'module',
    imports: {
      '#protocol': './protocol/index.js',
      '#foreign-text': './protocol/base/foreign-text.js',
      '#byte-size': './protocol/base/byte-size.js',
      '#lookalike': './protocol/identity/lookalike.js',
      '#folded-text': './protocol/base/folded-text.js',
      '#embedded-node': './node/embedded.js',
    },
  }
  writeFileSync(join(dist, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
}
process.exitCode = ok ? 0 : 1
