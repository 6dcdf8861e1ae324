/**
 * Runs one of Quorum's programs on a Node that can: version 24 or later, found here, in node_modules or on PATH. On such
 * a Node the program runs in this process; on an older one this process starts itself again on the right one and is then
 * only a shell around it: stdio, exit code, signals, death by signal, and a parent's message channel pass through.
 * Plain JavaScript for any Node >= 20, without dependencies. Downloads nothing but by install.mjs, and gives up with one
 * sentence when there is no such Node.
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
/** Names the descriptor by which a program notices that the process around it is gone. */
const tether = 'QUORUM_TETHER'

/** @type {NodeJS.Signals[]} */
const passed = ['SIGINT', 'SIGTERM', 'SIGHUP']

/**
 * Runs `program`, a path without extension below the package: its TypeScript in a checkout, what was built of it in a
 * published package. The program runs as it is imported, with `process.argv` as if it had been started directly.
 * `tools`: it needs the development tools as well.
 * @param {string} program @param {{ tools?: boolean, args?: string[] }} [options]
 */
export async function launch(program, { tools = false, args = process.argv.slice(2) } = {}) {
  try {
    const source = join(root, `${program}.ts`)
    if (existsSync(source)) await install(root, { tools })
    if (major(process.versions.node) < needed) return pass(findNode())
    follow()
    const file = existsSync(source) ? source : join(root, 'dist', `${program}.js`)
    process.argv.splice(1, Infinity, file, ...args)
    await import(pathToFileURL(file).href)
  } catch (err) {
    if (!(err instanceof SetupError)) throw err
    process.stderr.write(`${err.message}\n`)
    if (err.signal !== undefined) process.kill(process.pid, err.signal)
    process.exitCode = 1
  }
}

/** The path of a Node that runs Quorum. Errors: one sentence for a person. */
export function findNode() {
  if (major(process.versions.node) >= needed) return process.execPath
  const found = [packaged(), ...onPath()].find((file) => file !== undefined && major(versionOf(file)) >= needed)
  if (found === undefined) {
    throw new SetupError(
      `Quorum needs Node ${needed} or later; this is ${process.version} and no other was found. Install it from https://nodejs.org and start again.`,
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
    // Not every machine has one: there, PATH must.
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
 * Starts this very command again on `node` and becomes a shell around it.
 * @param {string} node
 */
function pass(node) {
  const talks = process.send !== undefined
  const child = spawn(node, process.argv.slice(1), {
    env: { ...process.env, [tether]: '3' },
    stdio: ['inherit', 'inherit', 'inherit', 'pipe', ...(talks ? /** @type {const} */ (['ipc']) : [])],
  })
  child.once('error', (err) => {
    process.stderr.write(`Node could not be started (${node}): ${err.message}\n`)
    process.exit(1)
  })
  const atTerminal = [process.stdin, process.stdout, process.stderr].some((stream) => stream.isTTY)
  for (const signal of passed) {
    process.on(signal, () => {
      // A terminal tells the child itself. Told twice, it would take Ctrl-C for impatience.
      if (signal === 'SIGTERM' || !atTerminal) child.kill(signal)
    })
  }
  if (talks) {
    child.on('message', (message) => process.send?.(message))
    process.on(
      'message',
      (message) => child.connected && child.send(/** @type {import('node:child_process').Serializable} */ (message)),
    )
    process.on('disconnect', () => child.connected && child.disconnect())
  }
  child.once('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1)
    for (const name of passed) process.removeAllListeners(name)
    process.kill(process.pid, signal)
    // Only where a signal cannot end a process.
    setTimeout(() => process.exit(1), 1000)
  })
}

/** Ends this process as abruptly as the one around it: a killed Quorum must not live on with its store locked. */
function follow() {
  const descriptor = process.env[tether]
  if (descriptor === undefined) return
  delete process.env[tether]
  const socket = new Socket({ fd: Number(descriptor) })
  socket.on('close', () => process.kill(process.pid, 'SIGKILL'))
  socket.resume()
  socket.unref()
}
