/**
 * Where the window begins: one Quorum for each profile, the second only tells the first what it was opened with. What has
 * to be said to Electron before it is ready is said here; everything else is app.ts.
 */
import { app, Menu, protocol } from 'electron'
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { logCrashes, openLog } from '#program-log'
import { errorToData } from '#protocol'
import { DesktopApp } from './app.ts'
import { linkIn, ownWords, readCommandLine } from './options.ts'
import type { WindowOptions } from './options.ts'
import { scheme } from './page-protocol.ts'
import { confine } from './window.ts'

function begin(options: WindowOptions): void {
  mkdirSync(options.folder, { recursive: true, mode: 0o700 })
  app.setName('Quorum')
  // Whoever shares this folder is the same person: it is what the single instance goes by.
  app.setPath('userData', path.join(options.folder, 'window'))
  if (!app.requestSingleInstanceLock()) {
    app.exit(0)
    return
  }
  // Root cannot have Chromium's sandbox, and is told so by whoever started it with this switch.
  if (!app.commandLine.hasSwitch('no-sandbox')) app.enableSandbox()
  confine()
  protocol.registerSchemesAsPrivileged([{ scheme, privileges: { standard: true, secure: true } }])
  if (process.platform !== 'darwin') Menu.setApplicationMenu(null)
  // On Linux the package's desktop file says so, and which program opens a link is the person's choice.
  if (app.isPackaged && process.platform !== 'linux') app.setAsDefaultProtocolClient('quorum')

  // macOS may tell a link before there is a window.
  let link = options.link
  let running: DesktopApp | undefined
  const kept = openLog({
    folder: options.folder,
    file: 'window',
    program: 'the window',
    env: process.env,
    complain: (sentence) => void process.stderr.write(`quorum: ${sentence}\n`),
  })
  logCrashes(process, kept.log)
  const opened = (found: string | undefined): void => {
    if (running === undefined) link = found ?? link
    else running.open(found)
  }
  app.on('second-instance', (_event, argv) => opened(linkIn(argv)))
  app.on('open-url', (event, url) => {
    event.preventDefault()
    opened(linkIn([url]))
  })
  if (process.env['QUORUM_TETHER'] === 'stdin') {
    process.stdin.on('end', () => (running === undefined ? app.exit(0) : running.quit())).resume()
  }
  void app.whenReady().then(() => {
    running = new DesktopApp({ ...options, link }, kept)
    running.start()
  })
}

try {
  begin(readCommandLine(ownWords(process.argv, app.isPackaged), process.env, process.cwd()))
} catch (error) {
  process.stderr.write(`quorum: ${errorToData(error).message}\n`)
  app.exit(2)
}
