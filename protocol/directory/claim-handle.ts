/** Claims a handle at the nodes, or keeps the one before. */
import type { Settings } from '../identity/settings.ts'
import type { HomeNodes } from './home-nodes.ts'

/**
 * Claims `handle` at the connected nodes; empty: releases it. A node that is disconnected receives the claim when it
 * reconnects. Errors: `handle-taken`.
 */
export async function claimHandle(handle: string, settings: Settings, nodes: HomeNodes): Promise<void> {
  const before = settings.handle()
  settings.setHandle(handle)
  try {
    await nodes.claimHandle()
  } catch (error) {
    settings.setHandle(before)
    // One of several nodes may have granted it already.
    void nodes.announce()
    throw error
  }
}
