/**
 * The main process as a whole: creates its parts (each in a file of its own), connects them, and ends them in order.
 * The peer gets time to close its connections before the process exits.
 */
import { app, dialog, nativeTheme, powerMonitor } from 'electron'
import type { BrowserWindow, WebContents } from 'electron'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ProgramLog } from '#program-log'
import { limits, QuorumError, stillHolding, toError, version } from '#protocol'
import type { PrivacyPatch } from '#protocol'
import { windowFile } from '#former-privacy'
import type { EmbeddedNodeStatus, PeerProcessEvent, Preferences, StartInfo } from '../ipc/contract.ts'
import { EmbeddedNodeProcess } from './embedded-node.ts'
import { erasePeer, eraseProfile, leftBehind } from './erase.ts'
import { GivenFiles } from './given-files.ts'
import { ImageFiles } from './image-files.ts'
import { startAtLogin } from './login.ts'
import { mainCalls } from './main-calls.ts'
import type { WindowOptions } from './options.ts'
import { pageUrl, servePage } from './page-protocol.ts'
import { isOver, PastedPictures, stamp } from './pasted-pictures.ts'
import { PeerProcess } from './peer-process.ts'
import type { PeerClient } from './peer-process.ts'
import { PreferencesFile } from './preferences.ts'
import type { PreferencesPatch } from './preferences.ts'
import { Questions } from './questions.ts'
import { ReportFile } from './report-file.ts'
import { StagedFiles } from './staged-files.ts'
import { SystemIndicators } from './system-indicators.ts'
import { addTextMenu } from './text-menu.ts'
import { underWay } from './under-way.ts'
import { WindowPorts } from './window-ports.ts'
import { userName } from './user-name.ts'
import { bringForward, openWindow, replacePage, windowSession } from './window.ts'

const built = fileURLToPath(new URL(app.isPackaged ? '../window/' : '../../dist/desktop/', import.meta.url))
const icons = fileURLToPath(new URL('../icons/', import.meta.url))
/** Milliseconds between two checks of how long the machine has been idle. */
const idleCheckInterval = 10_000

export class DesktopApp {
  readonly #options: WindowOptions
  readonly #programLog: ProgramLog
  readonly #preferences: PreferencesFile
  readonly #files = new StagedFiles()
  readonly #given = new GivenFiles()
  readonly #questions: Questions
  readonly #pasted: PastedPictures
  readonly #images = new ImageFiles({
    pathOf: (transfer, file) => this.#pathOf(transfer, file),
    stagedPath: (id) => this.#files.pathOf(id),
  })
  readonly #peer: PeerProcess
  readonly #node: EmbeddedNodeProcess
  readonly #ports: WindowPorts
  readonly #indicators: SystemIndicators
  #window: BrowserWindow | undefined
  #link: string | undefined
  /**
   * The privacy flags of this run, without those changed since. They still apply after the peer process was restarted.
   */
  #runPrivacy: PrivacyPatch
  /** The person has chosen a folder for received files in this run, so the option `--downloads` no longer applies. */
  #downloadsChosen = false
  #quitting = false

  constructor(options: WindowOptions, programLog: ProgramLog) {
    this.#options = options
    this.#programLog = programLog
    this.#runPrivacy = options.privacy
    this.#link = options.link
    this.#preferences = new PreferencesFile(path.join(options.folder, windowFile))
    this.#peer = new PeerProcess({
      log: programLog.log,
      options: () => this.#peerOptions(),
      onEvent: (event) => this.#onPeerEvent(event),
      onState: (state) => {
        // A process that was replaced is no news: the profile was closed, and that was shown.
        if (state !== 'replaced') this.#ports.send({ event: 'peer-process', data: { state } })
        if (state !== 'ended') this.#ports.connectPeer()
      },
    })
    this.#questions = new Questions({ window: () => this.#window, text: () => this.#indicators.text })
    this.#node = new EmbeddedNodeProcess({
      folder: options.folder,
      onChange: (data) => this.#ports.send({ event: 'embedded-node', data }),
      onReady: () => void this.#addOwnNode(),
    })
    this.#pasted = new PastedPictures({
      profile: options.folder,
      nameOf: (time) => this.#indicators.text.composer.picture(stamp(time)),
      onNotRemoved: (error) => programLog.log('warn', 'a pasted picture could not be removed', error),
      transfers: async () => this.#peerClient().call('transfers', {}),
      filesAfter: async (transfer, after) =>
        this.#peerClient().call('transferFiles', { transfer, after, limit: limits.page }),
      pathOf: (transfer, file) => this.#pathOf(transfer, file),
    })
    this.#ports = new WindowPorts({
      contents: () => this.#pageContents(),
      peerPort: () => this.#peer.windowPort(),
      handle: this.#calls(),
      stage: async (form) => this.#files.add(await this.#given.take(form)),
      stagePicture: async (bytes) => {
        const file = this.#pasted.add(bytes)
        return file === undefined ? [] : this.#files.add([file])
      },
    })
    this.#indicators = new SystemIndicators({
      icons,
      profile: this.#profileName(),
      window: () => this.#window,
      preferences: () => this.#preferences.value,
      peer: () => this.#peerClient(),
      onOpen: () => this.open(undefined),
      onOpenConversation: (conversation) => {
        this.open(undefined)
        this.#ports.send({ event: 'show', data: { conversation } })
      },
      onQuit: () => this.quit(),
    })
  }

  start(): void {
    this.#programLog.log('info', 'the window opens')
    this.#peer.start()
    this.#node.resume()
    this.#openWindow()
    app.on('child-process-gone', (_event, { type, reason, exitCode }) => {
      // The exit of the peer process is logged by peer-process.ts.
      if (reason !== 'clean-exit')
        this.#programLog.log('warn', `a process has died: ${type} (${reason}), exit code ${exitCode}`)
    })
    app.on('window-all-closed', () => this.quit())
    app.on('before-quit', (event) => {
      if (this.#quitting) return
      event.preventDefault()
      this.quit()
    })
    app.on('activate', () => this.open(undefined))
    this.#indicators.start()
    powerMonitor.on('lock-screen', () => void this.#lock())
    powerMonitor.on('suspend', () => void this.#sleep())
    setInterval(() => this.#lockIfIdle(), idleCheckInterval)
  }

  /** Shows the window. The window asks the person about `link`; nothing else is done with it. */
  open(link: string | undefined): void {
    if (this.#window !== undefined) bringForward(this.#window)
    if (link !== undefined) this.#ports.send({ event: 'link', data: { link } })
  }

  quit(): void {
    if (this.#quitting) return
    this.#quitting = true
    void this.#stopParts().finally(() => {
      this.#programLog.log('info', 'the window ends')
      app.exit(0)
    })
  }

  // ---- the window

  #openWindow(): void {
    nativeTheme.themeSource = this.#preferences.value.theme
    const session = windowSession()
    servePage(session, path.join(built, 'renderer'), this.#images, (request) => this.#given.redirected(request))
    const window = openWindow(
      {
        preload: path.join(built, 'preload.cjs'),
        icon: path.join(icons, 'icon.png'),
        boundsFile: path.join(this.#options.folder, 'window', 'place.json'),
        title: this.#indicators.title,
        hidden: this.#options.hidden,
      },
      session,
    )
    this.#window = window
    addTextMenu(window, () => this.#indicators.text)
    window.webContents.on('will-redirect', ({ url, isMainFrame }) => {
      if (isMainFrame) this.#given.onRedirect(url)
    })
    window.webContents.on('did-finish-load', () => this.#ports.connect())
    window.webContents.on('render-process-gone', (_event, { reason, exitCode }) => {
      this.#programLog.log('error', `the page has died (${reason}), exit code ${exitCode}`)
      this.#questions.withdraw()
      window.webContents.reload()
    })
    window.on('focus', () => this.#indicators.clearNotifications())
    window.on('close', (event) => {
      if (this.#quitting) return
      event.preventDefault()
      if (this.#preferences.value.closeToTray && this.#indicators.inTray) window.hide()
      else void this.#close()
    })
  }

  /** Quits; while something is under way, only after the person was asked. */
  async #close(): Promise<void> {
    const stops = await underWay(this.#peer.client, this.#node.status)
    if (stops.length === 0) return this.quit()
    const { closing } = this.#indicators.text
    const tray = this.#indicators.inTray
    const chosen = await this.#questions.ask({
      message: closing.title,
      detail: [...stops.map((what) => closing[what]), ...(tray ? [closing.stayHint] : [])].join('\n\n'),
      actions: [...(tray ? [closing.stay] : []), closing.quit],
    })
    if (chosen === closing.quit) this.quit()
    if (chosen !== closing.stay) return
    this.#ports.send({ event: 'preferences', data: this.#changePreferences({ closeToTray: true }) })
    this.#window?.hide()
  }

  /** Undefined while there is no page, or the empty one that replaces a locked page for a moment. */
  #pageContents(): WebContents | undefined {
    const contents = this.#window?.webContents
    return contents?.getURL() === pageUrl ? contents : undefined
  }

  #calls(): (name: string, params: unknown) => Promise<unknown> {
    return mainCalls({
      window: () => {
        if (this.#window === undefined) throw new QuorumError('cancelled', 'There is no window')
        return this.#window
      },
      peer: () => this.#peerClient(),
      files: this.#files,
      pasted: this.#pasted,
      questions: this.#questions,
      text: () => this.#indicators.text,
      start: () => this.#startInfo(),
      preferences: () => this.#preferences.value,
      setPreferences: (patch) => this.#changePreferences(patch),
      downloads: () => this.#downloads(),
      setDownloads: (folder) => {
        this.#preferences.change({ downloads: folder })
        this.#downloadsChosen = true
      },
      report: new ReportFile(
        this.#options.folder,
        () => this.#preferences.value,
        () => this.#peerClient(),
      ),
      node: () => this.#node.status,
      runNode: () => this.#node.run(),
      endNode: () => this.#endNode(),
      erase: () => this.#erase(),
      quit: () => this.quit(),
    })
  }

  #startInfo(): StartInfo {
    const link = this.#link
    // Only the first page gets the link: a page that is loaded again does not ask a second time.
    this.#link = undefined
    const profile = this.#profileName()
    return {
      version,
      ...(profile === undefined ? {} : { profile }),
      platform: process.platform,
      languages: app.getPreferredSystemLanguages(),
      user: userName(),
      preferences: this.#preferences.value,
      node: this.#node.status,
      ...(link === undefined ? {} : { link }),
      downloads: path.basename(this.#downloads()),
      tray: this.#indicators.inTray,
    }
  }

  /** Undefined for the default profile. */
  #profileName(): string | undefined {
    const { profile } = this.#options
    return profile === 'default' ? undefined : path.basename(profile)
  }

  // ---- the peer and the embedded node

  /** Errors: `cancelled` while the peer process does not run. */
  #peerClient(): PeerClient {
    const { client } = this.#peer
    if (client === undefined) throw new QuorumError('cancelled', 'The peer is being started')
    return client
  }

  async #pathOf(transfer: string, file: number): Promise<string> {
    const { path: found } = await this.#peerClient().call('transferFile', { transfer, file })
    return found
  }

  #peerOptions(): object {
    const { folder, nodes, listen } = this.#options
    return { folder, downloads: this.#downloads(), nodes, listen, privacy: this.#runPrivacy }
  }

  /** The folder for received files: the one chosen in this run, else the typed one, the stored one, the default one. */
  #downloads(): string {
    const { downloads } = this.#options
    return (this.#downloadsChosen ? undefined : downloads.typed) ?? this.#preferences.downloads ?? downloads.default
  }

  #onPeerEvent(event: PeerProcessEvent): void {
    this.#indicators.onEvent(event)
    if (event.event === 'privacy-changed') this.#runPrivacy = stillHolding(this.#runPrivacy, event.data)
    if (event.event === 'status' && event.data.state === 'ending') this.#replacePage()
    if (event.event === 'status' && event.data.state === 'open') {
      this.#preferences.privacyTakenOver()
      if (!event.data.guarded) this.#preferences.withoutPassphrase()
      void this.#addOwnNode()
      void this.#pasted.sweep()
    }
    if (event.event === 'transfer-changed' && isOver(event.data)) void this.#pasted.sweep()
  }

  /** Adds the embedded node to the peer at every start, because its addresses change with the machine's networks. */
  async #addOwnNode(): Promise<void> {
    try {
      for (const address of this.#node.status.addresses) await this.#peerClient().call('addNode', { address })
    } catch {
      // The profile is locked or not open yet. This method runs again when it opens.
    }
  }

  async #endNode(): Promise<EmbeddedNodeStatus> {
    const { peer } = this.#node.status
    await this.#node.end()
    const { nodes } = await this.#peerClient().call('self')
    for (const node of nodes.filter((one) => one.peer === peer)) {
      await this.#peerClient().call('removeNode', { address: node.address })
    }
    return this.#node.status
  }

  // ---- preferences

  #changePreferences(patch: PreferencesPatch): Preferences {
    const before = this.#preferences.value
    const now = this.#preferences.change(patch)
    nativeTheme.themeSource = now.theme
    if (now.startAtLogin !== before.startAtLogin) this.#startAtLogin(now.startAtLogin)
    this.#indicators.refresh()
    return now
  }

  #startAtLogin(on: boolean): void {
    const { profile, folder } = this.#options
    startAtLogin(on, path.basename(profile) === profile ? profile : folder, path.join(icons, 'icon.png'))
  }

  // ---- locking and ending

  #lockIfIdle(): void {
    const { lockAfter } = this.#preferences.value
    if (lockAfter > 0 && powerMonitor.getSystemIdleTime() >= lockAfter * 60) void this.#lock()
  }

  /** What was just written would wait until the machine wakes up. */
  async #sleep(): Promise<void> {
    await this.#peer.client?.call('leaveMessages').catch(() => undefined)
    await this.#lock()
  }

  /** Does nothing if the person chose never to lock by itself. A profile without a passphrase refuses the call. */
  async #lock(): Promise<void> {
    if (this.#preferences.value.lockAfter === 0) return
    await this.#peer.client?.call('lock').catch(() => undefined)
  }

  /** The page has shown texts, and the passphrase was typed there: its process ends as well. */
  #replacePage(): void {
    if (this.#window === undefined) return
    // A question may show what the lock hides.
    this.#questions.withdraw()
    replacePage(this.#window).catch((error: unknown) => {
      if (!this.#quitting) this.#programLog.log('error', 'the page could not be replaced', toError(error))
    })
  }

  async #stopParts(): Promise<void> {
    this.#pasted.discard(this.#files.drop())
    this.#indicators.stop()
    this.#window?.hide()
    await Promise.all([this.#peer.stop(), this.#node.stop()])
  }

  async #erase(): Promise<void> {
    this.#quitting = true
    this.#window?.hide()
    const left = await erasePeer(this.#peer.client)
    await this.#stopParts()
    if (this.#preferences.value.startAtLogin) this.#startAtLogin(false)
    this.#programLog.close()
    eraseProfile(this.#options.folder)
    const { text } = this.#indicators
    const detail = leftBehind(left, text)
    if (detail !== undefined) await dialog.showMessageBox({ type: 'warning', message: text.erased.title, detail })
    app.exit(0)
  }
}
