/** Runs one of the tools in scripts/dev, which need the development dependencies: `node scripts/run.mjs check`. */
import { launch } from './launch.mjs'

const [tool, ...args] = process.argv.slice(2)
if (tool === undefined || !/^[a-z-]+$/.test(tool)) {
  process.stderr.write(
    'Usage: node scripts/run.mjs TOOL [ARGUMENT]...   (TOOL: check, test, build, dist, docs, bench)\n',
  )
  process.exit(2)
}
await launch(`scripts/dev/${tool}`, { tools: true, args })
