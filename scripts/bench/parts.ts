/** The parts of the bench by name. */
import { measureChat } from './chat.ts'
import { measureFile } from './file.ts'
import { measureNode } from './node.ts'
import { measureStore } from './store.ts'

export interface Measure {
  /** Counts so small that the figures mean nothing: to see that it works. */
  quick: boolean
  progress(what: string): void
}

export const parts: Record<string, (measure: Measure) => Promise<object>> = {
  chat: measureChat,
  file: measureFile,
  store: measureStore,
  node: measureNode,
}
