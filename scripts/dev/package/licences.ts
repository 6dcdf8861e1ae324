/**
 * Collects the licence of every package in the app into one text. The list of packages comes from the bundler and from
 * the code that copies native packages, so no package is missing.
 */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Plugin } from 'vite'
import { z } from 'zod'

const manifest = z.object({ name: z.string(), version: z.string(), license: z.string().optional() })
const line = '-'.repeat(80)

export class Licences {
  readonly #folders = new Set<string>()

  /** A plugin that adds the package of each module that a build reads. */
  plugin(): Plugin {
    const add = (module: string): void => this.#addModule(module)
    return {
      name: 'licences',
      buildEnd() {
        for (const module of this.getModuleIds()) add(module)
      },
    }
  }

  /** Adds the package in this folder. */
  add(folder: string): void {
    this.#folders.add(folder)
  }

  /** Errors: if a package names no licence and contains none. */
  text(): string {
    return [...this.#folders]
      .toSorted((a, b) => a.localeCompare(b))
      .map((folder) => {
        const { name, version, license } = manifest.parse(
          JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')),
        )
        const files = globSync(['{LICEN[CS]E,licen[cs]e,NOTICE,COPYING}*'], { cwd: folder }).toSorted()
        if (license === undefined && files.length === 0) throw new Error(`${name} ${version} has no licence`)
        const texts = files.map((file) => readFileSync(join(folder, file), 'utf8').trim())
        return [line, `${name} ${version}${license === undefined ? '' : ` (${license})`}`, line, ...texts].join('\n\n')
      })
      .join('\n\n\n')
  }

  #addModule(module: string): void {
    // Virtual modules of the bundler begin with a NUL character and are in no package.
    const [, folder] = /^([^\0].*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//u.exec(module.replaceAll('\\', '/')) ?? []
    if (folder !== undefined) this.add(folder)
  }
}
