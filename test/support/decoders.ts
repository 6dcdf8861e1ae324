/** Every decoder that takes the bytes or the text of others, as targets for fuzzing. */
import { messages } from './message-decoders.ts'
import { streams } from './stream-decoders.ts'
import { texts } from './text-decoders.ts'
import type { Target } from './fuzz-target.ts'

export const decoders: readonly Target[] = [...messages, ...streams, ...texts]
