/**
 * Makes a program from the app's folder and an Electron: electron-builder combines them, sets the fuses, and on macOS
 * and Windows makes the installer. On Linux it makes only a folder, because its packagers for Linux download their
 * tools; deb.ts needs none.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Configuration } from 'electron-builder'
import { execute, root } from '../checks.ts'
import { SetupError } from '../../install.mjs'
import type { Staged } from './stage.ts'

const builder = createRequire(import.meta.url).resolve('electron-builder/cli.js')

/**
 * Settings in the executable. A process that can only start Quorum must not make it run other code: not as plain Node,
 * not under a debugger, and not from outside the archive. macOS and Windows also verify the archive itself.
 */
const fuses: NonNullable<Configuration['electronFuses']> = {
  runAsNode: false,
  enableNodeOptionsEnvironmentVariable: false,
  enableNodeCliInspectArguments: false,
  enableCookieEncryption: true,
  onlyLoadAppFromAsar: true,
  enableEmbeddedAsarIntegrityValidation: process.platform !== 'linux',
  loadBrowserProcessSpecificV8Snapshot: false,
  grantFileProtocolExtraPrivileges: false,
}

export interface PackSetup {
  /** A folder for temporary files. */
  work: string
  /** The folder in which the program is made. */
  out: string
  /** The path of an Electron executable. */
  electron: string
}

/** Makes the program. Returns its folder on Linux. Errors: SetupError with the output of electron-builder. */
export async function pack(staged: Staged, { work, out, electron }: PackSetup): Promise<string> {
  const file = join(work, 'electron-builder.json')
  writeFileSync(file, JSON.stringify(configuration(staged, out, electron)))
  const { ok, output } = await execute(process.execPath, [
    builder,
    '--config',
    file,
    '--projectDir',
    work,
    '--publish',
    'never',
    ...(process.platform === 'linux' ? ['--dir'] : []),
  ])
  if (!ok) throw new SetupError(`electron-builder failed:\n${output}`)
  rmSync(join(out, 'builder-debug.yml'), { force: true })
  const program = join(out, process.arch === 'x64' ? 'linux-unpacked' : `linux-${process.arch}-unpacked`)
  // The app that Electron runs if it finds no other.
  rmSync(join(program, 'resources', 'default_app.asar'), { force: true })
  return program
}

function configuration({ app, licences }: Staged, out: string, electron: string): Configuration {
  const dist = electronFolder(electron)
  return {
    appId: 'org.quorum.desktop',
    directories: { app, output: out, buildResources: join(root, 'desktop', 'icons') },
    electronDist: dist,
    electronVersion: versionOf(dist),
    // Quorum has these two languages, so Chromium's own texts need no others.
    electronLanguages: ['en-US', 'de'],
    npmRebuild: false,
    asar: { smartUnpack: false },
    // The system loads native modules from the disk. All other files stay in the archive, where they can be verified.
    asarUnpack: ['**/*.node'],
    extraFiles: [
      { from: licences, to: 'THIRD-PARTY.txt' },
      { from: join(root, 'LICENSE'), to: 'LICENSE.txt' },
    ],
    protocols: [{ name: 'Quorum', schemes: ['quorum'] }],
    electronFuses: fuses,
    linux: { executableName: 'quorum', category: 'Network' },
    mac: {
      target: ['dmg', 'zip'],
      category: 'public.app-category.social-networking',
      hardenedRuntime: true,
      entitlements: join(import.meta.dirname, 'entitlements.plist'),
      entitlementsInherit: join(import.meta.dirname, 'entitlements.plist'),
      extendInfo: { NSLocalNetworkUsageDescription: 'Friends in the same network are reached directly.' },
    },
    win: { target: ['nsis'], executableName: 'Quorum' },
    nsis: { oneClick: true, perMachine: false, deleteAppDataOnUninstall: false },
  }
}

/** The folder to copy. On macOS the executable is three folders below it. */
function electronFolder(electron: string): string {
  return process.platform === 'darwin' ? join(dirname(electron), '..', '..', '..') : dirname(electron)
}

function versionOf(folder: string): string {
  const file = join(folder, 'version')
  if (!existsSync(file)) throw new SetupError(`This is not a complete Electron: ${file} is missing`)
  return readFileSync(file, 'utf8').trim().replace(/^v/u, '')
}
