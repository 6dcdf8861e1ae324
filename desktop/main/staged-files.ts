/**
 * Files that a person dropped, pasted or chose, until they are sent or given up: the window knows them by name only, and
 * sends what is held here. A path reaches this table from a real drop or a dialog, never from the page.
 */
import { randomUUID } from 'node:crypto'
import { stat } from 'node:fs/promises'
import path from 'node:path'
import { QuorumError } from '#protocol'
import type { StagedFile } from '../ipc/contract.ts'

/** Held at once, forgotten ones too: the oldest go first. */
const most = 2000

export class StagedFiles {
  readonly #paths = new Map<string, string>()

  /** What is not there (any more), or is neither file nor folder, is left out. */
  async add(paths: readonly string[]): Promise<StagedFile[]> {
    const found = await Promise.all(paths.slice(0, most).map((file) => this.#look(file)))
    const staged = found.filter((one) => one !== undefined)
    for (const id of this.#paths.keys()) {
      if (this.#paths.size <= most) break
      this.#paths.delete(id)
    }
    return staged
  }

  /** The paths, which are held no longer. Errors: `not-found`. */
  take(ids: readonly string[]): string[] {
    const paths = ids.map((id) => {
      const held = this.#paths.get(id)
      if (held === undefined) throw new QuorumError('not-found', 'These files were not chosen here')
      return held
    })
    this.drop(ids)
    return paths
  }

  drop(ids: readonly string[]): void {
    for (const id of ids) this.#paths.delete(id)
  }

  async #look(file: string): Promise<StagedFile | undefined> {
    if (!path.isAbsolute(file)) return undefined
    const found = await stat(file).catch(() => undefined)
    if (found === undefined || !(found.isFile() || found.isDirectory())) return undefined
    const id = randomUUID()
    this.#paths.set(id, file)
    const folder = found.isDirectory()
    return { id, name: path.basename(file), folder, ...(folder ? {} : { size: found.size }) }
  }
}
