/**
 * Builds what the window loads: the page and its preload, into dist/desktop. Everything else of the desktop runs as it
 * is, by type stripping. Does nothing when no source is newer than what was built.
 */
import { existsSync, globSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Plugin } from 'vite'
import { root } from './checks.ts'

const output = join(root, 'dist', 'desktop')
const stamp = join(output, '.built')
const sources = [
  'desktop/{renderer,preload,ipc,text}/**/*',
  'protocol/api/advice.ts',
  'package-lock.json',
  'scripts/dev/build-desktop.ts',
]

export async function buildDesktop(): Promise<void> {
  const newest = Math.max(...globSync(sources, { cwd: root }).map((file) => statSync(join(root, file)).mtimeMs))
  if (existsSync(stamp) && statSync(stamp).mtimeMs >= newest) return
  process.stderr.write('Building the window.\n')
  // Beside its place, so that nobody ever loads half of it.
  const fresh = `${output}.${process.pid}`
  await buildWindow(fresh)
  rmSync(output, { recursive: true, force: true })
  renameSync(fresh, output)
  writeFileSync(stamp, '')
  // Rounded up: what is kept of a time is coarser than what is read.
  utimesSync(stamp, new Date(newest + 1), new Date(newest + 1))
}

/** Writes `renderer/` and `preload.cjs` into this folder. */
export async function buildWindow(
  folder: string,
  { minify = false, plugins = [] }: { minify?: boolean; plugins?: Plugin[] } = {},
): Promise<void> {
  // Slow to load, and needed only here.
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
      // A sandboxed preload is CommonJS, and nothing else.
      lib: { entry: 'preload.ts', formats: ['cjs'], fileName: () => 'preload.cjs' },
      rolldownOptions: { external: ['electron'] },
    },
  })
}
