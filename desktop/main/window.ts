/**
 * The window: a sandboxed page that cannot navigate, open another window or get a permission. Its bounds are stored. It
 * does not know what the page shows.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { app, BrowserWindow, nativeTheme, screen, session } from 'electron'
import type { Rectangle, Session } from 'electron'
import { z } from 'zod'
import { givenUrl, pageUrl } from './page-protocol.ts'

/** In pixels. */
const minSize = { width: 640, height: 480 }
const initialSize = { width: 1100, height: 760 }
/** Milliseconds without a change after which the bounds are stored. */
const settledAfter = 500
/** The background of the page, so that the window does not flash while it loads. */
const background = { light: '#ffffff', dark: '#16181d' }

/**
 * The spelling checker of macOS works on this computer. On other systems Chromium has one of its own, for which it
 * downloads dictionaries from a server of Google, past the choices about privacy: that would tell where this computer
 * is, when Quorum runs and what language is written. There is no setting for it.
 */
const spelling = process.platform === 'darwin'

const boundsSchema = z.object({
  x: z.number().int(),
  y: z.number().int(),
  width: z.number().int(),
  height: z.number().int(),
})

export interface WindowSetup {
  preload: string
  icon: string
  /** The file that stores the window's bounds. */
  boundsFile: string
  title: string
  hidden: boolean
}

/** A session in memory: the page stores nothing on the disk. */
export function windowSession(): Session {
  const own = session.fromPartition('quorum', { cache: false })
  own.setPermissionRequestHandler((_contents, _permission, answer) => answer(false))
  own.setPermissionCheckHandler(() => false)
  own.setDevicePermissionHandler(() => false)
  own.on('will-download', (event) => event.preventDefault())
  return own
}

export function openWindow(setup: WindowSetup, own: Session): BrowserWindow {
  const window = new BrowserWindow({
    ...sizeOnScreen(),
    ...storedBounds(setup.boundsFile),
    show: false,
    title: setup.title,
    icon: setup.icon,
    autoHideMenuBar: true,
    backgroundColor: nativeTheme.shouldUseDarkColors ? background.dark : background.light,
    webPreferences: {
      session: own,
      preload: setup.preload,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webviewTag: false,
      spellcheck: spelling,
      navigateOnDragDrop: false,
      enableWebSQL: false,
      devTools: !app.isPackaged,
    },
  })
  if (!setup.hidden) window.once('ready-to-show', () => window.show())
  rememberBounds(window, setup.boundsFile)
  window.on('page-title-updated', (event) => event.preventDefault())
  void window.loadURL(pageUrl)
  return window
}

/**
 * Loads the page again in a new process; the old one ends, with everything in its memory. Chromium changes the process
 * because the page declares that it shares its process with no other origin (page-protocol.ts), and an empty page has
 * none. Errors: those of loading.
 */
export async function replacePage(window: BrowserWindow): Promise<void> {
  await window.loadURL('about:blank')
  await window.loadURL(pageUrl)
}

/**
 * Forbids navigation and new windows in every page of this process. A form with files begins a navigation, which ends
 * at its redirect (given-files.ts). No session checks the spelling, not even the default one, which no window uses.
 */
export function confine(): void {
  app.on('session-created', leaveSpelling)
  app.on('web-contents-created', (_event, contents) => {
    contents.on('will-navigate', refuse)
    contents.on('will-frame-navigate', refuse)
    contents.on('will-redirect', (event) => event.preventDefault())
    contents.on('will-attach-webview', (event) => event.preventDefault())
    contents.setWindowOpenHandler(() => ({ action: 'deny' }))
  })
}

/** A session that is switched off, but has a language, still fetches its dictionary at every start. */
function leaveSpelling(made: Session): void {
  made.setSpellCheckerEnabled(spelling)
  if (!spelling) made.setSpellCheckerLanguages([])
}

function refuse(event: { url: string; isMainFrame: boolean; preventDefault(): void }): void {
  if (!event.isMainFrame || !event.url.startsWith(givenUrl)) event.preventDefault()
}

/** Shows and focuses the window, also when it is hidden or minimized. */
export function bringForward(window: BrowserWindow): void {
  if (window.isMinimized()) window.restore()
  window.show()
  window.focus()
}

function sizeOnScreen(): { width: number; height: number; minWidth: number; minHeight: number } {
  const { width, height } = screen.getPrimaryDisplay().workAreaSize
  return {
    width: Math.min(initialSize.width, width),
    height: Math.min(initialSize.height, height),
    minWidth: Math.min(minSize.width, width),
    minHeight: Math.min(minSize.height, height),
  }
}

/** The stored bounds, if they are still on a screen. */
function storedBounds(file: string): Rectangle | undefined {
  let stored: unknown
  try {
    stored = JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    // The first start has no such file: Electron centres the window.
    return undefined
  }
  const parsed = boundsSchema.safeParse(stored)
  if (!parsed.success) return undefined
  const bounds = parsed.data
  const { workArea } = screen.getDisplayMatching(bounds)
  const visible =
    bounds.x < workArea.x + workArea.width - 100 &&
    bounds.x + bounds.width > workArea.x + 100 &&
    bounds.y >= workArea.y - 10 &&
    bounds.y < workArea.y + workArea.height - 100
  return visible ? bounds : undefined
}

/**
 * Stores the bounds soon after each change: a session that ends, or a process that is killed, asks nobody. What hides
 * or closes the window does not wait.
 */
function rememberBounds(window: BrowserWindow, file: string): void {
  let timer: NodeJS.Timeout | undefined
  const now = (): void => {
    if (timer === undefined) return
    clearTimeout(timer)
    timer = undefined
    storeBounds(window, file)
  }
  const soon = (): void => {
    clearTimeout(timer)
    timer = setTimeout(now, settledAfter)
  }
  window.on('move', soon)
  window.on('resize', soon)
  window.on('hide', now)
  window.on('close', now)
}

function storeBounds(window: BrowserWindow, file: string): void {
  try {
    writeFileSync(file, JSON.stringify(window.getNormalBounds()), { mode: 0o600 })
  } catch {
    // The disk is full, or the profile was just erased: the next window is centred.
  }
}
