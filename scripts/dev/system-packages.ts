/**
 * The packages of the operating system that Quorum's window and some tests need. On Debian and its derivatives, as
 * root, missing packages are installed, with a message. Elsewhere nothing is installed: each test reports what is
 * missing, and the window shows the command that installs it.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, globSync } from 'node:fs'
import { userInfo } from 'node:os'
import { delimiter, join } from 'node:path'

/** For each kind of test: the package, and the program or file that shows that it is installed. */
const needed = [
  { kind: 'integration', name: 'python3', present: () => onPath('python3') },
  { kind: 'lab', name: 'nftables', present: () => onPath('nft') },
  { kind: 'lab', name: 'iproute2', present: () => onPath('ip') },
  { kind: 'lab', name: 'miniupnpd-nftables', present: () => onPath('miniupnpd') },
  { kind: 'e2e', name: 'xvfb', present: () => onPath('Xvfb') },
  { kind: 'e2e', name: 'xauth', present: () => onPath('xauth') },
  { kind: 'e2e', name: 'fonts-dejavu-core', present: () => font('DejaVuSans.ttf') },
  { kind: 'e2e', name: 'fonts-noto-color-emoji', present: () => font('NotoColorEmoji.ttf') },
]

/** The libraries that Electron loads, and the Debian package of each. */
const libraries: readonly (readonly [file: string, name: string])[] = [
  ['libgtk-3.so.0', 'libgtk-3-0'],
  ['libnss3.so', 'libnss3'],
  ['libnspr4.so', 'libnspr4'],
  ['libatk-1.0.so.0', 'libatk1.0-0'],
  ['libatk-bridge-2.0.so.0', 'libatk-bridge2.0-0'],
  ['libatspi.so.0', 'libatspi2.0-0'],
  ['libcups.so.2', 'libcups2'],
  ['libdbus-1.so.3', 'libdbus-1-3'],
  ['libcairo.so.2', 'libcairo2'],
  ['libpango-1.0.so.0', 'libpango-1.0-0'],
  ['libglib-2.0.so.0', 'libglib2.0-0'],
  ['libX11.so.6', 'libx11-6'],
  ['libxcb.so.1', 'libxcb1'],
  ['libXcomposite.so.1', 'libxcomposite1'],
  ['libXdamage.so.1', 'libxdamage1'],
  ['libXext.so.6', 'libxext6'],
  ['libXfixes.so.3', 'libxfixes3'],
  ['libXrandr.so.2', 'libxrandr2'],
  ['libxkbcommon.so.0', 'libxkbcommon0'],
  ['libgbm.so.1', 'libgbm1'],
  ['libexpat.so.1', 'libexpat1'],
  ['libudev.so.1', 'libudev1'],
  ['libasound.so.2', 'libasound2'],
]

/** The Debian packages of all libraries that Electron loads when it starts. */
export const libraryPackages = libraries.map(([, name]) => name)

/** Installs the packages that these kinds of test need and lack. Writes to standard error only. */
export function provideFor(kinds: readonly string[]): void {
  const withImplied = kinds.includes('screenshots') ? [...kinds, 'e2e'] : kinds
  const missing = needed.filter(({ kind, present }) => withImplied.includes(kind) && !present())
  const names = missing.map(({ name }) => name)
  if (names.length === 0 || !mayInstall()) return
  install(names, `for the tests of kind ${[...new Set(missing.map(({ kind }) => kind))].join()}`)
}

/**
 * Installs the libraries that this Electron lacks. Returns undefined if Electron can start then; otherwise a sentence
 * that names the missing libraries and the command that installs them.
 */
export function provideLibraries(electron: string): string | undefined {
  if (process.platform !== 'linux') return undefined
  let missing = lacking(electron)
  if (missing.length > 0 && mayInstall()) {
    install(packagesOf(missing), 'for the window')
    missing = lacking(electron)
  }
  if (missing.length === 0) return undefined
  const command = `sudo apt-get install ${packagesOf(missing).join(' ')}`
  return (
    `The window cannot open: this system lacks ${missing.join(', ')}. On Debian and Ubuntu, type: ${command}\n` +
    'Without a window: npm start -- --terminal'
  )
}

/** The shared libraries that the dynamic linker does not find for this program. */
function lacking(program: string): string[] {
  const { stdout } = spawnSync('ldd', [program], { encoding: 'utf8' })
  return [...(stdout ?? '').matchAll(/^\s*(\S+) => not found$/gmu)].map(([, file = '']) => file)
}

function packagesOf(files: readonly string[]): string[] {
  return files.map((file) => libraries.find(([known]) => known === file)?.[1] ?? file)
}

function mayInstall(): boolean {
  return process.platform === 'linux' && userInfo().uid === 0 && onPath('apt-get')
}

function install(names: readonly string[], why: string): void {
  say(`Installing ${names.join(', ')}, ${why}.`)
  const args = ['install', '--yes', '--quiet', '--no-install-recommends', ...names]
  // A fresh machine may have no package lists yet.
  if (!aptGet(args) && !(aptGet(['update', '--quiet']) && aptGet(args))) say('The packages could not be installed.')
}

function aptGet(args: string[]): boolean {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  return spawnSync('apt-get', args, { stdio: ['ignore', 2, 2], env }).status === 0
}

/** Whether a program of this name is on PATH. */
export function onPath(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)))
}

function font(file: string): boolean {
  return globSync(`/usr/share/fonts/**/${file}`).length > 0
}

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}
