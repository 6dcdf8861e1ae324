/** How a peer process is started: what the shell passes on its command line, as JSON. */
import { z } from 'zod'
import { privacyPatch } from '#protocol'

const schema = z.strictObject({
  /** The profile's folder. */
  folder: z.string().min(1),
  downloads: z.string().min(1),
  nodes: z.array(z.string()),
  listen: z.array(z.string()),
  /** What was typed for this run. */
  privacy: privacyPatch,
})
export type PeerProcessOptions = z.infer<typeof schema>

/** Errors: those of JSON and of the schema. */
export function readOptions(text: string | undefined): PeerProcessOptions {
  return schema.parse(JSON.parse(text ?? ''))
}
