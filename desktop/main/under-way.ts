/** What would stop with Quorum, so that nobody ends it unknowingly by closing the window. */
import type { TransferState } from '#protocol'
import type { EmbeddedNodeStatus } from '../ipc/contract.ts'
import type { PeerClient } from './peer-process.ts'

/** A key of the catalogue's `closing`. */
export type UnderWay = 'transfers' | 'messages' | 'node'

type Caller = Pick<PeerClient, 'call'>

/** Messages are sent in their order: if any waits, one of the last does. */
const lastMessages = 50
const moving: readonly TransferState[] = ['active', 'waiting']
/** Milliseconds that closing waits for a peer that does not answer. */
const patience = 2000

/** Empty if nothing is, and as far as a peer that is locked, or does not answer, leaves it unknown. */
export async function underWay(
  client: Caller | undefined,
  node: Pick<EmbeddedNodeStatus, 'state'>,
): Promise<UnderWay[]> {
  const late = Promise.withResolvers<UnderWay[]>()
  const timer = setTimeout(() => late.resolve([]), patience)
  const ofPeer = client === undefined ? [] : await Promise.race([ofOpenProfile(client).catch(() => []), late.promise])
  clearTimeout(timer)
  return [...ofPeer, ...(node.state === 'off' ? [] : (['node'] as const))]
}

async function ofOpenProfile(client: Caller): Promise<UnderWay[]> {
  const [transfers, friends] = await Promise.all([client.call('transfers', {}), client.call('friends')])
  const waits = await Promise.all(
    friends
      .filter(({ state }) => state === 'friend')
      .map(async ({ peer }) => {
        const last = await client.call('messages', { peer, limit: lastMessages })
        return last.some(({ direction, state }) => direction === 'out' && state === 'queued')
      }),
  )
  return [
    ...(transfers.some(({ state }) => moving.includes(state)) ? (['transfers'] as const) : []),
    ...(waits.includes(true) ? (['messages'] as const) : []),
  ]
}
