/**
 * Erases a profile: first what the peer left elsewhere (protocol/erase.ts), then Quorum's own files in the profile, and
 * the folder if nothing else is in it. Received files are stored elsewhere and stay.
 */
import { globSync, rmdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { destroyFile, eraseStore } from '#protocol'
import type { Erased } from '#protocol'
import type { Catalogue } from '../text/catalogue.ts'
import { pastedFiles } from './pasted-pictures.ts'
import type { PeerClient } from './peer-process.ts'

/** Milliseconds until a peer that does not end counts as one that left everything. Its nodes have three seconds. */
const patience = 20_000
/** Patterns of the files in a profile that show more than that it existed: overwritten before they are removed. */
const secretFiles = ['node/*.key', 'logs/*.log*', pastedFiles.pictures]
/** Patterns of the other files and folders that Quorum creates in a profile. */
const ownFiles = ['node', 'node.json', 'window', 'window.json', 'window.json.new', 'logs', pastedFiles.folder]

/** Lets the peer end and leave nothing behind. Undefined if it could not: the profile was not open, or it hangs. */
export async function erasePeer(client: PeerClient | undefined): Promise<Erased | undefined> {
  const late = Promise.withResolvers<undefined>()
  const timer = setTimeout(() => late.resolve(undefined), patience)
  try {
    return await Promise.race([client?.call('erase'), late.promise])
  } catch {
    // The person wants everything gone: what the peer could not do is said, and the files are removed here.
    return undefined
  } finally {
    clearTimeout(timer)
  }
}

/** What could not be reached, in the last sentence to the person; undefined if everything was. */
export function leftBehind(erased: Erased | undefined, { erased: text }: Catalogue): string | undefined {
  if (erased === undefined) return text.unknown
  const { nodes, folders } = erased
  const sentences = [
    ...(nodes.length > 0 ? [text.nodes(nodes.length)] : []),
    ...(folders.length > 0 ? [text.folders(folders.join('\n'))] : []),
  ]
  return sentences.length > 0 ? sentences.join('\n\n') : undefined
}

/** No process may use the profile. Errors: those of the disk. */
export function eraseProfile(folder: string): void {
  eraseStore(folder)
  for (const file of globSync(secretFiles, { cwd: folder })) destroyFile(path.join(folder, file))
  for (const file of globSync(ownFiles, { cwd: folder })) {
    rmSync(path.join(folder, file), { recursive: true, force: true, maxRetries: 3 })
  }
  try {
    rmdirSync(folder)
  } catch {
    // The folder contains other files.
  }
}
