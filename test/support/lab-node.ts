/** The lab with one node on its internet: the setup of most tests. */
import type { TestContext } from 'node:test'
import { stageOwner, undo } from './cleanup.ts'
import { HeadlessNode } from './headless.ts'
import { Lab } from './lab.ts'
import { Stage } from './line-process.ts'

/** All of it ends with the test. */
export async function labWithNode(t: TestContext): Promise<{ lab: Lab; stage: Stage; node: HeadlessNode }> {
  const lab = await Lab.create(undo(t))
  const stage = new Stage(stageOwner(t))
  const { space, ip4 } = await lab.server()
  const setup = { listen: [`/ip4/${ip4}/tcp/4001`], through: space.enter }
  return { lab, stage, node: await new HeadlessNode(stage, 'node', setup).start() }
}
