/**
 * Files that are written whole or not at all: after a crash or a power cut there is the old content or the new one,
 * never a part. The content is written beside the file, handed to the disk, and then gets the name in one step; the
 * name is handed to the disk as well. Files are readable by their owner only (0600). Errors are those of the disk as
 * they come (base/disk-errors.ts).
 *
 * Not `write-file-atomic`: version 8 never flushes the folder, so a power cut may still bring the old file back; it
 * names its temporary files at random, so one that a crash leaves (perhaps a key without its passphrase) stays for
 * good; and it cannot create without replacing.
 */

import { closeSync, constants, fsyncSync, linkSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import { platform } from 'node:os'
import { dirname } from 'node:path'
import { codeOf } from './disk-errors.ts'

/** What a new file holds, or what writes it: it gets the path of an empty file (0600). */
export type FileContent = string | Uint8Array | ((path: string) => void)

/** Gives `file` new content, whether it exists or not. An unfinished attempt of an earlier run is removed. */
export function replaceFile(file: string, content: FileContent): void {
  const temporary = unfinishedOf(file)
  try {
    discardUnfinished(file)
    write(temporary, content)
    renameSync(temporary, file)
  } finally {
    discardUnfinished(file)
  }
  syncFolderSync(dirname(file))
}

/**
 * Removes what a crash in the middle of `replaceFile` left. Call it before `file` is read, if the content is secret.
 */
export function discardUnfinished(file: string): void {
  rmSync(unfinishedOf(file), { force: true })
}

/** Creates `file`. If it exists, also when two processes create it at once, that one stays and this one is dropped. */
export function createFile(file: string, content: FileContent): void {
  const temporary = `${file}.${randomBytes(6).toString('hex')}.new`
  try {
    write(temporary, content)
    try {
      // A hard link, because rename() would replace an existing file.
      linkSync(temporary, file)
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error
    }
  } finally {
    rmSync(temporary, { force: true })
  }
  syncFolderSync(dirname(file))
}

/**
 * Makes names that were created, renamed or removed in `folder` survive a power cut, as far as its file system can.
 * It may wait for everything that the disk has still to write.
 */
export async function syncFolder(folder: string): Promise<void> {
  if (needsNoSync) return
  try {
    const handle = await open(folder, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (!cannotSync(error)) throw error
  }
}

/** The same, at once: for programs that start, and for the few files that `replaceFile` is for. */
export function syncFolderSync(folder: string): void {
  if (needsNoSync) return
  try {
    syncPath(folder, constants.O_RDONLY)
  } catch (error) {
    if (!cannotSync(error)) throw error
  }
}

function write(path: string, content: FileContent): void {
  closeSync(openSync(path, 'wx', 0o600))
  if (typeof content === 'function') content(path)
  else writeFileSync(path, content)
  // Windows flushes through a handle that may write.
  syncPath(path, constants.O_RDWR)
}

function syncPath(path: string, flags: number): void {
  const descriptor = openSync(path, flags)
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** Windows cannot open a folder, and NTFS keeps names in a log of its own. */
const needsNoSync = platform() === 'win32'

/**
 * Network drives, FUSE and folders that may be written but not read: nothing can be done there, and nothing is wrong.
 */
function cannotSync(error: unknown): boolean {
  return /^(EISDIR|EPERM|EACCES|EINVAL|EBADF|ENOTSUP)$/.test(codeOf(error) ?? '')
}

function unfinishedOf(file: string): string {
  return `${file}.new`
}
