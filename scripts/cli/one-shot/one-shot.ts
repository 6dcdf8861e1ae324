/**
 * What `quorum send` and `quorum receive` have in common: the profile is opened, its node runs along if the person runs
 * one, the work is done, and everything is closed again.
 */
import { existsSync } from 'node:fs'
import type { Writable } from 'node:stream'
import { QuorumError } from '#protocol'
import type { Peer, Store } from '#protocol'
import { openAsking, withPeer, type PeerFlags } from '../open-peer.ts'
import { EmbeddedNode } from '#embedded-node'
import { cleanLine } from '../terminal/sanitize.ts'
import type { ScreenStreams } from '../terminal/screen.ts'
import type { Followed } from './follower.ts'
import { LiveLines, type LiveOptions } from './live-lines.ts'

export interface OneShot {
  /** The profile's folder, and the name it was given by. */
  folder: string
  profile: string
  passphrase: string | undefined
  flags: PeerFlags
  /** Standard error, and what it can show. */
  errors: LiveOptions
  /** Standard output, where JSON lines are wanted. */
  json: Writable | undefined
  /** Where a person can be asked. */
  asking: ScreenStreams | undefined
  signal: AbortSignal
}

/** The exit code of `work`. Errors: `not-found` without the profile, those of the store and of `work`. */
export async function oneShot(options: OneShot, work: (followed: Followed) => Promise<number>): Promise<number> {
  const { folder, profile, flags, errors, json, signal } = options
  if (!existsSync(folder)) {
    throw new QuorumError('not-found', `There is no profile ${profile}: start quorum once, and find a friend`)
  }
  // Whoever read along is gone: the transfer is not.
  errors.output.on('error', () => undefined)
  const display = new LiveLines(errors)
  return withPeer(await open(options), flags, async (peer) => {
    peer.subscribe(({ event, data }) => {
      if (event === 'warning') display.say(`! ${cleanLine(data.message)}`)
    })
    const node = ownNode(folder, peer, display)
    try {
      if (node.chosen) node.start()
      return await work({ peer, display, json, signal })
    } finally {
      await node.stop()
    }
  })
}

async function open({ folder, passphrase, asking }: OneShot): Promise<Store> {
  try {
    return await openAsking(folder, passphrase, asking)
  } catch (cause) {
    if (!(cause instanceof QuorumError) || cause.code !== 'store-locked') throw cause
    const message = 'Quorum runs with this profile already: type /send or /accept there, or close it first'
    throw new QuorumError('store-locked', message, { cause })
  }
}

/** Friends who know us by our own node find us only while it runs. */
function ownNode(folder: string, peer: Peer, display: LiveLines): EmbeddedNode {
  const node = new EmbeddedNode({
    folder,
    ready: () => {
      for (const address of node.addresses()) {
        peer.addNode({ address }).catch((error: unknown) => display.say(`! ${String(error)}`))
      }
    },
    trouble: (why) => display.say(`! The node on this machine has ended (${why}) and is started again.`),
  })
  return node
}
