/** Lists a folder of this computer for path completion. An unreadable folder counts as empty. */
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { ListFolder } from './typed-paths.ts'

export const listFolder: ListFolder = (folder) => {
  try {
    return readdirSync(folder, { withFileTypes: true }).map((entry) => ({
      name: entry.name,
      folder: entry.isDirectory() || (entry.isSymbolicLink() && leadsToFolder(join(folder, entry.name))),
    }))
  } catch {
    return []
  }
}

function leadsToFolder(link: string): boolean {
  try {
    return statSync(link).isDirectory()
  } catch {
    return false
  }
}
