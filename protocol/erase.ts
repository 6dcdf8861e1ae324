/**
 * The call `erase`: a peer ends and leaves nothing behind that is its own. Files that were received stay; parts of
 * files that were being received go, because nobody can see them. The key of the database goes before the database.
 */
import type { Erased } from './api/calls.ts'
import { QuorumError, toError } from './base/errors.ts'
import { limits } from './base/limits.ts'
import { peerInLog, type Log } from './base/log.ts'
import type { PeerParts } from './peer-parts.ts'

/** `stop` ends the parts. Errors: those of the disk. */
export async function erase(parts: PeerParts, log: Log, stop: () => Promise<void>): Promise<Erased> {
  const { chat, files, store } = parts
  chat.stop()
  await files.stop()
  const [folders, nodes] = await Promise.all([files.removeStaged(), forget(parts, log)])
  await stop()
  store.erase()
  return { nodes, folders }
}

/**
 * Asks every node to delete what it stores about this peer, and leaves it before it could be told anything again.
 * Returns the PeerIds of those that did not do it.
 */
async function forget({ nodes }: PeerParts, log: Log): Promise<string[]> {
  const left = nodes.states().map(async ({ peer }) => {
    try {
      await answer(nodes.leave(peer, (session) => session.forget()))
      return []
    } catch (error) {
      log('info', `node ${peerInLog(peer)} was not told to forget this peer`, toError(error))
      if (nodes.has(peer)) nodes.remove(peer)
      return [peer]
    }
  })
  return (await Promise.all(left)).flat()
}

async function answer(asked: Promise<void>): Promise<void> {
  const late = Promise.withResolvers<never>()
  const unreachable = (): void => late.reject(new QuorumError('node-unreachable', 'That node does not answer'))
  const timer = setTimeout(unreachable, limits.farewell)
  try {
    await Promise.race([asked, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
