/**
 * Makes a checkout runnable: installs the packages of package-lock.json if node_modules lacks any of them.
 * A lock prevents two installations at the same time. No install script of a package runs. All messages go to stderr,
 * because stdout belongs to the program that starts afterwards.
 *
 * Plain JavaScript for any Node >= 20, without dependencies, because it runs before they are installed.
 */
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** The holder of the lock touches its file at this interval, in milliseconds. */
const heartbeat = 1000
/** A holder that has not touched the file for this time is considered dead, in milliseconds. */
const staleAfter = 15_000
/** The interval at which a waiting process checks the lock, in milliseconds. */
const pollInterval = 250

/**
 * Installs the dependencies of the checkout at `root` if they are missing or differ from its lockfile.
 * `tools`: the development tools are needed too; without it, a production installation is enough.
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
 * Whether node_modules contains the packages of the lockfile. Compares it with the list that npm writes into
 * node_modules at the end of an installation: an interrupted installation has none. Optional packages may be absent,
 * because they may be for other machines.
 * @param {string} root @param {boolean} tools
 */
export function installed(root, tools) {
  const list = join(root, 'node_modules', '.package-lock.json')
  if (!existsSync(list)) return false
  const present = packagesOf(list)
  return Object.entries(packagesOf(join(root, 'package-lock.json'))).every(([path, wanted]) => {
    const found = present[path]
    if (path === '' || found?.version === wanted.version) return true
    return found === undefined && Boolean(wanted.optional || wanted.devOptional || (wanted.dev && !tools))
  })
}

/** The reason why Quorum cannot start, in one sentence for a person; `signal` if a signal stopped the installation. */
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
  const started = Date.now()
  say('Installing what Quorum needs, once. This takes about a minute.')
  // npm must not run on the Node in node_modules, which it may replace.
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
  let received
  /** @param {NodeJS.Signals} signal */
  const stop = (signal) => {
    received = signal
    child.kill(signal)
  }
  for (const signal of signals) process.on(signal, stop)
  // The lock also contains npm's process id, because npm continues if this process is killed.
  if (child.pid !== undefined) writeFileSync(lockFile, `${process.pid} ${child.pid}`)
  const timer = setInterval(() => utimesSync(lockFile, new Date(), new Date()), heartbeat)
  try {
    await new Promise((resolve, reject) => {
      child.once('error', (cause) => reject(new SetupError(`npm could not be started: ${cause.message}`, { cause })))
      child.once('close', (code, signal) => (code === 0 ? resolve(code) : reject(failed(code, received ?? signal))))
    })
  } finally {
    clearInterval(timer)
    for (const signal of signals) process.off(signal, stop)
  }
  say(`Installed in ${Math.round((Date.now() - started) / 1000)} s.`)
}

/** @type {NodeJS.Signals[]} */
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']

/** @param {number | null} code @param {NodeJS.Signals | null} signal */
function failed(code, signal) {
  if (signal === null)
    return new SetupError(
      `npm could not install (exit code ${code}; the reason is above). Try: npm ci --ignore-scripts`,
    )
  const error = new SetupError('The installation was stopped.')
  error.signal = signal
  return error
}

/**
 * Takes the lock file; waits while another process holds it. A dead holder is detected: its processes do not exist, or
 * it no longer touches the file. The wait is measured with this process's monotonic clock, so a changed system clock or
 * a suspended machine does not matter.
 * @param {string} file
 */
async function lock(file) {
  let seen = ''
  let since = performance.now()
  let announced = false
  while (!claim(file)) {
    const holder = readHolder(file)
    if (holder === undefined) continue
    if (holder.state !== seen) {
      seen = holder.state
      since = performance.now()
    }
    if (!holder.pids.some(isRunning) || performance.now() - since > staleAfter) {
      removeStale(file, holder.text)
      continue
    }
    if (!announced) say('Another Quorum is installing; waiting for it.')
    announced = true
    await sleep(pollInterval)
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
    const what = `its owner has to run "npm ci --omit=dev" in ${dirname(file)}`
    throw new SetupError(`Quorum must be installed first, and this user cannot write there: ${what}`, { cause: err })
  }
}

/** @param {string} file */
function readHolder(file) {
  try {
    const text = readFileSync(file, 'utf8')
    // An empty file has just been created and is being written, so its holder is alive.
    const pids = text === '' ? [process.pid] : text.split(' ').map(Number)
    return { text, pids, state: `${text} ${statSync(file).mtimeMs}` }
  } catch (err) {
    if (codeOf(err) === 'ENOENT') return undefined
    throw err
  }
}

/**
 * Removes the file of a dead holder. The rename lets only one of several processes do it. If a new holder has taken the
 * lock in the meantime, its file is moved back.
 * @param {string} file @param {string} text
 */
function removeStale(file, text) {
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
function isRunning(pid) {
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
