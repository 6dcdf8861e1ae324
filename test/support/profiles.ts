/**
 * Two profiles on disk whose owners are friends, and a node that both use: the setup for tests of programs that need a
 * peer at the other end. No process uses the profiles when they are returned.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { stageOwner } from './cleanup.ts'
import { befriend, HeadlessNode, HeadlessPeer } from './headless.ts'
import { Stage } from './line-process.ts'
import { onLoopback } from './terminal.ts'

export interface Profile {
  /** PeerId. */
  id: string
  folder: string
  /** The folder for accepted files. */
  downloads: string
  /** Options of every program on this profile. */
  options: string[]
}

export interface Profiles {
  /** Removed with the test. */
  folder: string
  alice: Profile
  bob: Profile
}

export async function befriendedProfiles(t: TestContext): Promise<Profiles> {
  const stage = new Stage(stageOwner(t))
  const node = await new HeadlessNode(stage).start()
  const setup = { nodes: node.addresses }
  const peers = [new HeadlessPeer(stage, 'Alice', setup), new HeadlessPeer(stage, 'Bob', setup)] as const
  await Promise.all(peers.map((peer) => peer.start()))
  await befriend(...peers)
  await Promise.all(peers.map((peer) => peer.stop()))
  const [alice, bob] = peers.map(({ id, folder, name }) => {
    const downloads = join(stage.folder, `downloads-${name}`)
    mkdirSync(downloads)
    const nodes = node.addresses.flatMap((address) => ['--node', address])
    return { id, folder, downloads, options: ['--profile', folder, '--downloads', downloads, ...nodes, ...onLoopback] }
  }) as [Profile, Profile]
  return { folder: stage.folder, alice, bob }
}
