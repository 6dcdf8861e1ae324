/**
 * `npm run docs`: writes dist/docs/, the reference of the library as HTML pages, from the TSDoc comments of the exports
 * of protocol/index.ts. A broken link or tag in a comment is an error.
 *
 * TypeDoc reads types through the JavaScript API of TypeScript, which TypeScript 7 no longer has. It gets the last
 * version that has it, from a package without a `tsc` command, so that `tsc` stays the version that checks the code.
 * Remove this when TypeDoc supports TypeScript 7.
 */
import { registerHooks } from 'node:module'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { root } from './checks.ts'

const help = `Usage: npm run docs [-- --out FOLDER]

Writes the reference of the library as HTML pages.

  --out FOLDER   the folder of the pages; default: dist/docs in the checkout. Its old content is removed.
`

try {
  const { values } = parseArgs({ options: { help: { type: 'boolean' }, out: { type: 'string' } } })
  if (values.help === true) process.stdout.write(help)
  else process.exitCode = (await generate(resolve(values.out ?? join(root, 'dist/docs')))) ? 0 : 1
} catch (error) {
  if (!(error instanceof TypeError && 'code' in error)) throw error
  process.stderr.write(`${error.message}\n${help}`)
  process.exitCode = 2
}

/** Returns whether the pages were written. Reports errors in the comments on standard error. */
async function generate(out: string): Promise<boolean> {
  registerHooks({
    resolve: (specifier, context, next) => next(specifier === 'typescript' ? '@tsd/typescript' : specifier, context),
  })
  // Imported after the hook is registered; a static import would load first.
  const { Application } = await import('typedoc')
  const app = await Application.bootstrap({
    name: 'Quorum',
    entryPoints: [join(root, 'protocol/index.ts')],
    tsconfig: join(root, 'protocol/tsconfig.json'),
    readme: 'none',
    includeVersion: true,
    // `npm run check` checks the types, with the version of TypeScript that the code is written for.
    skipErrorChecking: true,
    // Links to sources would need the address of a published repository.
    disableSources: true,
    excludePrivate: true,
    hideGenerator: true,
    treatWarningsAsErrors: true,
    // Types that callers receive but never name may stay internal.
    validation: { notExported: false, invalidLink: true, rewrittenLink: true },
    cleanOutputDir: true,
    sort: ['source-order'],
  })
  const project = await app.convert()
  if (project === undefined) return false
  app.validate(project)
  if (app.logger.hasErrors() || app.logger.hasWarnings()) return false
  await app.generateDocs(project, out)
  return !app.logger.hasErrors()
}
