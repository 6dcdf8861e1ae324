/**
 * The paths of files that a person dropped, pasted or chose, until they are sent or released. The window knows only an
 * id and a name of each. A path enters this table from a drop or a paste (given-files.ts, pasted-pictures.ts) or from a
 * dialog of the main process, never from the page.
 */
import { randomUUID } from 'node:crypto'
import { stat } from 'node:fs/promises'
import path from 'node:path'
import { QuorumError } from '#protocol'
import type { StagedFile } from '../ipc/contract.ts'

/** Paths held at once, including those that the window never sends or releases: the oldest are dropped. */
const maxPaths = 2000

export class StagedFiles {
  readonly #paths = new Map<string, string>()

  /** Leaves out what does not exist or is neither a file nor a folder. */
  async add(paths: readonly string[]): Promise<StagedFile[]> {
    const found = await Promise.all(paths.slice(0, maxPaths).map((file) => this.#look(file)))
    const staged = found.filter((one) => one !== undefined)
    for (const id of this.#paths.keys()) {
      if (this.#paths.size <= maxPaths) break
      this.#paths.delete(id)
    }
    return staged
  }

  /** Returns the paths and releases them. Errors: `not-found`: an id is unknown; then all stay held. */
  take(ids: readonly string[]): string[] {
    const paths = ids.map((id) => this.pathOf(id))
    this.drop(ids)
    return paths
  }

  /** Returns the paths that were held. */
  drop(ids: Iterable<string> = [...this.#paths.keys()]): string[] {
    return [...ids].flatMap((id) => {
      const held = this.#paths.get(id)
      this.#paths.delete(id)
      return held === undefined ? [] : [held]
    })
  }

  /** The paths of those that are still held: some may just have been sent. */
  pathsOf(ids: readonly string[]): string[] {
    return ids.flatMap((id) => this.#paths.get(id) ?? [])
  }

  /** Errors: `not-found`. */
  pathOf(id: string): string {
    const held = this.#paths.get(id)
    if (held === undefined) throw new QuorumError('not-found', 'These files were not chosen here')
    return held
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
