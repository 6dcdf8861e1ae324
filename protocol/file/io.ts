/**
 * Files by descriptor instead of Node's FileHandle: with thousands of small files, opening and closing is most of the
 * work, and this halves it. Nothing closes a descriptor by itself: every opening needs a `finally`.
 */
import { fdatasync, fsync, ftruncate, open, read, write, writeSync } from 'node:fs'

type Done<T> = (error: Error | null, result: T) => void

/** Returns the descriptor. Errors of all of these: those of the disk. */
export function openFile(path: string, flags: number, mode?: number): Promise<number> {
  return settled((done: Done<number>) => open(path, flags, mode, done))
}

/** Resolves when content and metadata are on the disk. */
export function syncFile(file: number): Promise<void> {
  return settled((done: Done<undefined>) => fsync(file, (error) => done(error, undefined)))
}

/** Resolves when the content is on the disk. */
export function syncData(file: number): Promise<void> {
  return settled((done: Done<undefined>) => fdatasync(file, (error) => done(error, undefined)))
}

export function setLength(file: number, length: number): Promise<void> {
  return settled((done: Done<undefined>) => ftruncate(file, length, (error) => done(error, undefined)))
}

/** Fills `data` from `offset` of the file on, up to the end of the file; returns the number of bytes. */
export async function readAt(file: number, data: Buffer, offset: number): Promise<number> {
  let filled = 0
  while (filled < data.byteLength) {
    const from = filled
    const count = await settled((done: Done<number>) =>
      read(file, data, from, data.byteLength - from, offset + from, done),
    )
    if (count === 0) break
    filled += count
  }
  return filled
}

/** Writes all of `data` at `offset` of the file. */
export async function writeAt(file: number, data: Uint8Array, offset: number): Promise<void> {
  let written = 0
  // A write is short only when the disk is nearly full; the next one then fails.
  while (written < data.byteLength) {
    const from = written
    written += await settled((done: Done<number>) =>
      write(file, data, from, data.byteLength - from, offset + from, done),
    )
  }
}

/** The same, synchronous: for a few kilobytes. */
export function writeAtOnce(file: number, data: Uint8Array, offset: number): void {
  for (let written = 0; written < data.byteLength;) {
    written += writeSync(file, data, written, data.byteLength - written, offset + written)
  }
}

async function settled<T>(call: (done: Done<T>) => void): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  call((error, result) => (error == null ? resolve(result) : reject(error)))
  return promise
}
