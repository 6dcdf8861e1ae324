/**
 * Builds the page of the window and its preload script into dist/desktop. The other parts of desktop/ run unbuilt, by
 * type stripping. Does nothing if no source is newer than the last build.
 */
import { existsSync, globSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Plugin } from 'vite'
import { root } from './checks.ts'

const output = join(root, 'dist', 'desktop')
const stamp = join(output, '.built')
const sources = [
  'desktop/{renderer,preload,ipc,text}/**/*',
  'protocol/{base/{foreign-text,byte-size,limits,units},identity/lookalike,api/advice}.ts',
  'package-lock.json',
  'scripts/dev/build-desktop.ts',
]

export async function buildDesktop(): Promise<void> {
  const newest = Math.max(...globSync(sources, { cwd: root }).map((file) => statSync(join(root, file)).mtimeMs))
  if (existsSync(stamp) && statSync(stamp).mtimeMs >= newest) return
  process.stderr.write('Building the window.\n')
  // Built in a separate folder and then renamed, so that no process loads an incomplete build.
  const fresh = `${output}.${process.pid}`
  await buildWindow(fresh)
  rmSync(output, { recursive: true, force: true })
  renameSync(fresh, output)
  writeFileSync(stamp, '')
  // Rounded up: file systems may store a time with less precision than `mtimeMs` has.
  utimesSync(stamp, new Date(newest + 1), new Date(newest + 1))
}

/** Builds `renderer/` and `preload.cjs` in this folder. */
export async function buildWindow(
  folder: string,
  { minify = false, plugins = [] }: { minify?: boolean; plugins?: Plugin[] } = {},
): Promise<void> {
  // Imported here because it loads slowly and most calls do not build.
  const { build } = await import('vite')
  const common = { configFile: false, logLevel: 'error', clearScreen: false, plugins } as const
  await build({
    ...common,
    root: join(root, 'desktop', 'renderer'),
    base: './',
    define: { 'process.env.NODE_ENV': JSON.stringify('production') },
    build: {
      outDir: join(folder, 'renderer'),
      emptyOutDir: true,
      target: 'chrome140',
      minify,
      modulePreload: false,
      assetsInlineLimit: 0,
    },
  })
  await build({
    ...common,
    root: join(root, 'desktop', 'preload'),
    build: {
      outDir: folder,
      emptyOutDir: false,
      target: 'chrome140',
      minify,
      // A sandboxed preload script must be CommonJS.
      lib: { entry: 'preload.ts', formats: ['cjs'], fileName: () => 'preload.cjs' },
      rolldownOptions: { external: ['electron'] },
    },
  })
}
