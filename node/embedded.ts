/**
 * A node of our own as a child process: what makes a fresh start work for people who have no node. It listens on every
 * interface of this machine, keeps its port from one start to the next so that friends find it again, is started again
 * when it dies, and ends with us, however we end: the channel between the two closes, and the node stops.
 * It stores nothing but the port; the node's key and mail are the node's own, in its own folder.
 */
import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import { limits } from '#protocol'

/** Waits between starts, in milliseconds: soon at first, and never a loop that heats the room. */
const restart = { first: 500, longest: 30_000 }
/** A node that ran this long (milliseconds) was fine: the next start is prompt again. */
const steadyAfter = 60_000
/** Our last node may still be closing: how often, and after how many milliseconds, its port is asked for again. */
const portRetry = { times: 12, after: 500 }
/** A clean end of the child; then it is killed. Milliseconds. */
const cleanEnd = 6000
/**
 * From narrow to wide, after the public addresses: 172.16/12 is where containers and virtual machines live. The rest is
 * this machine's own.
 */
const networks = [/^127\./u, /^169\.254\./u, /^172\.(?:1[6-9]|2\d|3[01])\./u, /^10\./u, /^192\.168\./u]
/** Of what the child says on its way down, in characters. */
const lastWords = 2000

export interface EmbeddedNodeOptions {
  /** The profile's folder. */
  folder: string
  /** It listens. Called at every start; `first`: it never ran here before. */
  ready: (first: boolean) => void
  /** It has died, in one sentence; it is started again. */
  trouble: (why: string) => void
  /** Starts `quorum-node` with these arguments; by default as a child of this Node. */
  launch?: (args: readonly string[]) => NodeProcess
}

/** A running `quorum-node`. */
export interface NodeProcess {
  readonly stdout: Readable | null
  readonly stderr: Readable | null
  /** Why it ended, in a few words. */
  readonly ended: Promise<string>
  /** Ends it cleanly, and after a while for certain. */
  end(): void
}

export class EmbeddedNode {
  readonly #options: EmbeddedNodeOptions
  #place: NodePlace | undefined
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
    return this.#place?.peer
  }

  /** Where it can be reached now, from this machine first to the widest last; networks come and go. */
  addresses(): string[] {
    if (this.#place === undefined) return []
    const all = Object.values(networkInterfaces()).flatMap((one) => one ?? [])
    return addressesAt(
      this.#place,
      all.filter(({ family }) => family === 'IPv4').map(({ address }) => address),
    )
  }

  start(): void {
    if (this.#abort !== undefined) return
    this.#abort = new AbortController()
    this.#work = this.#run(this.#abort.signal)
  }

  /** Ends the node and waits for that. */
  async stop(): Promise<void> {
    this.#abort?.abort()
    this.#abort = undefined
    await this.#work
  }

  /** Later starts run no node any more. What it stored stays. */
  forget(): void {
    rmSync(this.#file, { force: true })
  }

  // ---- private

  async #run(signal: AbortSignal): Promise<void> {
    let failures = 0
    while (!signal.aborted) {
      const began = performance.now()
      const why = await this.#live(await freePort(this.#rememberedPort(), signal), signal)
      this.#place = undefined
      if (signal.aborted) return
      failures = performance.now() - began > steadyAfter ? 0 : failures + 1
      if (failures < 2) this.#options.trouble(why)
      await pause(Math.min(restart.first * 2 ** failures, restart.longest), signal)
    }
  }

  /** One life of the child. Returns why it ended. */
  async #live(port: number, signal: AbortSignal): Promise<string> {
    if (signal.aborted) return ''
    const { folder } = this.#options
    const data = path.join(folder, 'node')
    mkdirSync(data, { recursive: true, mode: 0o700 })
    const args = ['--json', '--data', data, '--listen', `/ip4/0.0.0.0/tcp/${port}`, '--http', '127.0.0.1:0']
    const child = (this.#options.launch ?? forkNode)(args)
    const end = (): void => child.end()
    signal.addEventListener('abort', end)
    let said = ''
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-lastWords)
    })
    if (child.stdout !== null) {
      createInterface({ input: child.stdout }).on('line', (line) => this.#heard(line))
    }
    const why = await child.ended
    signal.removeEventListener('abort', end)
    // The node says why it does not start in one line; anything else it says is its log.
    return /^quorum-node: (.+)$/mu.exec(said)?.[1] ?? why
  }

  #heard(line: string): void {
    const place = readyPlace(line)
    if (place === undefined) return
    this.#place = place
    const first = !this.chosen
    writeFileSync(this.#file, `${JSON.stringify({ port: place.port })}\n`, { mode: 0o600 })
    this.#options.ready(first)
  }

  get #file(): string {
    return path.join(this.#options.folder, 'node.json')
  }

  /** 0 when none is remembered, or the file is not what we wrote. */
  #rememberedPort(): number {
    if (!this.chosen) return 0
    const [, port = '0'] = /"port"\s*:\s*(\d{1,5})/u.exec(readFileSync(this.#file, 'utf8')) ?? []
    return Number(port) <= 65_535 ? Number(port) : 0
  }
}

/** Where the node's program is: unbuilt under type stripping, and built beside its sources' places. */
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

/** Where the node is, from its `ready` line; undefined for any other line. */
export function readyPlace(line: string): NodePlace | undefined {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    // Whatever else the node prints is not for us.
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
 * Multiaddrs of the node on a machine with these IPv4 addresses: the loopback, which our own peer uses whatever happens
 * to the network, and then those that most others can reach, the widest last. No more than a peer keeps of one node.
 */
export function addressesAt({ peer, port }: NodePlace, ips: readonly string[]): string[] {
  const [narrowest = '127.0.0.1', ...rest] = ips.toSorted((a, b) => width(a) - width(b))
  return [narrowest, ...rest.slice(1 - limits.nodeAddresses)].map((ip) => `/ip4/${ip}/tcp/${port}/p2p/${peer}`)
}

function width(ip: string): number {
  const network = networks.findIndex((range) => range.test(ip))
  return network < 0 ? networks.length : network
}

/** `port` if it is free or becomes so soon, else 0: any. */
async function freePort(port: number, signal: AbortSignal): Promise<number> {
  if (port === 0) return 0
  for (let attempt = 0; attempt < portRetry.times && !signal.aborted; attempt++) {
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
