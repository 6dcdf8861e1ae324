/**
 * Notifications of the system: for a message, a friend request or an offer of files that arrives while the window is
 * not focused, with as much content as the person allows. One for each friend: a newer one replaces the older one.
 */
import { Notification } from 'electron'
import { cleanLine } from '../text/foreign.ts'
import type { Catalogue } from '../text/catalogue.ts'
import type { PeerProcessEvent, Preferences } from '../ipc/contract.ts'

/** Characters of a message that a notification shows at most. */
const maxBody = 160

export interface NotificationsSetup {
  text: () => Catalogue
  kind: () => Preferences['notifications']
  isWindowFocused: () => boolean
  nameOf: (peer: string) => Promise<string>
  onClick: (peer: string) => void
  icon: string
}

export class Notifications {
  readonly #setup: NotificationsSetup
  readonly #shown = new Map<string, Notification>()

  constructor(setup: NotificationsSetup) {
    this.#setup = setup
  }

  async onEvent(event: PeerProcessEvent): Promise<void> {
    const { text, isWindowFocused, kind } = this.#setup
    if (isWindowFocused() || kind() === 'off' || !Notification.isSupported()) return
    switch (event.event) {
      case 'message-received':
        return this.#show(event.data.peer, text().notices.message, event.data.text)
      case 'friend-request':
        return this.#show(event.data.peer, text().notices.request, text().notices.request)
      case 'transfer-offered':
        return this.#show(event.data.peer, text().notices.files, event.data.name)
      default:
    }
  }

  /** Closes all notifications. */
  clear(): void {
    for (const notification of this.#shown.values()) notification.close()
    this.#shown.clear()
  }

  async #show(peer: string, what: string, detail: string): Promise<void> {
    const { text, kind, nameOf, onClick, icon } = this.#setup
    const content = kind()
    const title = content === 'none' ? text().appName : cleanLine(await nameOf(peer), 64)
    const body = content === 'full' ? cleanLine(detail, maxBody) : what
    this.#shown.get(peer)?.close()
    const notification = new Notification({ title, body: escapeMarkup(body), icon })
    notification.on('click', () => onClick(peer))
    notification.on('close', () => this.#shown.delete(peer))
    this.#shown.set(peer, notification)
    notification.show()
  }
}

/** On Linux the body is markup (Desktop Notifications Specification), so text of a friend is escaped. */
function escapeMarkup(body: string): string {
  if (process.platform !== 'linux') return body
  return body.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
