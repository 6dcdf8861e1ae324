/** The options of a peer process. The main process passes them as JSON, as the last word of the command line. */
import { z } from 'zod'
import { privacyPatch } from '#protocol'

const schema = z.strictObject({
  /** The profile's folder. */
  folder: z.string().min(1),
  /** The folder for received files. */
  downloads: z.string().min(1),
  nodes: z.array(z.string()),
  listen: z.array(z.string()),
  /** The privacy flags of this run; they take precedence over the choices in the profile. */
  privacy: privacyPatch,
})
export type PeerProcessOptions = z.infer<typeof schema>

/** Errors: those of JSON and of the schema. */
export function readOptions(text: string | undefined): PeerProcessOptions {
  return schema.parse(JSON.parse(text ?? ''))
}
