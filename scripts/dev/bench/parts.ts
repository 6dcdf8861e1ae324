/** The parts of the benchmark by name. */
import { measureAway } from './away.ts'
import { measureChat } from './chat.ts'
import { measureDesktop } from './desktop.ts'
import { measureFile } from './file.ts'
import type { Measure } from './measure.ts'
import { measureMemory } from './memory.ts'
import { measureNode } from './node.ts'
import { measurePaths } from './paths.ts'
import { measureStore } from './store.ts'
import { measureStream } from './stream.ts'

export const parts: Record<string, (measure: Measure) => Promise<object>> = {
  chat: measureChat,
  away: measureAway,
  file: measureFile,
  stream: measureStream,
  store: measureStore,
  memory: measureMemory,
  node: measureNode,
  paths: measurePaths,
  desktop: measureDesktop,
}
/** Parts that need more than Node, or run for minutes: measured only when they are named. */
export const onlyNamed: ReadonlySet<string> = new Set(['file', 'node', 'paths', 'desktop'])
