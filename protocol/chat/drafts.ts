/**
 * Unfinished messages: at most one to each friend, in the store, so that they survive a restart. They go with the
 * friendship. A program stores them; nothing of them is sent.
 */
import { z } from 'zod'
import { QuorumError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import type { MessageDraft } from '../api/model.ts'
import type { Store } from '../store/store.ts'

const stored = z.object({ text: z.string().max(limits.messageText), replyTo: z.string().optional() })

export class Drafts {
  readonly #store: Store
  readonly #isFriend: (peer: string) => boolean

  constructor(store: Store, isFriend: (peer: string) => boolean) {
    this.#store = store
    this.#isFriend = isFriend
  }

  list(): MessageDraft[] {
    return this.#store.friends().flatMap(({ peer }) => {
      const draft = this.#isFriend(peer) ? this.#get(peer) : undefined
      return draft === undefined ? [] : [draft]
    })
  }

  /** Replaces the draft; an empty one without a reply is removed. Errors: `not-friend`, those of the store. */
  set({ peer, text, replyTo }: MessageDraft): void {
    if (!this.#isFriend(peer)) throw new QuorumError('not-friend', 'They are not a friend (yet)')
    if (text === '' && replyTo === undefined) return this.forget(peer)
    const draft = JSON.stringify({ text, replyTo } satisfies z.infer<typeof stored>)
    this.#store.setSetting(`draft/${peer}`, Buffer.from(draft, 'utf8'))
  }

  forget(peer: string): void {
    this.#store.setSetting(`draft/${peer}`, undefined)
  }

  #get(peer: string): MessageDraft | undefined {
    const bytes = this.#store.setting(`draft/${peer}`)
    if (bytes === undefined) return undefined
    const { success, data } = stored.safeParse(JSON.parse(Buffer.from(bytes).toString('utf8')))
    return success ? { peer, ...data } : undefined
  }
}
