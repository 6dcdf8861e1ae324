/**
 * The packages that bring machine code, which no bundler can take in: copied with what they need, of their files only
 * those that run on the machine that the app is for.
 */
import { cpSync, existsSync, globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { z } from 'zod'
import { root } from '../checks.ts'

/** Loaded by path. Everything else is bundled. */
export const nativePackages = ['better-sqlite3-multiple-ciphers', 'sodium-native', '@napi-rs/blake-hash'] as const

const modules = join(root, 'node_modules')
const manifest = z.object({
  dependencies: z.record(z.string(), z.string()).default({}),
  optionalDependencies: z.record(z.string(), z.string()).default({}),
})
/** For building, not for running. */
const unneeded = /^(?:deps|src|extensions|test)(?:\/|$)/u

/** Copies them into this `node_modules`. Returns the folders they come from. */
export function copyNative(target: string): string[] {
  return closure(nativePackages).map((name) => {
    const from = join(modules, name)
    for (const file of globSync('**/*', { cwd: from })) {
      const path = file.replaceAll('\\', '/')
      if (runs(path)) cpSync(join(from, file), join(target, name, file))
    }
    return from
  })
}

/** These and what they depend on, as far as it is installed: of optional packages, those for this machine are. */
function closure(names: readonly string[]): string[] {
  const found = new Set<string>()
  const add = (name: string): void => {
    if (found.has(name) || notForUs.has(name) || !existsSync(join(modules, name))) return
    found.add(name)
    const needs = manifest.parse(JSON.parse(readFileSync(join(modules, name, 'package.json'), 'utf8')))
    for (const next of Object.keys({ ...needs.dependencies, ...needs.optionalDependencies })) add(next)
  }
  for (const name of names) add(name)
  return [...found]
}

/** Headers for compilers; and what sodium-native asks for where it does not run on Node. */
const notForUs: ReadonlySet<string> = new Set(['node-addon-api', 'bare-assert'])

function runs(path: string): boolean {
  if (unneeded.test(path)) return false
  if (path.endsWith('.node')) return path.includes(`${process.platform}-${process.arch}`)
  return basename(path) === 'package.json' || /\.[cm]?js$/u.test(path) || /^licen[cs]e/iu.test(path)
}
