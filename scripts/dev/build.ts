/**
 * `npm run build`: writes dist/, the published part of the package: the library with its declarations, and the two
 * programs as JavaScript; with `--out FOLDER` elsewhere. Type errors stop it. The old content of the folder is removed
 * first.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { root, tool } from './checks.ts'

const { values } = parseArgs({ options: { out: { type: 'string', default: join(root, 'dist') } } })
const dist = resolve(values.out)
const { version, imports } = z
  .object({ version: z.string(), imports: z.record(z.string(), z.string()) })
  .parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')))

rmSync(dist, { recursive: true, force: true })
const { ok, output } = await tool('typescript', 'tsc', '-p', 'tsconfig.build.json', '--outDir', dist)
process.stdout.write(output)
if (ok) {
  // Inside dist/, the `#` imports resolve to the built files, and `../package.json` exists as it does in the checkout.
  const builtImports = Object.entries(imports)
    .map(([name, source]) => [name, source.replace(/\.ts$/u, '.js')] as const)
    .filter(([, file]) => existsSync(join(dist, file)))
  const manifest = {
    name: 'quorum',
    version,
    private: true,
    type: 'module',
    imports: Object.fromEntries(builtImports),
  }
  writeFileSync(join(dist, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
}
process.exitCode = ok ? 0 : 1
