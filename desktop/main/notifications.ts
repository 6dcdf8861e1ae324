/**
 * Notifications of the system: a message, a request or an offer that arrives while nobody looks at the window, with as
 * much of it as the person allows. One for each friend at a time: a newer one takes the place of the older.
 */
import { Notification } from 'electron'
import { cleanLine } from '../text/foreign.ts'
import type { Catalogue } from '../text/catalogue.ts'
import type { PeerProcessEvent, Preferences } from '../ipc/contract.ts'

/** Characters of a message that a notification shows. */
const longest = 160

export interface NoticesSetup {
  text: () => Catalogue
  kind: () => Preferences['notifications']
  /** Somebody looks at the window. */
  watched: () => boolean
  nameOf: (peer: string) => Promise<string>
  onClick: (peer: string) => void
  icon: string
}

export class Notices {
  readonly #setup: NoticesSetup
  readonly #shown = new Map<string, Notification>()

  constructor(setup: NoticesSetup) {
    this.#setup = setup
  }

  async heard(news: PeerProcessEvent): Promise<void> {
    const { text, watched, kind } = this.#setup
    if (watched() || kind() === 'off' || !Notification.isSupported()) return
    switch (news.event) {
      case 'message-received':
        return this.#show(news.data.peer, text().notices.message, news.data.text)
      case 'friend-request':
        return this.#show(news.data.peer, text().notices.request, text().notices.request)
      case 'transfer-offered':
        return this.#show(news.data.peer, text().notices.files, news.data.name)
      default:
    }
  }

  /** The person looks at the window now. */
  clear(): void {
    for (const notification of this.#shown.values()) notification.close()
    this.#shown.clear()
  }

  async #show(peer: string, what: string, detail: string): Promise<void> {
    const { text, kind, nameOf, onClick, icon } = this.#setup
    const shows = kind()
    const title = shows === 'none' ? text().appName : cleanLine(await nameOf(peer), 64)
    const body = shows === 'full' ? cleanLine(detail, longest) : what
    this.#shown.get(peer)?.close()
    const notification = new Notification({ title, body: plain(body), icon })
    notification.on('click', () => onClick(peer))
    notification.on('close', () => this.#shown.delete(peer))
    this.#shown.set(peer, notification)
    notification.show()
  }
}

/** On Linux the body is markup (Desktop Notifications Specification): what a friend wrote is text there too. */
function plain(body: string): string {
  if (process.platform !== 'linux') return body
  return body.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
