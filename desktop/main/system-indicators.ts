/**
 * What the system shows of Quorum outside the page: the title of the window, the tray icon, the badge and the progress
 * bar in the task bar, and notifications. All of it follows from the peer's events and from the preferences.
 */
import { app } from 'electron'
import type { BrowserWindow } from 'electron'
import path from 'node:path'
import type { Friend, Group } from '#protocol'
import type { PeerProcessEvent, Preferences } from '../ipc/contract.ts'
import { catalogueFor } from '../text/catalogue.ts'
import type { Catalogue } from '../text/catalogue.ts'
import { Notifications } from './notifications.ts'
import type { PeerClient } from './peer-process.ts'
import { TaskBarProgress } from './task-bar.ts'
import { TrayIcon } from './tray.ts'
import { UnreadCount } from './unread-count.ts'

export interface SystemIndicatorsSetup {
  /** The folder of the icons. */
  icons: string
  /** The name of the profile; undefined for the default one. */
  profile: string | undefined
  window: () => BrowserWindow | undefined
  preferences: () => Preferences
  /** Errors: `cancelled` while the peer process does not run. */
  peer: () => PeerClient
  /** The person wants to see the window. */
  onOpen: () => void
  /** The person clicked the notification about this friend, request or group. */
  onOpenConversation: (conversation: string) => void
  onQuit: () => void
}

export class SystemIndicators {
  readonly #setup: SystemIndicatorsSetup
  readonly #progress: TaskBarProgress
  readonly #notifications: Notifications
  readonly #unread: UnreadCount
  #tray: TrayIcon | undefined

  constructor(setup: SystemIndicatorsSetup) {
    this.#setup = setup
    const friends = async (): Promise<Friend[]> => setup.peer().call('friends')
    const groups = async (): Promise<Group[]> => setup.peer().call('groups')
    this.#progress = new TaskBarProgress((share) => setup.window()?.setProgressBar(share))
    this.#unread = new UnreadCount({ friends, groups, onChange: () => this.refresh() })
    this.#notifications = new Notifications({
      text: () => this.text,
      kind: () => setup.preferences().notifications,
      // A hidden window may still have the focus.
      isLookedAt: () => setup.window()?.isFocused() === true && setup.window()?.isVisible() === true,
      friends,
      groups,
      onClick: setup.onOpenConversation,
      icon: path.join(setup.icons, 'icon.png'),
    })
  }

  get title(): string {
    const { profile } = this.#setup
    const name = profile === undefined ? 'Quorum' : `Quorum – ${profile}`
    return this.#unread.value > 0 ? `(${this.#unread.value}) ${name}` : name
  }

  /** The system has a tray, and Quorum's icon is in it. */
  get inTray(): boolean {
    return this.#tray !== undefined
  }

  /** Adds the tray icon. */
  start(): void {
    const { icons, onOpen, onQuit } = this.#setup
    try {
      this.#tray = new TrayIcon({
        icons: { read: path.join(icons, 'tray.png'), unread: path.join(icons, 'tray-unread.png') },
        onOpen,
        onQuit,
      })
    } catch {
      // The system has no tray, so closing the window quits Quorum.
      return
    }
    this.refresh()
  }

  stop(): void {
    this.#unread.stop()
    this.#tray?.destroy()
  }

  onEvent(event: PeerProcessEvent): void {
    this.#unread.onEvent(event)
    this.#progress.onEvent(event)
    // A notification can fail: the peer has ended, or no service shows it. The message itself is in the window.
    this.#notifications.onEvent(event).catch(() => undefined)
  }

  /** The person sees the window now. */
  clearNotifications(): void {
    this.#notifications.clear()
  }

  /** Shows the unread count and the chosen language. */
  refresh(): void {
    this.#setup.window()?.setTitle(this.title)
    this.#tray?.show(this.text, this.#unread.value)
    app.setBadgeCount(this.#unread.value)
  }

  /** The catalogue of the chosen language. */
  get text(): Catalogue {
    const { language } = this.#setup.preferences()
    return catalogueFor(language === 'system' ? app.getPreferredSystemLanguages() : [language])
  }
}
