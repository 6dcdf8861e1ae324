/** The options of `createPeer`, and their check. */
import { z } from 'zod'
import { privacyPatch, type PrivacyPatch } from './api/privacy.ts'
import { callback, checkOptions, withMethod } from './base/check-value.ts'
import type { Log } from './base/log.ts'
import type { Store } from './store/store.ts'

/** A privacy choice in these options replaces the profile's choice for this run; it is not stored. */
export interface PeerOptions extends PrivacyPatch {
  /** The store of the profile; closed by `stop()`. */
  store: Store
  /** Node addresses to use besides those in the store, each ending in `/p2p/<PeerId>`. */
  nodes?: readonly string[]
  /** Sets the name that friends see. */
  name?: string
  /** Multiaddrs to listen on; by default every interface, on the port of the last run if it is free. */
  listen?: readonly string[]
  /** The default folder for accepted files; created when needed. */
  downloads?: string
  /** Milliseconds since the epoch. */
  now?: () => number
  log?: Log
}

const shape = {
  store: withMethod('transaction', 'it is no store of a peer: openMemoryStore() or openSqliteStore()'),
  nodes: z.array(z.string()),
  name: z.string(),
  listen: z.array(z.string()),
  downloads: z.string().min(1),
  now: callback,
  log: callback,
  ...privacyPatch.shape,
} satisfies Record<keyof PeerOptions, z.ZodType>

/** Errors: `bad-request`. */
export function checkPeerOptions(options: PeerOptions): void {
  checkOptions('createPeer', shape, ['store'], options)
}
