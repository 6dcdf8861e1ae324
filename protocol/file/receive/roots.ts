/**
 * The roots of a transfer, which are the files and folders that a person sees in the end: how much of each is missing,
 * what must reach the disk before it is published, and under which name it was. A root is published when it is whole,
 * on the disk and verified, one root after the other. Files that their sender skipped are missing from it: a folder
 * without them is whole, and a root of which nothing arrived is not published. A root that is published is the
 * person's: it is never touched again, wherever it was moved.
 */
import { join } from 'node:path'
import { syncFiles } from './disk.ts'
import type { FileList } from '../manifest.ts'
import { isPublished, publish } from './publish.ts'
import type { StagedFiles } from './staged-files.ts'
import { Yielder } from '../../base/yield.ts'

export interface RootsOptions {
  /** Where roots are published. */
  directory: string
  /** The staging folder. */
  folder: string
  files: StagedFiles
  list: FileList
  /** The name that each root got, as far as it is decided; empty: not yet. */
  names: readonly string[]
  /** Stores the names before the next one is given. */
  onNames(names: readonly string[]): void
  /** Entries that an earlier run knew to be missing. */
  missing: readonly number[]
  /** Stores the missing entries before a root without them is published. */
  onMissing(missing: readonly number[]): void
  /** Once it is aborted, nothing more is published. */
  signal: AbortSignal
}

export class Roots {
  readonly #options: RootsOptions
  readonly #names: string[]
  readonly #published = new Set<number>()
  /** Entries that do not arrive, and how many of them are stored as such. */
  readonly #missing = new Set<number>()
  #missingStored = 0
  /** Of each root: how many entries arrive, and how many of those files are not whole yet. */
  readonly #arriving: number[] = []
  readonly #unfinished: number[] = []
  /** Of each root: which files have no content, and which are not flushed yet. */
  readonly #empty: number[][] = []
  readonly #unflushed: number[][] = []
  readonly #yielder = new Yielder()
  #publishing: Promise<void> = Promise.resolve()

  constructor(options: RootsOptions) {
    this.#options = options
    this.#names = [...options.names]
    const { list } = options
    for (const [file, { size }] of list.entries.entries()) {
      const root = list.rootNumber(file)
      this.#arriving[root] = (this.#arriving[root] ?? 0) + 1
      this.#unfinished[root] = (this.#unfinished[root] ?? 0) + Number(size > 0)
      if (size === 0) (this.#empty[root] ??= []).push(file)
    }
  }

  /** The names that the roots got. */
  get names(): readonly string[] {
    return this.#names
  }

  /** Entries that do not arrive, ascending. */
  get missing(): readonly number[] {
    return [...this.#missing].toSorted((a, b) => a - b)
  }

  get allPublished(): boolean {
    return this.#published.size === this.#options.list.roots.length
  }

  /** Whether the root of `file` is published. */
  publishedWith(file: number): boolean {
    return this.#published.has(this.#options.list.rootNumber(file))
  }

  /** Finds what an earlier run published. `begun`: it had stored something, so what is not there was published. */
  async findPublished(begun: boolean): Promise<void> {
    const { list, directory, files, missing } = this.#options
    const arriving = [...this.#arriving]
    for (const file of missing) arriving[list.rootNumber(file)] = (arriving[list.rootNumber(file)] ?? 0) - 1
    for (const root of list.roots.keys()) {
      const name = this.#names[root] ?? ''
      // Nothing of it arrived: that was stored in the place of its name.
      if (arriving[root] === 0) this.#published.add(root)
      else if (name !== '' && (await isPublished(files.root(root), join(directory, name), begun)))
        this.#published.add(root)
    }
    // Of the others, each missing file gets another chance.
    for (const file of missing) if (this.publishedWith(file)) this.#missing.add(file)
    this.#missingStored = this.#missing.size
  }

  /** `file` is flushed before its root is published, together with others. */
  flushLater(file: number): void {
    ;(this.#unflushed[this.#options.list.rootNumber(file)] ??= []).push(file)
  }

  /** `file`, which has content, is whole. Returns its root if that is whole now. */
  complete(file: number): number | undefined {
    const root = this.#options.list.rootNumber(file)
    const unfinished = (this.#unfinished[root] ?? 0) - 1
    this.#unfinished[root] = unfinished
    return unfinished === 0 ? root : undefined
  }

  /**
   * `file`, which has content and whose root is not published, does not arrive. Returns its root if that is whole now.
   */
  skip(file: number): number | undefined {
    const root = this.#options.list.rootNumber(file)
    this.#missing.add(file)
    this.#arriving[root] = (this.#arriving[root] ?? 0) - 1
    return this.complete(file)
  }

  async publishAll(): Promise<void> {
    for (const root of this.#options.list.roots.keys()) await this.publish(root)
  }

  /**
   * Publishes a root that is whole, if it is not published yet, after those before it. Errors: those of the disk, and
   * the reason of the signal.
   */
  publish(root: number): Promise<void> {
    const published = this.#publishing.then(() => this.#publish(root))
    this.#publishing = published.catch(() => undefined)
    return published
  }

  async #publish(root: number): Promise<void> {
    if (this.#published.has(root)) return
    const { directory, folder, files, list, onNames, onMissing } = this.#options
    if (this.#missing.size !== this.#missingStored) {
      onMissing(this.missing)
      this.#missingStored = this.#missing.size
    }
    if (this.#arriving[root] === 0) {
      this.#published.add(root)
      return
    }
    for (const file of this.#empty[root] ?? []) {
      files.putEmpty(file)
      if (this.#yielder.due) await this.#yielder.yield()
    }
    const unflushed = this.#unflushed[root] ?? []
    await syncFiles(
      folder,
      unflushed.map((file) => files.path(file)),
    )
    this.#unflushed[root] = []
    // Flushing takes long; somebody who cancelled meanwhile must not find the file.
    this.#options.signal.throwIfAborted()
    const onName = (name: string): void => {
      for (let before = this.#names.length; before < root; before += 1) this.#names[before] = ''
      this.#names[root] = name
      onNames(this.#names)
    }
    const earlier = this.#names[root] === '' ? undefined : this.#names[root]
    await publish(files.root(root), directory, list.roots[root] ?? '', onName, earlier)
    this.#published.add(root)
  }
}
