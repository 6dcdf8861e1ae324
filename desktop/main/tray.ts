/** The icon in the tray: shows whether something is unread. Its menu opens the window and quits Quorum. */
import { Menu, nativeImage, Tray } from 'electron'
import type { Catalogue } from '../text/catalogue.ts'

export interface TraySetup {
  /** Files of the icons, without and with unread messages. */
  icons: { read: string; unread: string }
  onOpen: () => void
  onQuit: () => void
}

export class TrayIcon {
  readonly #setup: TraySetup
  readonly #tray: Tray

  constructor(setup: TraySetup) {
    this.#setup = setup
    this.#tray = new Tray(nativeImage.createFromPath(setup.icons.read))
    this.#tray.on('click', setup.onOpen)
  }

  show(text: Catalogue, unread: number): void {
    const { icons, onOpen, onQuit } = this.#setup
    this.#tray.setImage(nativeImage.createFromPath(unread > 0 ? icons.unread : icons.read))
    this.#tray.setToolTip(unread > 0 ? `${text.appName}: ${text.unread(unread)}` : text.appName)
    this.#tray.setContextMenu(
      Menu.buildFromTemplate([
        ...(unread > 0 ? [{ label: text.unread(unread), enabled: false }] : []),
        { label: text.tray.open, click: onOpen },
        { type: 'separator' as const },
        { label: text.tray.quit, click: onQuit },
      ]),
    )
  }

  destroy(): void {
    this.#tray.destroy()
  }
}
