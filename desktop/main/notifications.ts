/**
 * Notifications of the system: for news (news.ts) that arrive while nobody looks at the window, with as much content as
 * the person allows. One for each friend and group: a newer one replaces the older one. A muted group has none.
 */
import { Notification } from 'electron'
import type { Friend, Group } from '#protocol'
import { cleanLine, isolate } from '../text/foreign.ts'
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
  groups: () => Promise<Group[]>
  /** `conversation`: PeerId or group. */
  onClick: (conversation: string) => void
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
    const { text, kind, friends, groups, onClick, icon } = this.#setup
    const { peer, group: id } = news
    const group = id === undefined ? undefined : (await groups()).find((one) => one.group === id)
    // One that is not listed is one that this person has deleted.
    if (id !== undefined && (group === undefined || group.muted)) return
    const content = kind()
    const author = group?.members.find((member) => member.peer === peer)?.name
    const name = author ?? (await friends()).find((friend) => friend.peer === peer)?.name ?? ''
    const title = content === 'none' ? text().appName : cleanLine(group?.name ?? name, 64)
    const body = bodyOf(news, content, group === undefined ? '' : cleanLine(name, 64), text())
    const conversation = id ?? peer
    this.#shown.get(conversation)?.close()
    const notification = new Notification({ title, body: escapeMarkup(body), icon })
    notification.on('click', () => onClick(conversation))
    notification.on('close', () => this.#shown.delete(conversation))
    this.#shown.set(conversation, notification)
    notification.show()
  }
}

/** `author`: in a group, who has said it. */
function bodyOf(
  { kind, detail }: News,
  content: Preferences['notifications'],
  author: string,
  { notices, group }: Catalogue,
): string {
  const what = notices[kind]
  if (content !== 'full' || detail === undefined) return what
  if (author !== '') return group.said(isolate(author), cleanLine(detail, maxBody))
  // A message says by itself what it is.
  return cleanLine(kind === 'message' ? detail : `${what}: ${detail}`, maxBody)
}

/** On Linux the body is markup (Desktop Notifications Specification), so text of a friend is escaped. */
function escapeMarkup(body: string): string {
  if (process.platform !== 'linux') return body
  return body.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
