/**
 * Notifications of the system: for news (news.ts) that arrive while nobody looks at the window, with as much content as
 * the person allows. One for each friend: a newer one replaces the older one.
 */
import { Notification } from 'electron'
import type { Friend } from '#protocol'
import { cleanLine } from '../text/foreign.ts'
import type { Catalogue } from '../text/catalogue.ts'
import type { PeerProcessEvent, Preferences } from '../ipc/contract.ts'
import { NewsFilter } from './news.ts'
import type { News } from './news.ts'

/** Characters of a message that a notification shows at most. */
const maxBody = 160

export interface NotificationsSetup {
  text: () => Catalogue
  kind: () => Preferences['notifications']
  /** The window is visible and has the focus. */
  isLookedAt: () => boolean
  /** Rejects while the peer is not available. */
  friends: () => Promise<Friend[]>
  onClick: (peer: string) => void
  icon: string
}

export class Notifications {
  readonly #setup: NotificationsSetup
  readonly #shown = new Map<string, Notification>()
  readonly #news = new NewsFilter()

  constructor(setup: NotificationsSetup) {
    this.#setup = setup
  }

  async onEvent(event: PeerProcessEvent): Promise<void> {
    const { isLookedAt, kind, friends } = this.#setup
    const news = this.#news.of(event)
    if (event.event === 'status' && event.data.state === 'open') this.#news.begin(await friends())
    if (news === undefined || isLookedAt() || kind() === 'off' || !Notification.isSupported()) return
    await this.#show(news)
  }

  /** Closes all notifications. */
  clear(): void {
    for (const notification of this.#shown.values()) notification.close()
    this.#shown.clear()
  }

  async #show(news: News): Promise<void> {
    const { text, kind, friends, onClick, icon } = this.#setup
    const { peer } = news
    const content = kind()
    const name = (await friends()).find((friend) => friend.peer === peer)?.name ?? ''
    const title = content === 'none' ? text().appName : cleanLine(name, 64)
    const body = bodyOf(news, content, text())
    this.#shown.get(peer)?.close()
    const notification = new Notification({ title, body: escapeMarkup(body), icon })
    notification.on('click', () => onClick(peer))
    notification.on('close', () => this.#shown.delete(peer))
    this.#shown.set(peer, notification)
    notification.show()
  }
}

function bodyOf({ kind, detail }: News, content: Preferences['notifications'], { notices }: Catalogue): string {
  const what = notices[kind]
  if (content !== 'full' || detail === undefined) return what
  // A message says by itself what it is.
  return cleanLine(kind === 'message' ? detail : `${what}: ${detail}`, maxBody)
}

/** On Linux the body is markup (Desktop Notifications Specification), so text of a friend is escaped. */
function escapeMarkup(body: string): string {
  if (process.platform !== 'linux') return body
  return body.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
