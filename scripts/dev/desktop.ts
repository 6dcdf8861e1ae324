/**
 * Opens the window from a checkout: provides Electron and the system libraries that it needs, builds the page if its
 * sources have changed, and runs Electron on desktop/main with the arguments of the command line. Exits with Electron's
 * exit code.
 */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { root } from './checks.ts'
import { electronArguments } from '../electron.mjs'
import { SetupError } from '../install.mjs'
import { provideWindow } from './provide-window.ts'

try {
  const electron = await provideWindow()
  const { ELECTRON_RUN_AS_NODE: _asNode, ...env } = process.env
  const args = [...electronArguments(), join(root, 'desktop', 'main', 'main.ts'), ...process.argv.slice(2)]
  if (electronArguments().length > 0) {
    process.stderr.write('Quorum runs as root: Chromium’s sandbox is off. Better start it as another user.\n')
  }
  // Electron's standard input closes when this process ends, even if it is killed. Then the window closes too.
  const child = spawn(electron, args, {
    env: { ...env, QUORUM_TETHER: 'stdin' },
    stdio: ['pipe', 'inherit', 'inherit'],
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal))
  child.once('error', (error) => fail(`Electron could not be started: ${error.message}`))
  child.once('exit', (code, signal) => {
    process.exitCode = code ?? (signal === null ? 1 : 0)
  })
} catch (error) {
  if (!(error instanceof SetupError)) throw error
  fail(error.message)
}

function fail(message: string): void {
  process.stderr.write(`${message}\n`)
  process.exitCode = 1
}
