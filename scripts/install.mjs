/**
 * Makes a checkout runnable: installs what package-lock.json names when node_modules lacks it, and nothing otherwise.
 * Plain JavaScript for any Node >= 20, without dependencies, because it runs before there are any. Refuses to run two
 * installations into each other, and to run anything's install script. Speaks on stderr only: stdout belongs to the
 * program that starts afterwards.
 */
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** The holder of the lock shows once in `beat` that it lives; one that was silent for `silence` is gone. Milliseconds. */
const beat = 1000
const silence = 15_000
const poll = 250

/**
 * Installs the dependencies of the checkout at `root` if they are missing or differ from its lockfile.
 * `tools`: development tools are needed too; without it a production installation is enough.
 * Errors: SetupError.
 * @param {string} root @param {{ tools: boolean }} options
 */
export async function install(root, { tools }) {
  if (!existsSync(join(root, 'package-lock.json')) || installed(root, tools)) return
  const release = await lock(join(root, '.installing'))
  try {
    if (!installed(root, tools)) await npmCi(root, release.lock)
  } finally {
    release()
  }
}

/**
 * Whether node_modules holds what the lockfile names. Compares npm's own note of what it put there, which it writes
 * last: an installation that was cut off has none. Optional packages may be absent, since they are for other machines.
 * @param {string} root @param {boolean} tools
 */
export function installed(root, tools) {
  const note = join(root, 'node_modules', '.package-lock.json')
  if (!existsSync(note)) return false
  const there = packagesOf(note)
  return Object.entries(packagesOf(join(root, 'package-lock.json'))).every(([path, wanted]) => {
    const found = there[path]
    if (path === '' || found?.version === wanted.version) return true
    return found === undefined && Boolean(wanted.optional || wanted.devOptional || (wanted.dev && !tools))
  })
}

/** What keeps Quorum from starting, in one sentence for a person; `signal` when it was asked to stop. */
export class SetupError extends Error {
  /** @type {NodeJS.Signals | undefined} */
  signal
}

/** @typedef {{ version?: string, optional?: boolean, devOptional?: boolean, dev?: boolean }} Locked */

/** @param {string} file @returns {Record<string, Locked>} */
function packagesOf(file) {
  const lockfile = /** @type {{ packages?: Record<string, Locked> }} */ (JSON.parse(readFileSync(file, 'utf8')))
  return lockfile.packages ?? {}
}

/** @param {string} root @param {string} lockFile */
async function npmCi(root, lockFile) {
  const began = Date.now()
  say('Installing what Quorum needs, once. This takes a minute or so.')
  // npm must not run on the Node that it is about to replace.
  const path = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => folder !== join(root, 'node_modules', '.bin'))
  const child = spawn('npm', ['ci', '--ignore-scripts', '--include=dev', '--include=optional', '--loglevel=error'], {
    cwd: root,
    env: { ...process.env, PATH: path.join(delimiter) },
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  })
  /** @type {NodeJS.Signals | undefined} */
  let asked
  /** @param {NodeJS.Signals} signal */
  const stop = (signal) => {
    asked = signal
    child.kill(signal)
  }
  for (const signal of signals) process.on(signal, stop)
  // The lock names npm as well, which goes on when this process is killed.
  if (child.pid !== undefined) writeFileSync(lockFile, `${process.pid} ${child.pid}`)
  const alive = setInterval(() => utimesSync(lockFile, new Date(), new Date()), beat)
  try {
    await new Promise((resolve, reject) => {
      child.once('error', (cause) => reject(new SetupError(`npm could not be started: ${cause.message}`, { cause })))
      child.once('close', (code, signal) => (code === 0 ? resolve(code) : reject(failed(code, asked ?? signal))))
    })
  } finally {
    clearInterval(alive)
    for (const signal of signals) process.off(signal, stop)
  }
  say(`Installed in ${Math.round((Date.now() - began) / 1000)} s.`)
}

/** @type {NodeJS.Signals[]} */
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']

/** @param {number | null} code @param {NodeJS.Signals | null} signal */
function failed(code, signal) {
  if (signal === null)
    return new SetupError(`npm could not install (${code}; its reason is above). Try: npm ci --ignore-scripts`)
  const error = new SetupError('The installation was stopped.')
  error.signal = signal
  return error
}

/**
 * Takes the lock file, waiting for whoever has it. A holder that was killed is noticed: its processes are gone, or it
 * stopped touching the file. The wait is measured here, so a changed clock or a machine that slept deceives nobody.
 * @param {string} file
 */
async function lock(file) {
  let seen = ''
  let since = performance.now()
  let told = false
  while (!claim(file)) {
    const holder = look(file)
    if (holder === undefined) continue
    if (holder.state !== seen) {
      seen = holder.state
      since = performance.now()
    }
    if (!holder.pids.some(runs) || performance.now() - since > silence) {
      takeAway(file, holder.text)
      continue
    }
    if (!told) say('Another Quorum is installing; waiting for it.')
    told = true
    await sleep(poll)
  }
  const release = () => rmSync(file, { force: true })
  release.lock = file
  return release
}

/** @param {string} file */
function claim(file) {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' })
    return true
  } catch (err) {
    if (codeOf(err) === 'EEXIST') return false
    throw new SetupError(`Quorum must be installed first, and its folder cannot be written: ${file}`, { cause: err })
  }
}

/** @param {string} file */
function look(file) {
  try {
    const text = readFileSync(file, 'utf8')
    // An empty file is one that is being written.
    const pids = text === '' ? [process.pid] : text.split(' ').map(Number)
    return { text, pids, state: `${text} ${statSync(file).mtimeMs}` }
  } catch (err) {
    if (codeOf(err) === 'ENOENT') return undefined
    throw err
  }
}

/**
 * Removes a dead holder's file. Of several that try, one gets it; and if a new holder came first, it gets it back.
 * @param {string} file @param {string} text
 */
function takeAway(file, text) {
  const aside = `${file}.${process.pid}`
  try {
    renameSync(file, aside)
  } catch (err) {
    if (codeOf(err) === 'ENOENT') return
    throw err
  }
  if (readFileSync(aside, 'utf8') === text) rmSync(aside)
  else renameSync(aside, file)
}

/** @param {number} pid */
function runs(pid) {
  try {
    return process.kill(pid, 0)
  } catch (err) {
    return codeOf(err) === 'EPERM'
  }
}

/** @param {unknown} err */
function codeOf(err) {
  return err instanceof Error && 'code' in err ? err.code : undefined
}

/** @param {string} line */
function say(line) {
  process.stderr.write(`${line}\n`)
}
