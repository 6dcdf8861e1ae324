/** Clients that only leave parcels at a node and take what lies there for them: each leaves for the next one. */
import { randomBytes } from 'node:crypto'
import { MailboxSession } from '../../../protocol/mailbox/session.ts'
import { hashOf } from '../../../protocol/mailbox/ticket.ts'
import { parcelIdLength, ticketLength } from '../../../protocol/wire/mailbox.ts'
import { wireLimits } from '../../../protocol/wire/limits.ts'
import { createClient, dialFromManyAddresses, type Client } from './client.ts'
import { serve, type CommandTable } from './serve.ts'

interface MailClient extends Client {
  ticket: Uint8Array
  session?: MailboxSession
}

/** Requests of one client that wait for an answer: as many as a node takes of one stream, but one. */
const together = 8
const clients: MailClient[] = []

const commands = {
  /** Creates `count` clients that have given a ticket each. `network`: as of `dialFromManyAddresses`. */
  async open({ node, count, network }: { node: string; count: number; network: number }): Promise<void> {
    dialFromManyAddresses(network)
    while (clients.length < count) {
      const client: MailClient = { ...(await createClient(node)), ticket: randomBytes(ticketLength) }
      client.session = await MailboxSession.open(await client.connect(), () => Promise.resolve())
      await client.session.tickets([hashOf(client.ticket)])
      clients.push(client)
    }
  },

  /** Milliseconds until the node has `count` parcels of `bytes` of each client on its disk. */
  async leave({ count, bytes }: { count: number; bytes: number }): Promise<number> {
    const started = performance.now()
    await Promise.all(
      clients.map(async ({ session }, at) => {
        const to = clients[(at + 1) % clients.length]
        if (session === undefined || to === undefined) throw new Error('There is no session')
        let left = 0
        const leaveSome = async (): Promise<void> => {
          while (left < count) {
            left += 1
            const outcome = await session.leave(
              to.identity.peer,
              randomBytes(parcelIdLength),
              to.ticket,
              randomBytes(bytes),
            )
            if (outcome !== 'held') throw new Error(`A parcel was refused: ${outcome}`)
          }
        }
        await Promise.all(Array.from({ length: together }, leaveSome))
      }),
    )
    return performance.now() - started
  },

  /** Milliseconds from the moment at which all open a session again until each has `count` parcels, and said so. */
  async take({ count }: { count: number }): Promise<number> {
    for (const client of clients) client.session?.close()
    const connections = await Promise.all(clients.map(({ connect }) => connect()))
    const started = performance.now()
    await Promise.all(
      clients.map(async (client, at) => {
        const connection = connections[at]
        if (connection === undefined) throw new Error('There is no connection')
        const ids: Uint8Array[] = []
        const all = Promise.withResolvers<void>()
        client.session = await MailboxSession.open(connection, async ({ parcelId }) => {
          ids.push(parcelId)
          if (ids.length >= count) all.resolve()
        })
        await all.promise
        for (let from = 0; from < ids.length; from += wireLimits.parcelsTogether)
          await client.session.taken(ids.slice(from, from + wireLimits.parcelsTogether))
      }),
    )
    return performance.now() - started
  },
} satisfies CommandTable
export type MailClients = typeof commands

serve(commands)
