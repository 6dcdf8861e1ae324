/**
 * The paths of files that a person gave to the page: by a drop, by pasting, or in the page's own file dialog. The page
 * cannot be asked for them, because one that was taken over would name any file of the disk. Chromium's browser process
 * knows them: it passes the files to the page, and ends a page that submits a form with any other file. So the preload
 * script submits the files as a form. The request is not answered and the page stays; only its list of files is read.
 *
 * Such a request could also come from code in the page that does not navigate, and then nobody has checked it. But only
 * a real navigation follows a redirect in the browser process, which reports it. So the list of a request is held under
 * a new secret address to which the request is redirected, and used when the navigation arrives there.
 */
import { randomUUID } from 'node:crypto'
import { QuorumError } from '#protocol'
import { givenUrl } from './page-protocol.ts'
import type { PageRequest } from './page-protocol.ts'

/** Milliseconds from the preload script's call until the form has arrived; both are on this machine. */
const patience = 10_000
/** Lists that are held until their navigation follows, and calls that wait for one. A page needs one of each. */
const maxHeld = 16

export class GivenFiles {
  readonly #unproven = new Map<string, { form: string; paths: string[] }>()
  readonly #waiting = new Map<string, PromiseWithResolvers<string[]>>()

  /** Returns the address to which a request is redirected; undefined if it is not a form with files. */
  redirected({ url, method, uploadData = [] }: PageRequest): string | undefined {
    if (!url.startsWith(givenUrl) || method !== 'POST' || this.#unproven.has(url)) return undefined
    const paths = uploadData.flatMap(({ file }) => (file === undefined || file === '' ? [] : [file]))
    const secret = `${givenUrl}${randomUUID()}`
    this.#unproven.set(secret, { form: url.slice(givenUrl.length), paths })
    dropOldest(this.#unproven)
    return secret
  }

  /** A navigation of the page was redirected: the browser process has checked that the page may read its files. */
  onRedirect(url: string): void {
    const proven = this.#unproven.get(url)
    if (proven === undefined) return
    this.#unproven.delete(url)
    this.#resolvers(proven.form).resolve(proven.paths)
  }

  /** The paths of the form with this id, once. Errors: `cancelled`: it does not arrive. */
  async take(form: string): Promise<string[]> {
    const { promise, reject } = this.#resolvers(form)
    const timer = setTimeout(() => reject(new QuorumError('cancelled', 'The files have not arrived')), patience)
    try {
      return await promise
    } finally {
      clearTimeout(timer)
      this.#waiting.delete(form)
    }
  }

  /** The call and the form take different ways, so either may be first. */
  #resolvers(form: string): PromiseWithResolvers<string[]> {
    const found = this.#waiting.get(form) ?? Promise.withResolvers<string[]>()
    this.#waiting.set(form, found)
    dropOldest(this.#waiting)
    return found
  }
}

function dropOldest(held: Map<string, unknown>): void {
  const [oldest] = held.keys()
  if (held.size > maxHeld && oldest !== undefined) held.delete(oldest)
}
