/**
 * From the app's folder and an Electron to a program: electron-builder puts them together, sets the fuses, and on macOS
 * and Windows makes what people install. On Linux it makes a folder only: its own packagers download their tools, and
 * deb.ts needs none.
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
 * What is burnt into the executable, so that nobody who can merely start Quorum makes it run something else: no plain
 * Node, no debugger, no other program than the one in the archive. macOS and Windows verify the archive itself.
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
  /** A folder for what is needed on the way. */
  work: string
  /** Where the program goes. */
  out: string
  /** An Electron executable. */
  electron: string
}

/** Makes the program. Returns the folder that it is in, on Linux. Errors: SetupError with what went wrong. */
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
  if (!ok) throw new SetupError(`electron-builder did not work:\n${output}`)
  rmSync(join(out, 'builder-debug.yml'), { force: true })
  const program = join(out, process.arch === 'x64' ? 'linux-unpacked' : `linux-${process.arch}-unpacked`)
  // The app that Electron has when it has none.
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
    // Two languages is what we speak; Chromium's own texts need no other.
    electronLanguages: ['en-US', 'de'],
    npmRebuild: false,
    asar: { smartUnpack: false },
    // Machine code is loaded from the disk; everything else stays in the archive, where it can be verified.
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

/** macOS keeps its executable deep inside of what is copied. */
function electronFolder(electron: string): string {
  return process.platform === 'darwin' ? join(dirname(electron), '..', '..', '..') : dirname(electron)
}

function versionOf(folder: string): string {
  const file = join(folder, 'version')
  if (!existsSync(file)) throw new SetupError(`This is no Electron as it is published: ${file} is missing`)
  return readFileSync(file, 'utf8').trim().replace(/^v/u, '')
}
