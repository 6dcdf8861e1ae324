/**
 * Runs a node as a child process of the program, so that a new user without a node can start. The node listens on every
 * IPv4 interface of this machine and keeps its port between starts, so that friends find it again. After a crash it is
 * started again. It stops when the program ends, even after a crash of the program: the IPC channel closes then.
 * This file stores only the port. The node stores its key and its held envelopes in its own folder.
 */
import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import { limits, makeFolderSync } from '#protocol'

/** Delays between starts, in milliseconds: short at first, then growing, so that a failing node uses little CPU. */
const restart = { first: 500, longest: 30_000 }
/** After a run of this length, in milliseconds, the delay starts again at its shortest value. */
const steadyAfter = 60_000
/** The previous node may still be closing: how often its port is tried again, and the delay in milliseconds. */
const portRetry = { times: 12, after: 500 }
/** Milliseconds for a clean end of the child; after that it is killed. */
const cleanEnd = 6000
/**
 * Non-public IPv4 ranges, ordered by how many other machines can reach them, fewest first. Containers and virtual
 * machines use 172.16/12. An address outside these ranges is public and ranks after all of them.
 */
const networks = [/^127\./u, /^169\.254\./u, /^172\.(?:1[6-9]|2\d|3[01])\./u, /^10\./u, /^192\.168\./u]
/** Characters of the child's standard error that are stored to find the reason of its end. */
const errorOutput = 2000

export interface EmbeddedNodeOptions {
  /** The profile's folder. */
  folder: string
  /** The node listens. Called at every start; `first`: the profile never ran a node before. */
  ready: (first: boolean) => void
  /** The node ended unexpectedly and is started again. `why`: one sentence. */
  trouble: (why: string) => void
  /** Starts `quorum-node` with these arguments; by default as a child process of this Node.js process. */
  launch?: (args: readonly string[]) => NodeProcess
}

/** A running `quorum-node`. */
export interface NodeProcess {
  readonly stdout: Readable | null
  readonly stderr: Readable | null
  /** Why it ended, in a few words. */
  readonly ended: Promise<string>
  /** Ends it cleanly, or kills it after a delay. */
  end(): void
}

export class EmbeddedNode {
  readonly #options: EmbeddedNodeOptions
  #listening: NodePlace | undefined
  #abort: AbortController | undefined
  #work: Promise<void> = Promise.resolve()

  constructor(options: EmbeddedNodeOptions) {
    this.#options = options
  }

  /** A person has chosen to run a node here: later starts run it again. */
  get chosen(): boolean {
    return existsSync(this.#file)
  }

  get running(): boolean {
    return this.#abort !== undefined
  }

  /** PeerId of the node while it runs. */
  get peer(): string | undefined {
    return this.#listening?.peer
  }

  /** Its current multiaddrs: loopback first, the most widely reachable last. Read each time: interfaces change. */
  addresses(): string[] {
    if (this.#listening === undefined) return []
    const all = Object.values(networkInterfaces()).flatMap((one) => one ?? [])
    return addressesAt(
      this.#listening,
      all.filter(({ family }) => family === 'IPv4').map(({ address }) => address),
    )
  }

  start(): void {
    if (this.#abort !== undefined) return
    this.#abort = new AbortController()
    this.#work = this.#run(this.#abort.signal)
  }

  /** Ends the node and waits until it has ended. */
  async stop(): Promise<void> {
    this.#abort?.abort()
    this.#abort = undefined
    await this.#work
  }

  /** Later starts run no node. Its stored data is not deleted. */
  forget(): void {
    rmSync(this.#file, { force: true })
  }

  // ---- private

  async #run(signal: AbortSignal): Promise<void> {
    let failures = 0
    while (!signal.aborted) {
      const began = performance.now()
      const why = await this.#live(await freePort(this.#storedPort(), signal), signal)
      this.#listening = undefined
      if (signal.aborted) return
      failures = performance.now() - began > steadyAfter ? 0 : failures + 1
      if (failures < 2) this.#options.trouble(why)
      await pause(Math.min(restart.first * 2 ** failures, restart.longest), signal)
    }
  }

  /** Runs the child once. Returns why it ended. */
  async #live(port: number, signal: AbortSignal): Promise<string> {
    if (signal.aborted) return ''
    const { folder } = this.#options
    const data = path.join(folder, 'node')
    makeFolderSync(data, 0o700)
    const args = ['--json', '--data', data, '--listen', `/ip4/0.0.0.0/tcp/${port}`, '--http', '127.0.0.1:0']
    const child = (this.#options.launch ?? forkNode)(args)
    const end = (): void => child.end()
    signal.addEventListener('abort', end)
    let output = ''
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-errorOutput)
    })
    if (child.stdout !== null) {
      createInterface({ input: child.stdout }).on('line', (line) => this.#receive(line))
    }
    const why = await child.ended
    signal.removeEventListener('abort', end)
    // The node prints the reason of a failed start in one line; the other lines are its log.
    return /^quorum-node: (.+)$/mu.exec(output)?.[1] ?? why
  }

  #receive(line: string): void {
    const place = readyPlace(line)
    if (place === undefined) return
    this.#listening = place
    const first = !this.chosen
    writeFileSync(this.#file, `${JSON.stringify({ port: place.port })}\n`, { mode: 0o600 })
    this.#options.ready(first)
  }

  get #file(): string {
    return path.join(this.#options.folder, 'node.json')
  }

  /** 0 if no valid port is stored. */
  #storedPort(): number {
    if (!this.chosen) return 0
    const [, port = '0'] = /"port"\s*:\s*(\d{1,5})/u.exec(readFileSync(this.#file, 'utf8')) ?? []
    return Number(port) <= 65_535 ? Number(port) : 0
  }
}

/** The node's program: the `.ts` file under type stripping, the `.js` file at the same place in a build. */
export const nodeProgram = new URL(`../node/main${path.extname(import.meta.filename)}`, import.meta.url)

function forkNode(args: readonly string[]): NodeProcess {
  const child = fork(nodeProgram, args, { execArgv: [], stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
  const { stdout, stderr } = child
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('exit', (code, by) => resolve(by === null ? `exit code ${code}` : by))
  })
  return { stdout, stderr, ended, end: () => void endChild(child) }
}

export interface NodePlace {
  /** PeerId. */
  peer: string
  port: number
}

/** PeerId and port of the node from its `ready` line; undefined for any other line. */
export function readyPlace(line: string): NodePlace | undefined {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    // Other output of the node is not JSON.
    return undefined
  }
  const { event, data } = (value ?? {}) as { event?: unknown; data?: { addresses?: unknown } }
  if (event !== 'ready' || !Array.isArray(data?.addresses)) return undefined
  for (const address of data.addresses) {
    const [, port, peer] = /^\/ip4\/[\d.]+\/tcp\/(\d+)\/p2p\/(\w+)$/u.exec(String(address)) ?? []
    if (port !== undefined && peer !== undefined) return { peer, port: Number(port) }
  }
  return undefined
}

/**
 * Multiaddrs of the node on a machine with these IPv4 addresses: first the loopback address, which the own peer can use
 * without a network, then the most widely reachable ones, the widest last. At most `limits.nodeAddresses`, the number
 * that a peer stores for one node.
 */
export function addressesAt({ peer, port }: NodePlace, ips: readonly string[]): string[] {
  const [narrowest = '127.0.0.1', ...rest] = ips.toSorted((a, b) => width(a) - width(b))
  return [narrowest, ...rest.slice(1 - limits.nodeAddresses)].map((ip) => `/ip4/${ip}/tcp/${port}/p2p/${peer}`)
}

function width(ip: string): number {
  const network = networks.findIndex((range) => range.test(ip))
  return network < 0 ? networks.length : network
}

/** `port` if it is free or becomes free within the retries, otherwise 0 (any port). */
async function freePort(port: number, signal: AbortSignal): Promise<number> {
  if (port === 0) return 0
  for (let attempt = 0; attempt < portRetry.times && !signal.aborted; attempt += 1) {
    if (await isFree(port)) return port
    await pause(portRetry.after, signal)
  }
  return 0
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  const free = new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false))
    server.listen({ port, host: '0.0.0.0', exclusive: true }, () => server.close(() => resolve(true)))
  })
  return free
}

async function endChild(child: ChildProcess): Promise<void> {
  if (child.connected) child.disconnect()
  const kill = setTimeout(() => child.kill('SIGKILL'), cleanEnd)
  await once(child, 'exit')
  clearTimeout(kill)
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await wait(milliseconds, undefined, { signal })
  } catch (error) {
    if (!signal.aborted) throw error
  }
}
