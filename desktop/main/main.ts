/**
 * The entry of Electron's main process. Only one instance runs for each profile; a second one passes its link to the
 * first and exits. Configures what Electron accepts only before it is ready; everything else is in app.ts.
 */
import { app, Menu, protocol } from 'electron'
import path from 'node:path'
import { logCrashes, openLog } from '#program-log'
import { errorToData, makeFolderSync } from '#protocol'
import { DesktopApp } from './app.ts'
import { linkIn, ownWords, readCommandLine } from './options.ts'
import type { WindowOptions } from './options.ts'
import { scheme } from './page-protocol.ts'
import { confine } from './window.ts'

function begin(options: WindowOptions): void {
  makeFolderSync(options.folder, 0o700)
  app.setName('Quorum')
  // Electron's single-instance lock is bound to this folder, so it is one lock for each profile.
  app.setPath('userData', path.join(options.folder, 'window'))
  if (!app.requestSingleInstanceLock()) {
    app.exit(0)
    return
  }
  // Chromium's sandbox does not work for root; the program that starts Quorum as root adds this switch and says so.
  if (!app.commandLine.hasSwitch('no-sandbox')) app.enableSandbox()
  confine()
  protocol.registerSchemesAsPrivileged([{ scheme, privileges: { standard: true, secure: true } }])
  if (process.platform !== 'darwin') Menu.setApplicationMenu(null)
  // On Linux the package's desktop file declares the links, and the person chooses which program opens them.
  if (app.isPackaged && process.platform !== 'linux') app.setAsDefaultProtocolClient('quorum')

  // macOS may pass a link before there is a window.
  let link = options.link
  let running: DesktopApp | undefined
  const programLog = openLog({
    folder: options.folder,
    file: 'window',
    program: 'the window',
    env: process.env,
    complain: (sentence) => void process.stderr.write(`quorum: ${sentence}\n`),
  })
  logCrashes(process, programLog.log)
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
    running = new DesktopApp({ ...options, link }, programLog)
    running.start()
  })
}

try {
  begin(readCommandLine(ownWords(process.argv, app.isPackaged), process.env, process.cwd()))
} catch (error) {
  process.stderr.write(`quorum: ${errorToData(error).message}\n`)
  app.exit(2)
}
