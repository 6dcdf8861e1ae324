/** A question to all own nodes: the first that has an answer. */
import type { HomeNodes } from './home-nodes.ts'
import type { DirectorySession } from './session.ts'

/**
 * The first answer of any node; undefined if none has one. An invalid answer or a lost connection does not stop the
 * search. Errors: `node-unreachable`; that of the first node where all fail.
 */
export async function firstAnswer<T>(
  nodes: Pick<HomeNodes, 'someSessions'>,
  ask: (session: DirectorySession) => Promise<T | undefined>,
): Promise<T | undefined> {
  const sessions = await nodes.someSessions()
  const failures: unknown[] = []
  for (const session of sessions) {
    try {
      const found = await ask(session)
      if (found != null) return found
    } catch (error) {
      failures.push(error)
    }
  }
  if (failures.length === sessions.length) throw failures[0]
  return undefined
}
