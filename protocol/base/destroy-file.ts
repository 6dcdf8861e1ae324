/**
 * Removes a file so that its content cannot be found on the disk, as far as the file system allows: it is overwritten
 * in its place before its name goes. A disk that writes elsewhere (flash, copy-on-write, journals of data, snapshots)
 * may keep the old blocks. Errors are those of the disk as they come (base/disk-errors.ts).
 */

import { closeSync, constants, fsyncSync, lstatSync, openSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { syncFolderSync } from './atomic-file.ts'
import { MiB } from './units.ts'

/**
 * Does nothing if `file` does not exist. Of a link, or a file that has another name too (somebody made that copy), only
 * this name is removed. If the disk refuses to overwrite, the file is removed nevertheless before the error is thrown.
 */
export function destroyFile(file: string): void {
  try {
    const found = lstatSync(file, { throwIfNoEntry: false })
    if (found?.isFile() === true && found.nlink === 1) overwrite(file, found.size)
  } finally {
    rmSync(file, { force: true })
    syncFolderSync(dirname(file))
  }
}

function overwrite(file: string, size: number): void {
  const descriptor = openSync(file, constants.O_WRONLY)
  try {
    const zeros = Buffer.alloc(MiB)
    for (let at = 0; at < size; at += zeros.length)
      writeSync(descriptor, zeros, 0, Math.min(zeros.length, size - at), at)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
