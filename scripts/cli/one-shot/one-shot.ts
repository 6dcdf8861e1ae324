/**
 * The common part of `quorum send` and `quorum receive`: opens the profile, runs its embedded node if it has one, does
 * the work, and closes everything.
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
  /** The profile's folder. */
  folder: string
  /** The profile as the person typed it. */
  profile: string
  passphrase: string | undefined
  flags: PeerFlags
  /** Standard error, and its capabilities. */
  errors: LiveOptions
  /** Standard output, if JSON lines were requested. */
  json: Writable | undefined
  /** The terminal for questions; undefined if there is none. */
  asking: ScreenStreams | undefined
  signal: AbortSignal
}

/** The exit code of `work`. Errors: `not-found` without the profile, those of the store and of `work`. */
export async function oneShot(options: OneShot, work: (followed: Followed) => Promise<number>): Promise<number> {
  const { folder, profile, flags, errors, json, signal } = options
  if (!existsSync(folder)) {
    throw new QuorumError('not-found', `There is no profile ${profile}: start quorum once and add a friend`)
  }
  // The terminal or the reader has gone. The transfer continues.
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
    const message = 'Quorum already runs with this profile: send or accept there, or close it first'
    throw new QuorumError('store-locked', message, { cause })
  }
}

/** The profile's embedded node. Friends who know this peer by that node find it only while the node runs. */
function ownNode(folder: string, peer: Peer, display: LiveLines): EmbeddedNode {
  const node = new EmbeddedNode({
    folder,
    ready: () => {
      for (const address of node.addresses()) {
        peer.addNode({ address }).catch((error: unknown) => display.say(`! ${String(error)}`))
      }
    },
    trouble: (why) => display.say(`! The node on this machine has ended (${why}) and is being restarted.`),
  })
  return node
}
