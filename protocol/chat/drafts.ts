/**
 * Unfinished messages: at most one to each friend, in the store, so that they survive a restart. They go with the
 * friendship. A program stores them; nothing of them is sent.
 */
import { z } from 'zod'
import { QuorumError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import type { DraftFiles, MessageDraft } from '../api/model.ts'
import type { Store } from '../store/store.ts'

const stored = z.object({
  text: z.string().max(limits.messageText),
  replyTo: z.string().optional(),
  files: z.array(z.string()).optional(),
})
type Stored = z.infer<typeof stored>

export class Drafts {
  readonly #store: Store
  readonly #isFriend: (peer: string) => boolean

  constructor(store: Store, isFriend: (peer: string) => boolean) {
    this.#store = store
    this.#isFriend = isFriend
  }

  /** Those with a text or a reply. */
  list(): MessageDraft[] {
    return this.#all().flatMap(({ peer, text, replyTo }) =>
      text === '' && replyTo === undefined ? [] : { peer, text, ...(replyTo !== undefined && { replyTo }) },
    )
  }

  /** The paths of files that were chosen and not sent; only those of friends with some. */
  files(): DraftFiles[] {
    return this.#all().flatMap(({ peer, files = [] }) => (files.length === 0 ? [] : { peer, paths: files }))
  }

  /** Replaces text and reply; the files stay. Errors: `not-friend`, those of the store. */
  set({ peer, text, replyTo }: MessageDraft): void {
    this.#put(peer, { text, replyTo, files: this.#get(peer)?.files })
  }

  /** Replaces the files; text and reply stay. Errors: as `set`. */
  setFiles({ peer, paths }: DraftFiles): void {
    this.#put(peer, { text: '', ...this.#get(peer), files: paths })
  }

  forget(peer: string): void {
    this.#store.setSetting(`draft/${peer}`, undefined)
  }

  /** A draft with nothing in it is removed. */
  #put(peer: string, { text, replyTo, files = [] }: Stored): void {
    if (!this.#isFriend(peer)) throw new QuorumError('not-friend', 'They are not a friend (yet)')
    if (text === '' && replyTo === undefined && files.length === 0) return this.forget(peer)
    const draft = JSON.stringify({ text, replyTo, ...(files.length > 0 && { files }) } satisfies Stored)
    this.#store.setSetting(`draft/${peer}`, Buffer.from(draft, 'utf8'))
  }

  #all(): (Stored & { peer: string })[] {
    return this.#store.friends().flatMap(({ peer }) => {
      const draft = this.#isFriend(peer) ? this.#get(peer) : undefined
      return draft === undefined ? [] : { peer, ...draft }
    })
  }

  #get(peer: string): Stored | undefined {
    const bytes = this.#store.setting(`draft/${peer}`)
    if (bytes === undefined) return undefined
    return stored.safeParse(JSON.parse(Buffer.from(bytes).toString('utf8'))).data
  }
}
