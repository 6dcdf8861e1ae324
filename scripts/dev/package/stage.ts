/**
 * The app as a folder, which is what goes into the archive: each process in JavaScript of its own, the page, the icons, the packages with machine code, and nothing else. No sources, no tests.
 */
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { buildWindow } from '../build-desktop.ts'
import { root } from '../checks.ts'
import { Licences } from './licences.ts'
import { copyNative, nativePackages } from './native.ts'

/** The processes and where each begins. They find each other and the icons by their places, as in a checkout. */
const processes = { main: 'desktop/main/main.ts', peer: 'desktop/peer/main.ts', node: 'node/main.ts' }
const icons = ['icon.png', 'tray.png', 'tray-unread.png']
const manifest = z.object({
  description: z.string(),
  license: z.string(),
  dependencies: z.record(z.string(), z.string()),
})

export interface Staged {
  /** The folder of the app. */
  app: string
  /** The licences of everything in it. */
  licences: string
}

/** Writes the app into `folder`, as this version. */
export async function stage(folder: string, version: string): Promise<Staged> {
  const app = join(folder, 'app')
  const licences = new Licences()
  for (const [name, file] of Object.entries(processes)) await bundle(join(root, file), join(app, name), licences)
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
    // By this the desktop knows which windows are ours.
    desktopName: 'quorum-desktop.desktop',
    dependencies: Object.fromEntries(nativePackages.map((name) => [name, dependencies[name]])),
  }
  writeFileSync(join(app, 'package.json'), `${JSON.stringify(own, null, 2)}\n`)
  const text = join(folder, 'THIRD-PARTY.txt')
  writeFileSync(text, licences.text())
  return { app, licences: text }
}

/**
 * Each process by itself: what two of them need is there twice, and none loads what only another needs. The main process
 * has neither libp2p nor the database that way, and starts sooner. Not minified: an error that somebody reports should
 * say where it was.
 */
async function bundle(file: string, folder: string, licences: Licences): Promise<void> {
  const { build } = await import('vite')
  await build({
    configFile: false,
    logLevel: 'error',
    root,
    plugins: [licences.plugin()],
    ssr: { noExternal: true, external: ['electron', ...nativePackages] },
    build: {
      ssr: file,
      outDir: folder,
      emptyOutDir: true,
      target: 'node24',
      minify: false,
      rolldownOptions: {
        // A package with machine code does nothing by being loaded: where nobody calls it, it is not.
        treeshake: { moduleSideEffects: 'no-external' },
        output: { format: 'es', entryFileNames: 'main.js', chunkFileNames: '[name].js' },
      },
    },
  })
}
