/** A client that only asks a node's directory, over sessions that belong to no peer. */
import { DirectorySession } from '../../../protocol/directory/session.ts'
import { createClient } from './client.ts'
import { serve, type CommandTable } from './serve.ts'

const sessions: DirectorySession[] = []
let asked = 0

const commands = {
  /** Opens `count` sessions, one for each identity. */
  async open({ node, count }: { node: string; count: number }): Promise<void> {
    while (sessions.length < count) {
      const { connect } = await createClient(node)
      sessions.push(await DirectorySession.open(await connect(), () => Promise.resolve()))
    }
  },

  /** Milliseconds of one lookup; the sessions take turns, because each may ask only so often. */
  async lookup({ peer }: { peer: string }): Promise<number> {
    const session = sessions[asked % sessions.length]
    if (session === undefined) throw new Error('There is no session')
    asked += 1
    const started = performance.now()
    await session.lookup({ peer })
    return performance.now() - started
  },
} satisfies CommandTable
export type Asker = typeof commands

serve(commands)
