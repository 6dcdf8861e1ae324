/** How a peer process is started: what the shell passes on its command line, as JSON. */
import { z } from 'zod'
import { directModes } from '#protocol'

const schema = z.strictObject({
  /** The profile's folder. */
  folder: z.string().min(1),
  downloads: z.string().min(1),
  nodes: z.array(z.string()),
  listen: z.array(z.string()),
  direct: z.enum(directModes),
  lan: z.boolean(),
  readReceipts: z.boolean(),
  typingMarks: z.boolean(),
})
export type PeerProcessOptions = z.infer<typeof schema>

/** Errors: those of JSON and of the schema. */
export function readOptions(text: string | undefined): PeerProcessOptions {
  return schema.parse(JSON.parse(text ?? ''))
}
