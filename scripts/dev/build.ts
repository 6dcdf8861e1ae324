/**
 * `npm run build`: writes dist/, the published part of the package: the library with its declarations, and the two
 * programs as JavaScript; with `--out FOLDER` elsewhere. Type errors stop it. The old content of the folder is removed
 * first.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { root, tool } from './checks.ts'

const { values } = parseArgs({ options: { out: { type: 'string', default: join(root, 'dist') } } })
const dist = resolve(values.out)
const { version } = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')))

rmSync(dist, { recursive: true, force: true })
const { ok, output } = await tool('typescript', 'tsc', '-p', 'tsconfig.build.json', '--outDir', dist)
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
      '#embedded-node': './node/embedded.js',
    },
  }
  writeFileSync(join(dist, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
}
process.exitCode = ok ? 0 : 1
