/**
 * Pictures of the clipboard, or dragged out of another program, that are files nowhere. A picture is written into a
 * folder of its own in the profile, because sending reads files, also days later. It is removed as soon as neither a
 * draft nor an unfinished transfer needs it, and with the profile.
 *
 * The bytes come from the page, so they are bounded and must be an image. A page that was taken over gains nothing: it
 * can send to a friend what it has, and it names no file.
 */
import { randomUUID } from 'node:crypto'
import { globSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { destroyFile, diskErrorOf, QuorumError, toError } from '#protocol'
import type { NumberedFile, Transfer } from '#protocol'
import { readImageHeader } from './image-header.ts'

/** Bounds of what is on the disk at once: pictures that wait to be sent or received. */
export const pastedLimits = { pictures: 200, bytes: 512 * 1024 * 1024 }

const folderName = 'pasted'
/** Patterns of the pictures and of their folder, in a profile. */
export const pastedFiles = { pictures: `${folderName}/*/*`, folder: folderName }

export interface PastedPicturesSetup {
  /** The folder of the profile. */
  profile: string
  /** The name of a picture, without its extension, in the chosen language. */
  nameOf: (time: Date) => string
  /** Errors: any, while the peer is not available. */
  transfers: () => Promise<Transfer[]>
  /** Files of a transfer after the one with this number. Errors: as `transfers`. */
  filesAfter: (transfer: string, after: number) => Promise<NumberedFile[]>
  /** The path of a file of a transfer. Errors: as `transfers`. */
  pathOf: (transfer: string, file: number) => Promise<string>
  /** The disk refused to remove a picture. It is tried again with the next sweep. */
  onNotRemoved: (error: Error) => void
}

export class PastedPictures {
  readonly #setup: PastedPicturesSetup
  readonly #folder: string
  /** Pictures that wait in a draft of this run, or are just being sent. */
  readonly #drafted = new Set<string>()

  constructor(setup: PastedPicturesSetup) {
    this.#setup = setup
    this.#folder = path.join(setup.profile, folderName)
  }

  /**
   * Returns the path; undefined if it is not a picture that the window may show. Errors: `rate-limited` (too many are
   * stored), `disk-full`, `not-writable`.
   */
  add(bytes: Uint8Array, time = new Date()): string | undefined {
    const header = readImageHeader(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
    if (header === undefined) return undefined
    const sizes = this.#all().map((file) => statSync(file, { throwIfNoEntry: false })?.size ?? 0)
    const stored = sizes.reduce((sum, size) => sum + size, bytes.length)
    if (sizes.length >= pastedLimits.pictures || stored > pastedLimits.bytes) {
      throw new QuorumError('rate-limited', 'Too many pictures wait to be sent')
    }
    const name = `${this.#setup.nameOf(time)}.${header.type.slice('image/'.length)}`
    const file = path.join(this.#folder, randomUUID(), name)
    try {
      mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
      writeFileSync(file, bytes.subarray(0, header.end), { mode: 0o600, flag: 'wx' })
    } catch (error) {
      this.#remove(file)
      const failure = diskErrorOf(error)
      throw failure === undefined ? error : new QuorumError(failure.code, failure.reason, { cause: error })
    }
    this.#drafted.add(file)
    return file
  }

  /** It is a picture that waits in a draft of this run. */
  isDrafted(file: string): boolean {
    return this.#drafted.has(file)
  }

  /** These files were not sent and will not be. */
  discard(files: readonly string[]): void {
    for (const file of files) if (this.#drafted.delete(file)) this.#remove(file)
  }

  /** These files were sent, or that has failed. */
  async sent(files: readonly string[]): Promise<void> {
    for (const file of files) this.#drafted.delete(file)
    await this.sweep()
  }

  /** Removes every picture that nothing needs; none while the peer cannot say which transfers do. */
  async sweep(): Promise<void> {
    // Read before the transfers: what is sent from now on is not in this list.
    const idle = this.#all().filter((file) => !this.#drafted.has(file))
    if (idle.length === 0) return
    const needed = await this.#needed(new Set(idle.map((file) => path.basename(file)))).catch(() => undefined)
    if (needed === undefined) return
    for (const file of idle) if (!needed.has(file)) this.#remove(file)
  }

  /** The paths of the files with these names that transfers which are not over will still read. */
  async #needed(names: ReadonlySet<string>): Promise<ReadonlySet<string>> {
    const needed = new Set<string>()
    for (const transfer of await this.#setup.transfers()) {
      if (transfer.direction === 'in' || isOver(transfer)) continue
      for await (const { file, path: name } of this.#filesOf(transfer)) {
        if (names.has(name)) needed.add(await this.#setup.pathOf(transfer.id, file))
      }
    }
    return needed
  }

  /** All of them: a transfer names only the first ones. */
  async *#filesOf({ id, count, files }: Transfer): AsyncGenerator<{ file: number; path: string }> {
    for (const [file, { path: name }] of files.entries()) yield { file, path: name }
    for (let at = files.length; at < count;) {
      const page = await this.#setup.filesAfter(id, at - 1)
      if (page.length === 0) return
      yield* page
      at += page.length
    }
  }

  #remove(file: string): void {
    try {
      destroyFile(file)
      rmSync(path.dirname(file), { recursive: true, force: true })
    } catch (error) {
      this.#setup.onNotRemoved(toError(error))
    }
  }

  #all(): string[] {
    return globSync(pastedFiles.pictures, { cwd: this.#setup.profile }).map((file) =>
      path.join(this.#setup.profile, file),
    )
  }
}

/** Nothing more will be read of it. One that failed at the friend's disk can be resumed by the friend. */
export function isOver({ state, error }: Transfer): boolean {
  if (state === 'failed') return error?.code !== 'disk-full' && error?.code !== 'not-writable'
  return state === 'done' || state === 'declined' || state === 'cancelled'
}

/** A time as part of a file name: `2026-11-27 20.21.05`, by the local clock. */
export function stamp(time: Date): string {
  return time.toLocaleString('sv').replaceAll(':', '.')
}
