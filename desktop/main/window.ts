/**
 * The one window: a sandboxed page that can neither leave, nor open another, nor be granted anything. Remembers where it
 * was. It knows nothing of what is shown.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { app, BrowserWindow, nativeTheme, screen, session } from 'electron'
import type { Rectangle, Session } from 'electron'
import { z } from 'zod'
import { pageUrl } from './page-protocol.ts'

const smallest = { width: 640, height: 480 }
const first = { width: 1100, height: 760 }
/** The page's own background, so that nothing flashes while it loads. */
const background = { light: '#ffffff', dark: '#16181d' }

const placeSchema = z.object({
  x: z.number().int(),
  y: z.number().int(),
  width: z.number().int(),
  height: z.number().int(),
})

export interface WindowSetup {
  preload: string
  icon: string
  /** Where the window's place is remembered. */
  placeFile: string
  title: string
  hidden: boolean
}

/** A session in memory: the page leaves nothing on the disk. */
export function windowSession(): Session {
  const own = session.fromPartition('quorum', { cache: false })
  own.setPermissionRequestHandler((_contents, _permission, answer) => answer(false))
  own.setPermissionCheckHandler(() => false)
  own.setDevicePermissionHandler(() => false)
  own.setSpellCheckerEnabled(false)
  own.on('will-download', (event) => event.preventDefault())
  return own
}

export function openWindow(setup: WindowSetup, own: Session): BrowserWindow {
  const window = new BrowserWindow({
    ...smallestOnScreen(),
    ...placeFrom(setup.placeFile),
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
      spellcheck: false,
      navigateOnDragDrop: false,
      enableWebSQL: false,
      devTools: !app.isPackaged,
    },
  })
  if (!setup.hidden) window.once('ready-to-show', () => window.show())
  window.on('close', () => rememberPlace(window, setup.placeFile))
  window.on('page-title-updated', (event) => event.preventDefault())
  void window.loadURL(pageUrl)
  return window
}

/** Holds for everything that could ever show a page in this process. */
export function confine(): void {
  app.on('web-contents-created', (_event, contents) => {
    contents.on('will-navigate', (event) => event.preventDefault())
    contents.on('will-redirect', (event) => event.preventDefault())
    contents.on('will-frame-navigate', (event) => event.preventDefault())
    contents.on('will-attach-webview', (event) => event.preventDefault())
    contents.setWindowOpenHandler(() => ({ action: 'deny' }))
  })
}

/** Brings the window up from wherever it is. */
export function bringForward(window: BrowserWindow): void {
  if (window.isMinimized()) window.restore()
  window.show()
  window.focus()
}

function smallestOnScreen(): { width: number; height: number; minWidth: number; minHeight: number } {
  const { width, height } = screen.getPrimaryDisplay().workAreaSize
  return {
    width: Math.min(first.width, width),
    height: Math.min(first.height, height),
    minWidth: Math.min(smallest.width, width),
    minHeight: Math.min(smallest.height, height),
  }
}

/** Where the window was, if that is still on a screen. */
function placeFrom(file: string): Rectangle | undefined {
  let kept: unknown
  try {
    kept = JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    // Not there at the first start: the middle of the screen does.
    return undefined
  }
  const parsed = placeSchema.safeParse(kept)
  if (!parsed.success) return undefined
  const place = parsed.data
  const { workArea } = screen.getDisplayMatching(place)
  const visible =
    place.x < workArea.x + workArea.width - 100 &&
    place.x + place.width > workArea.x + 100 &&
    place.y >= workArea.y - 10 &&
    place.y < workArea.y + workArea.height - 100
  return visible ? place : undefined
}

function rememberPlace(window: BrowserWindow, file: string): void {
  try {
    writeFileSync(file, JSON.stringify(window.getNormalBounds()), { mode: 0o600 })
  } catch {
    // A full disk, or a profile that was just erased: the window opens in the middle next time.
  }
}
