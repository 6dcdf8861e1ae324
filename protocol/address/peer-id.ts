/** PeerIds as text. Those of Quorum contain their Ed25519 key. */
import type { Ed25519PeerId } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'

/** `text` is the PeerId of a peer, in its usual form. */
export function isPeerId(text: string): boolean {
  return parsePeerId(text) !== undefined
}

/** The PeerId that `text` is; undefined for everything else, also for another way to write it. */
export function parsePeerId(text: string): Ed25519PeerId | undefined {
  try {
    const id = peerIdFromString(text)
    return id.type === 'Ed25519' && id.toString() === text ? id : undefined
  } catch (error) {
    // The parser throws errors of several kinds for text that is no PeerId.
    if (!(error instanceof Error)) throw error
    return undefined
  }
}
