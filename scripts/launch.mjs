/**
 * Runs one of Quorum's programs on Node 24 or later: this one, the one in node_modules, or one on PATH. If this process
 * runs on such a Node, the program runs in it. Otherwise it starts the same command on the newer Node and only
 * forwards: stdio, exit code, signals, death by a signal, and a parent's IPC channel.
 *
 * Plain JavaScript for any Node >= 20, without dependencies. Only install.mjs downloads anything. If no Node 24 is
 * found, it exits with one sentence that says so.
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Socket } from 'node:net'
import { delimiter, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { install, SetupError } from './install.mjs'

const needed = 24
const root = fileURLToPath(new URL('..', import.meta.url))
const windows = process.platform === 'win32'
/** The variable with the descriptor that closes when the parent is gone, so that the program ends too. */
const tether = 'QUORUM_TETHER'

/**
 * How the malloc of Linux (glibc) runs a program that lasts for days; it reads them before the program's first line. By
 * default a block of up to 32 MiB stays in the heap once one of its size was freed, the gaps between such blocks grow
 * for an hour, and each thread has a heap of its own. The process manager of node/pm2.config.cjs sets the same.
 */
export const malloc = {
  MALLOC_ARENA_MAX: '2',
  MALLOC_MMAP_THRESHOLD_: '131072',
  MALLOC_TRIM_THRESHOLD_: '131072',
}

/** @type {NodeJS.Signals[]} */
const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP']

/**
 * Runs `program`, a path in the package without extension: in a checkout its TypeScript, in a published package the
 * built JavaScript. The program runs by being imported, with `process.argv` as if it had been started directly.
 * `tools`: the program also needs the development tools. `before`: called once, in the process that runs the program.
 * @param {string} program @param {{ tools?: boolean, args?: string[], before?: () => void }} [options]
 */
export async function launch(program, { tools = false, args = process.argv.slice(2), before = () => {} } = {}) {
  try {
    const source = join(root, `${program}.ts`)
    if (existsSync(source)) await install(root, { tools })
    if (major(process.versions.node) < needed) return runOn(findNode())
    restartWithMalloc()
    endWithParent()
    const file = existsSync(source) ? source : join(root, 'dist', `${program}.js`)
    process.argv.splice(1, Infinity, file, ...args)
    before()
    await import(pathToFileURL(file).href)
  } catch (err) {
    if (!(err instanceof SetupError)) throw err
    process.stderr.write(`${err.message}\n`)
    if (err.signal !== undefined) process.kill(process.pid, err.signal)
    process.exitCode = 1
  }
}

/** Returns the path of a Node that can run Quorum. Errors: SetupError with one sentence for a person. */
export function findNode() {
  if (major(process.versions.node) >= needed) return process.execPath
  const found = [packaged(), ...onPath()].find((file) => file !== undefined && major(versionOf(file)) >= needed)
  if (found === undefined) {
    throw new SetupError(
      `Quorum needs Node ${needed} or later; this is ${process.version} and no other was found. ` +
        'Install it from https://nodejs.org and start again.',
    )
  }
  return found
}

/** The Node that npm installed beside Quorum. */
function packaged() {
  const name = `node-${windows ? 'win' : process.platform}-${process.arch}`
  try {
    const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`)
    return join(manifest, '..', 'bin', windows ? 'node.exe' : 'node')
  } catch (err) {
    // npm has no Node for some systems; those need one on PATH.
    if (err instanceof Error && 'code' in err && err.code === 'MODULE_NOT_FOUND') return undefined
    throw err
  }
}

function onPath() {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '')
  const files = folders.map((folder) => join(folder, windows ? 'node.exe' : 'node')).filter((file) => existsSync(file))
  return new Set(files.map((file) => realpathSync(file)))
}

/** @param {string} file */
function versionOf(file) {
  const { stdout } = spawnSync(file, ['--version'], { encoding: 'utf8' })
  return (stdout ?? '').trim().replace(/^v/, '')
}

/** @param {string} version */
function major(version) {
  return Number(version.split('.')[0])
}

/**
 * Starts this command again on `node` and forwards everything to and from it.
 * @param {string} node
 */
function runOn(node) {
  const hasChannel = process.send !== undefined
  const child = spawn(node, process.argv.slice(1), {
    env: { ...malloc, ...process.env, [tether]: '3' },
    stdio: ['inherit', 'inherit', 'inherit', 'pipe', ...(hasChannel ? /** @type {const} */ (['ipc']) : [])],
  })
  child.once('error', (err) => {
    process.stderr.write(`Node could not be started (${node}): ${err.message}\n`)
    process.exit(1)
  })
  const atTerminal = [process.stdin, process.stdout, process.stderr].some((stream) => stream.isTTY)
  for (const signal of forwarded) {
    process.on(signal, () => {
      // A terminal sends SIGINT and SIGHUP to the child too. A second SIGINT would mean a second Ctrl-C: end at once.
      if (signal === 'SIGTERM' || !atTerminal) child.kill(signal)
    })
  }
  if (hasChannel) {
    child.on('message', (message) => process.send?.(message))
    process.on(
      'message',
      (message) => child.connected && child.send(/** @type {import('node:child_process').Serializable} */ (message)),
    )
    process.on('disconnect', () => child.connected && child.disconnect())
  }
  child.once('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1)
    for (const name of forwarded) process.removeAllListeners(name)
    process.kill(process.pid, signal)
    // Reached only if the signal cannot end this process.
    setTimeout(() => process.exit(1), 1000)
  })
}

/**
 * Replaces this process by one that runs the same command with the settings of `malloc`: same id, same descriptors. Not
 * below a parent with an IPC channel, which would be lost.
 */
function restartWithMalloc() {
  const set = Object.keys(malloc).every((name) => process.env[name] !== undefined)
  if (set || process.platform !== 'linux' || process.send !== undefined || process.execve === undefined) return
  const command = [process.execPath, ...process.execArgv, ...process.argv.slice(1)]
  process.execve(process.execPath, command, { ...malloc, ...process.env })
}

/** Kills this process when its parent is gone: otherwise a killed Quorum would keep running with its store locked. */
function endWithParent() {
  const descriptor = process.env[tether]
  if (descriptor === undefined) return
  delete process.env[tether]
  const socket = new Socket({ fd: Number(descriptor) })
  socket.on('close', () => process.kill(process.pid, 'SIGKILL'))
  socket.resume()
  socket.unref()
}
