/**
 * On what terms we pass on what others wrote: the licence of every package in the app, as one text. Which packages those
 * are is heard from the bundler and from whoever copies one, so that none is missing.
 */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Plugin } from 'vite'
import { z } from 'zod'

const manifest = z.object({ name: z.string(), version: z.string(), license: z.string().optional() })
const line = '-'.repeat(80)

export class Licences {
  readonly #folders = new Set<string>()

  /** Hears which modules a build looked at. */
  plugin(): Plugin {
    const add = (module: string): void => this.#addModule(module)
    return {
      name: 'licences',
      buildEnd() {
        for (const module of this.getModuleIds()) add(module)
      },
    }
  }

  /** The folder of a package. */
  add(folder: string): void {
    this.#folders.add(folder)
  }

  /** Errors: when a package says nothing about its licence. */
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
    // Modules that a bundler makes up begin with a zero; a question mark and what follows is its own.
    const [, folder] = /^([^\0].*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//u.exec(module.replaceAll('\\', '/')) ?? []
    if (folder !== undefined) this.add(folder)
  }
}
