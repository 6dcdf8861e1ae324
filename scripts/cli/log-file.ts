/**
 * A rotated log: a few files of bounded size. `quorum.log` is the newest, `quorum.log.1` the one before it. Each line
 * is written before the call returns, so the log is complete after the program was killed. A log that cannot be written
 * does not stop the program: the failure is reported once. The log's own folder is created, never the folder above it:
 * without a profile there is no log.
 */
import { closeSync, existsSync, fchmodSync, fstatSync, lstatSync, mkdirSync, renameSync, writeSync } from 'node:fs'
import path from 'node:path'
import type { LineSink } from '#protocol'
import { makePrivate, openRegular } from './regular-file.ts'

/** Bytes of one file, and the number of files: enough for a day or more of `debug`, and for months of `info`. */
const logBounds = { bytes: 1024 * 1024, files: 5 } as const

export interface LogFileOptions {
  /** Created with mode 0700 if the folder above it exists. */
  folder: string
  /** The name of the newest file. */
  name: string
  /** Called once, when a line cannot be written, with the code of the system's error. */
  trouble: (code: string) => void
  bytes?: number
  files?: number
}

export class LogFile implements LineSink {
  readonly #options: Required<LogFileOptions>
  readonly #file: string
  #open: { descriptor: number; size: number } | undefined
  /** The last write stopped in the middle of a line. */
  #torn = false
  #reported = false
  #closed = false

  constructor(options: LogFileOptions) {
    this.#options = { ...logBounds, ...options }
    this.#file = path.join(options.folder, options.name)
  }

  write(line: string): void {
    if (this.#closed) return
    try {
      this.#append(Buffer.from(this.#torn ? `\n${line}` : line))
    } catch (error) {
      this.#release()
      if (this.#reported) return
      this.#reported = true
      this.#options.trouble(codeOf(error))
    }
  }

  /** Closes the file. Lines written afterwards are lost. */
  close(): void {
    this.#closed = true
    this.#release()
  }

  #append(bytes: Buffer): void {
    let file = this.#opened()
    if (file === undefined) return
    if (file.size > 0 && file.size + bytes.length > this.#options.bytes) {
      this.#rotate()
      file = this.#opened()
      if (file === undefined) return
    }
    this.#torn = true
    const written = writeSync(file.descriptor, bytes)
    file.size += written
    this.#torn = written < bytes.length
  }

  /** Undefined if the folder above the log's folder does not exist. */
  #opened(): { descriptor: number; size: number } | undefined {
    if (this.#open !== undefined) return this.#open
    const { folder } = this.#options
    const found = lstatSync(folder, { throwIfNoEntry: false })
    if (found === undefined) {
      if (!existsSync(path.dirname(folder))) return undefined
      mkdirSync(folder, { mode: 0o700 })
    } else if (!found.isDirectory()) {
      // A link would put the log into a folder that is not this profile's.
      throw Object.assign(new Error('ENOTDIR: the log folder is not a folder'), { code: 'ENOTDIR' })
    }
    const descriptor = openRegular(this.#file, 'append')
    this.#open = { descriptor, size: fstatSync(descriptor).size }
    // The modes above apply only on creation, and the log is for its owner only.
    makePrivate(folder)
    fchmodSync(descriptor, 0o600)
    return this.#open
  }

  #rotate(): void {
    this.#release()
    const names = logNames(this.#file, this.#options.files)
    for (const [index, older] of [...names.entries()].slice(1).toReversed()) {
      const newer = names[index - 1]
      if (newer !== undefined && existsSync(newer)) renameSync(newer, older)
    }
  }

  #release(): void {
    const file = this.#open
    this.#open = undefined
    if (file === undefined) return
    try {
      closeSync(file.descriptor)
    } catch {
      // A failed disk reports its error again on close. No further line can be written, so no data is lost here.
    }
  }
}

/** The names of the files of one log, the newest first. */
export function logNames(file: string, files: number = logBounds.files): string[] {
  return Array.from({ length: files }, (_, index) => (index === 0 ? file : `${file}.${index}`))
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
}
