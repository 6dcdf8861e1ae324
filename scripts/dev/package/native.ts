/**
 * Copies the packages with native modules, which a bundler cannot include, together with their dependencies. Only the
 * files that are needed at run time on this system and processor are copied.
 */
import { cpSync, existsSync, globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { z } from 'zod'
import { root } from '../checks.ts'

/** Loaded from node_modules at run time. All other packages are bundled. */
export const nativePackages = ['better-sqlite3-multiple-ciphers', 'sodium-native', '@napi-rs/blake-hash'] as const

const modules = join(root, 'node_modules')
const manifest = z.object({
  dependencies: z.record(z.string(), z.string()).default({}),
  optionalDependencies: z.record(z.string(), z.string()).default({}),
})
/** Folders that are needed to build a package, not to run it. */
const buildFolders = /^(?:deps|src|extensions|test)(?:\/|$)/u

/** Copies the packages into the folder `target`, a node_modules. Returns the folders that they come from. */
export function copyNative(target: string): string[] {
  return closure(nativePackages).map((name) => {
    const from = join(modules, name)
    for (const file of globSync('**/*', { cwd: from })) {
      const path = file.replaceAll('\\', '/')
      if (isNeeded(path)) cpSync(join(from, file), join(target, name, file))
    }
    return from
  })
}

/** These packages and their dependencies, if installed. Of optional packages, npm installs those for this machine. */
function closure(names: readonly string[]): string[] {
  const found = new Set<string>()
  const add = (name: string): void => {
    if (found.has(name) || excluded.has(name) || !existsSync(join(modules, name))) return
    found.add(name)
    const needs = manifest.parse(JSON.parse(readFileSync(join(modules, name, 'package.json'), 'utf8')))
    for (const next of Object.keys({ ...needs.dependencies, ...needs.optionalDependencies })) add(next)
  }
  for (const name of names) add(name)
  return [...found]
}

/** Dependencies that are not needed: compiler headers, and what sodium-native uses on runtimes other than Node. */
const excluded: ReadonlySet<string> = new Set(['node-addon-api', 'bare-assert'])

function isNeeded(path: string): boolean {
  if (buildFolders.test(path)) return false
  if (path.endsWith('.node')) return path.includes(`${process.platform}-${process.arch}`)
  return basename(path) === 'package.json' || /\.[cm]?js$/u.test(path) || /^licen[cs]e/iu.test(path)
}
