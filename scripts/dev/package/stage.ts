/**
 * Makes the app as a folder, the content of the archive: the JavaScript of each process, the page, the icons and the
 * packages with native modules. It contains neither sources nor tests.
 */
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { buildWindow } from '../build-desktop.ts'
import { root } from '../checks.ts'
import { Licences } from './licences.ts'
import { copyNative, nativePackages } from './native.ts'

/** The processes and their entry files. As in a checkout, they find each other and the icons by relative paths. */
const processes = { main: 'desktop/main/main.ts', peer: 'desktop/peer/main.ts', node: 'node/main.ts' }
/** The entry files of threads, by the process that starts them: each finds them in its own folder. */
const threads: Partial<Record<string, Record<string, string>>> = {
  peer: { 'backup-worker': 'protocol/store/backup-worker.ts' },
}
const icons = ['icon.png', 'tray.png', 'tray-unread.png']
const manifest = z.object({
  description: z.string(),
  license: z.string(),
  dependencies: z.record(z.string(), z.string()),
})

export interface Staged {
  /** The folder of the app. */
  app: string
  /** The file with the licences of all packages in the app. */
  licences: string
}

/** Writes the app into `folder`, with this version in its package.json. */
export async function stage(folder: string, version: string): Promise<Staged> {
  const app = join(folder, 'app')
  const licences = new Licences()
  for (const [name, main] of Object.entries(processes)) {
    await bundle({ main, ...threads[name] }, join(app, name), licences)
  }
  await buildWindow(join(app, 'window'), { minify: true, plugins: [licences.plugin()] })
  for (const icon of icons) cpSync(join(root, 'desktop', 'icons', icon), join(app, 'icons', icon))
  for (const from of copyNative(join(app, 'node_modules'))) licences.add(from)

  const { description, license, dependencies } = manifest.parse(
    JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')),
  )
  const own = {
    name: 'quorum',
    productName: 'Quorum',
    version,
    description,
    license,
    author: 'Quorum contributors',
    type: 'module',
    main: 'main/main.js',
    // The desktop environment assigns Quorum's windows to its desktop entry by this name.
    desktopName: 'quorum-desktop.desktop',
    dependencies: Object.fromEntries(nativePackages.map((name) => [name, dependencies[name]])),
  }
  writeFileSync(join(app, 'package.json'), `${JSON.stringify(own, null, 2)}\n`)
  const text = join(folder, 'THIRD-PARTY.txt')
  writeFileSync(text, licences.text())
  return { app, licences: text }
}

/**
 * Bundles each process separately. Code that two processes need is included twice, but no process loads code that only
 * another needs: the main process contains neither libp2p nor the database, so it starts faster. The code is not
 * minified, so that the stack of a reported error names its functions.
 */
async function bundle(entries: Record<string, string>, folder: string, licences: Licences): Promise<void> {
  const { build } = await import('vite')
  await build({
    configFile: false,
    logLevel: 'error',
    root,
    plugins: [licences.plugin()],
    ssr: { noExternal: true, external: ['electron', ...nativePackages] },
    build: {
      ssr: true,
      outDir: folder,
      emptyOutDir: true,
      target: 'node24',
      minify: false,
      rolldownOptions: {
        input: Object.fromEntries(Object.entries(entries).map(([name, file]) => [name, join(root, file)])),
        // Packages with native modules have no side effects when loaded, so an import without a use is removed.
        treeshake: { moduleSideEffects: 'no-external' },
        output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: '[name].js' },
      },
    },
  })
}
