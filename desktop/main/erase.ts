/** Destroys a profile: the files that are Quorum's, and the folder if nothing else was in it. What was received stays. */
import { globSync, rmdirSync, rmSync } from 'node:fs'
import path from 'node:path'

const ours = ['store.*', 'lock.db*', 'node', 'node.json', 'window', 'window.json', 'window.json.new', 'logs']

/** Errors: those of the disk. */
export function eraseProfile(folder: string): void {
  // The key goes first: without it, whatever a crash leaves behind is noise.
  rmSync(path.join(folder, 'store.key'), { force: true })
  for (const file of globSync(ours, { cwd: folder })) {
    rmSync(path.join(folder, file), { recursive: true, force: true, maxRetries: 3 })
  }
  try {
    rmdirSync(folder)
  } catch {
    // Somebody keeps other things there too.
  }
}
