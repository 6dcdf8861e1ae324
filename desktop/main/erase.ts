/**
 * Deletes a profile: Quorum's own files, and the folder if nothing else is in it. Received files are stored elsewhere
 * and stay.
 */
import { globSync, rmdirSync, rmSync } from 'node:fs'
import path from 'node:path'

/** Patterns of the files and folders that Quorum creates in a profile. */
const ownFiles = ['store.*', 'lock.db*', 'node', 'node.json', 'window', 'window.json', 'window.json.new', 'logs']

/** Errors: those of the disk. */
export function eraseProfile(folder: string): void {
  // The key is deleted first: without it, files that a crash leaves behind cannot be decrypted.
  rmSync(path.join(folder, 'store.key'), { force: true })
  for (const file of globSync(ownFiles, { cwd: folder })) {
    rmSync(path.join(folder, file), { recursive: true, force: true, maxRetries: 3 })
  }
  try {
    rmdirSync(folder)
  } catch {
    // The folder contains other files.
  }
}
