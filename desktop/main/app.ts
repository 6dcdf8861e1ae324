/**
 * The shell as a whole: the window, the peer's process, the node here and what the system shows, and who tells whom. Each
 * part is in its own file. It ends in order: the peer first gets the time to say good-bye.
 */
import { app, BrowserWindow, ipcMain, MessageChannelMain, nativeTheme, powerMonitor } from 'electron'
import type { IpcMainInvokeEvent } from 'electron'
import { userInfo } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import type { ProgramLog } from '#program-log'
import { errorToData, QuorumError, stillHolding, version } from '#protocol'
import type { PrivacyPatch } from '#protocol'
import { windowFile } from '#former-privacy'
import { catalogueFor } from '../text/catalogue.ts'
import type { Catalogue } from '../text/catalogue.ts'
import type { PeerProcessEvent, Preferences, MainEvent, StartInfo } from '../ipc/contract.ts'
import { serve } from '../ipc/rpc.ts'
import { Attention } from './unread-count.ts'
import { eraseProfile } from './erase.ts'
import { startAtLogin } from './login.ts'
import { NodeRunner } from './embedded-node.ts'
import { Notices } from './notifications.ts'
import type { WindowOptions } from './options.ts'
import { pageOrigin, servePage } from './page-protocol.ts'
import { PeerProcess, wireOf } from './peer-process.ts'
import type { ShellClient } from './peer-process.ts'
import { PictureFiles } from './image-files.ts'
import { PreferencesFile } from './preferences.ts'
import type { PreferencesPatch } from './preferences.ts'
import { ReportFile } from './report-file.ts'
import { shellCalls } from './main-calls.ts'
import { StagedFiles } from './staged-files.ts'
import { TaskBarProgress } from './task-bar.ts'
import { TrayIcon } from './tray.ts'
import { bringForward, openWindow, windowSession } from './window.ts'

const built = fileURLToPath(new URL(app.isPackaged ? '../window/' : '../../dist/desktop/', import.meta.url))
const icons = fileURLToPath(new URL('../icons/', import.meta.url))
/** Milliseconds between two looks at how long nobody touched the machine. */
const idleLook = 10_000
/** Files dropped at once. */
const droppedPaths = z.array(z.string().max(32_767)).max(2000)

export class DesktopApp {
  readonly #options: WindowOptions
  readonly #kept: ProgramLog
  readonly #report: ReportFile
  readonly #preferences: PreferencesFile
  readonly #files = new StagedFiles()
  readonly #pictures = new PictureFiles(async (transfer, file) => {
    const { path: place } = await this.#client().call('transferFile', { transfer, file })
    return place
  })
  readonly #progress = new TaskBarProgress((share) => this.#window?.setProgressBar(share))
  readonly #peer: PeerProcess
  readonly #node: NodeRunner
  readonly #notices: Notices
  readonly #attention: Attention
  #window: BrowserWindow | undefined
  #tray: TrayIcon | undefined
  /** Tells the window; does nothing while there is none. */
  #tell: (news: MainEvent) => void = () => undefined
  #link: string | undefined
  /** Privacy that was typed, and not chosen otherwise since: a peer that is started again keeps it. */
  #privacy: PrivacyPatch
  /** The folder for received files was chosen in this run: what was typed at its start is past. */
  #chosenNow = false
  #quitting = false

  /** `kept`: the window's log. */
  constructor(options: WindowOptions, kept: ProgramLog) {
    this.#options = options
    this.#kept = kept
    this.#report = new ReportFile(
      options.folder,
      () => this.#preferences.value,
      () => this.#client(),
    )
    this.#privacy = options.privacy
    this.#link = options.link
    this.#preferences = new PreferencesFile(path.join(options.folder, windowFile))
    this.#peer = new PeerProcess({
      log: kept.log,
      options: () => this.#peerOptions(),
      onNews: (news) => this.#heard(news),
      onState: (state) => {
        this.#tell({ event: 'peer-process', data: { state } })
        if (state === 'running') this.#sendPeerPort()
      },
    })
    this.#node = new NodeRunner({
      folder: options.folder,
      onChange: (data) => this.#tell({ event: 'embedded-node', data }),
      onReady: () => void this.#useOwnNode(),
    })
    this.#attention = new Attention({
      friends: () => this.#client().call('friends'),
      onChange: () => this.#showAttention(),
    })
    this.#notices = new Notices({
      text: () => this.#text(),
      kind: () => this.#preferences.value.notifications,
      watched: () => this.#window?.isFocused() === true,
      nameOf: async (peer) => {
        const friends = await this.#client().call('friends')
        return friends.find((friend) => friend.peer === peer)?.name ?? ''
      },
      onClick: (peer) => {
        this.open(undefined)
        this.#tell({ event: 'show', data: { peer } })
      },
      icon: path.join(icons, 'icon.png'),
    })
  }

  start(): void {
    this.#kept.log('info', 'the window opens')
    this.#peer.start()
    this.#node.resume()
    nativeTheme.themeSource = this.#preferences.value.theme
    const session = windowSession()
    servePage(session, path.join(built, 'renderer'), this.#pictures)
    ipcMain.handle('stage', (event, paths) => this.#stage(event, paths))
    const window = openWindow(
      {
        preload: path.join(built, 'preload.cjs'),
        icon: path.join(icons, 'icon.png'),
        placeFile: path.join(this.#options.folder, 'window', 'place.json'),
        title: this.#title(),
        hidden: this.#options.hidden,
      },
      session,
    )
    this.#window = window
    window.webContents.on('did-finish-load', () => this.#connectWindow())
    window.webContents.on('render-process-gone', (_event, { reason, exitCode }) => {
      this.#kept.log('error', `the page has died (${reason}), exit code ${exitCode}`)
      window.webContents.reload()
    })
    window.on('focus', () => this.#notices.clear())
    window.on('close', (event) => {
      if (this.#quitting || !this.#preferences.value.closeToTray || this.#tray === undefined) return
      event.preventDefault()
      window.hide()
    })
    app.on('child-process-gone', (_event, { type, reason, exitCode }) => {
      // The peer's own process is told by its exit.
      if (reason !== 'clean-exit')
        this.#kept.log('warn', `a process has died: ${type} (${reason}), exit code ${exitCode}`)
    })
    app.on('window-all-closed', () => this.quit())
    app.on('before-quit', (event) => {
      if (this.#quitting) return
      event.preventDefault()
      this.quit()
    })
    app.on('activate', () => this.open(undefined))
    this.#makeTray()
    powerMonitor.on('lock-screen', () => void this.#lock())
    setInterval(() => this.#lockIfIdle(), idleLook)
  }

  /** Brings the window up; a link is shown and asked about. */
  open(link: string | undefined): void {
    if (this.#window !== undefined) bringForward(this.#window)
    if (link !== undefined) this.#tell({ event: 'link', data: { link } })
  }

  quit(): void {
    if (this.#quitting) return
    this.#quitting = true
    void this.#end().finally(() => {
      this.#kept.log('info', 'the window ends')
      app.exit(0)
    })
  }

  // ---- the window and its ports

  #connectWindow(): void {
    const contents = this.#window?.webContents
    if (contents === undefined) return
    const { port1, port2 } = new MessageChannelMain()
    const handle = shellCalls({
      window: () => this.#shown(),
      peer: () => this.#client(),
      files: this.#files,
      start: () => this.#startInfo(),
      setPreferences: (patch) => this.#changePreferences(patch),
      downloads: () => this.#downloads(),
      setDownloads: (folder) => {
        this.#preferences.change({ downloads: folder })
        this.#chosenNow = true
      },
      report: this.#report,
      runNode: () => this.#node.run(),
      endNode: () => this.#endNode(),
      erase: () => this.#erase(),
      quit: () => this.quit(),
    })
    this.#tell = serve(wireOf(port1), { handle, describe: errorToData })
    contents.postMessage('port', 'main', [port2])
    this.#sendPeerPort()
  }

  #sendPeerPort(): void {
    const port = this.#peer.windowPort()
    if (port !== undefined) this.#window?.webContents.postMessage('port', 'peer', [port])
  }

  #stage(event: IpcMainInvokeEvent, given: unknown): Promise<unknown> {
    const ours = event.senderFrame?.origin === pageOrigin && event.senderFrame.parent === null
    const paths = droppedPaths.safeParse(given)
    if (!ours || !paths.success) throw new QuorumError('bad-request', 'Nothing was dropped')
    return this.#files.add(paths.data)
  }

  #shown(): BrowserWindow {
    if (this.#window === undefined) throw new QuorumError('cancelled', 'There is no window')
    return this.#window
  }

  #startInfo(): StartInfo {
    const { profile } = this.#options
    const link = this.#link
    this.#link = undefined
    return {
      version,
      ...(profile === 'default' ? {} : { profile: path.basename(profile) }),
      platform: process.platform,
      languages: app.getPreferredSystemLanguages(),
      user: userName(),
      preferences: this.#preferences.value,
      node: this.#node.view,
      ...(link === undefined ? {} : { link }),
      downloads: path.basename(this.#downloads()),
      tray: this.#tray !== undefined,
    }
  }

  // ---- the peer and the node

  #client(): ShellClient {
    const { client } = this.#peer
    if (client === undefined) throw new QuorumError('cancelled', 'The peer is being started')
    return client
  }

  #peerOptions(): object {
    const { folder, nodes, listen } = this.#options
    return { folder, downloads: this.#downloads(), nodes, listen, privacy: this.#privacy }
  }

  #downloads(): string {
    const { typed, usual } = this.#options.downloads
    return (this.#chosenNow ? undefined : typed) ?? this.#preferences.downloads ?? usual
  }

  #heard(news: PeerProcessEvent): void {
    this.#attention.heard(news)
    this.#progress.heard(news)
    // A notification that fails (no name to be had, no service to show it) is not worth more than its loss.
    this.#notices.heard(news).catch(() => undefined)
    if (news.event === 'privacy-changed') this.#privacy = stillHolding(this.#privacy, news.data)
    if (news.event === 'status' && news.data.state === 'open') {
      this.#preferences.privacyTakenOver()
      void this.#useOwnNode()
    }
  }

  /** The addresses of the node here come and go with the networks of this machine. */
  async #useOwnNode(): Promise<void> {
    try {
      for (const address of this.#node.view.addresses) await this.#client().call('addNode', { address })
    } catch {
      // Locked, or not started yet: told again when the profile opens.
    }
  }

  async #endNode(): Promise<StartInfo['node']> {
    const { peer } = this.#node.view
    await this.#node.end()
    const { nodes } = await this.#client().call('self')
    for (const node of nodes.filter((one) => one.peer === peer)) {
      await this.#client().call('removeNode', { address: node.address })
    }
    return this.#node.view
  }

  // ---- what a person chose

  #changePreferences(patch: PreferencesPatch): Preferences {
    const before = this.#preferences.value
    const now = this.#preferences.change(patch)
    nativeTheme.themeSource = now.theme
    if (now.startAtLogin !== before.startAtLogin) {
      this.#startAtLogin(now.startAtLogin)
    }
    this.#showAttention()
    return now
  }

  #startAtLogin(on: boolean): void {
    const { profile, folder } = this.#options
    startAtLogin(on, path.basename(profile) === profile ? profile : folder, path.join(icons, 'icon.png'))
  }

  #text(): Catalogue {
    const { language } = this.#preferences.value
    return catalogueFor(language === 'system' ? app.getPreferredSystemLanguages() : [language])
  }

  #title(): string {
    const { profile } = this.#options
    const name = profile === 'default' ? 'Quorum' : `Quorum – ${path.basename(profile)}`
    return this.#attention.unread > 0 ? `(${this.#attention.unread}) ${name}` : name
  }

  #makeTray(): void {
    try {
      this.#tray = new TrayIcon({
        icons: { calm: path.join(icons, 'tray.png'), unread: path.join(icons, 'tray-unread.png') },
        onOpen: () => this.open(undefined),
        onQuit: () => this.quit(),
      })
    } catch {
      // A system without a tray: then closing the window ends Quorum.
      return
    }
    this.#showAttention()
  }

  #showAttention(): void {
    this.#window?.setTitle(this.#title())
    this.#tray?.show(this.#text(), this.#attention.unread)
    app.setBadgeCount(this.#attention.unread)
  }

  // ---- locking and ending

  #lockIfIdle(): void {
    const { lockAfter } = this.#preferences.value
    if (lockAfter > 0 && powerMonitor.getSystemIdleTime() >= lockAfter * 60) void this.#lock()
  }

  /** Where no passphrase guards the profile there is nothing to lock. */
  async #lock(): Promise<void> {
    if (this.#preferences.value.lockAfter === 0) return
    await this.#peer.client?.call('lock').catch(() => undefined)
  }

  async #end(): Promise<void> {
    this.#attention.stop()
    this.#tray?.destroy()
    this.#window?.hide()
    await Promise.all([this.#peer.stop(), this.#node.stop()])
  }

  async #erase(): Promise<void> {
    this.#quitting = true
    await this.#end()
    if (this.#preferences.value.startAtLogin) this.#startAtLogin(false)
    this.#kept.close()
    eraseProfile(this.#options.folder)
    app.exit(0)
  }
}

/** The name of the system's user, if it has one. */
function userName(): string {
  try {
    return userInfo().username
  } catch {
    // A container may run under a user that has no entry.
    return ''
  }
}
