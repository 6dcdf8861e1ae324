/**
 * Quorum as people install it, for tests: built once for a test file, by the command that makes releases, and unpacked
 * from its Debian package. Nothing is installed on this machine.
 */
import assert from 'node:assert/strict'
import { chmodSync, copyFileSync, globSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { flipFuses, FuseV1Options, FuseVersion } from '@electron/fuses'
import { execute, root } from '../../scripts/dev/checks.ts'
import { provideWindow } from '../../scripts/dev/provide-window.ts'
import { onPath } from '../../scripts/dev/system-packages.ts'

export interface Package {
  /** The Debian package. */
  deb: string
  /** Where it would be installed: `usr`, `opt`. */
  tree: string
  /** The folder of the program. */
  folder: string
  /** The executable, as it is shipped. */
  shipped: string
  /**
   * The same with the debugger's fuse enabled, because tests drive the program through the debugger. It is a copy of
   * the executable beside it; all files that it loads are those that are shipped.
   */
  driven: string
}

/** The reason if no package can be built on this machine. */
export const noPackage = onPath('dpkg-deb') ? false : 'There is no dpkg-deb, which makes Debian packages'

let out: string | undefined
let made: Promise<Package> | undefined

export function makePackage(): Promise<Package> {
  made ??= make()
  return made
}

/** Call once at the end of the file. */
export function removePackage(): void {
  if (out !== undefined) rmSync(out, { recursive: true, force: true })
}

/** `npm run dist` with these arguments. */
export function dist(args: readonly string[], env: NodeJS.ProcessEnv = {}): ReturnType<typeof execute> {
  return execute(process.execPath, [join(root, 'scripts/run.mjs'), 'dist', ...args], env)
}

async function make(): Promise<Package> {
  await provideWindow()
  out = mkdtempSync(join(tmpdir(), 'quorum-package-'))
  await succeed(dist(['--unofficial', '--out', out]))
  const [deb = assert.fail('there is no package')] = globSync(join(out, '*.deb'))
  const tree = join(out, 'tree')
  // Any user may read it, as in an installed package.
  chmodSync(out, 0o755)
  await succeed(execute('dpkg-deb', ['--extract', deb, tree]))
  const folder = join(tree, 'opt', 'Quorum')
  const [shipped, driven] = [join(folder, 'quorum'), join(folder, 'quorum-driven')]
  copyFileSync(shipped, driven)
  await flipFuses(driven, { version: FuseVersion.V1, [FuseV1Options.EnableNodeCliInspectArguments]: true })
  return { deb, tree, folder, shipped, driven }
}

async function succeed(work: ReturnType<typeof execute>): Promise<void> {
  const { ok, output } = await work
  assert.ok(ok, output)
}
