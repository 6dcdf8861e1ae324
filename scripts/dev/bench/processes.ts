/**
 * The processes that are measured: a node as `quorum-node` runs it, a peer as `quorum peer` runs it, and the processes
 * of child.ts. Disposing the stage ends all of them and removes its folder, also after an error.
 */
import { fork, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import type { Asker } from './asker.ts'
import type { Commands } from './child.ts'
import type { LightPeers } from './light-peers.ts'
import type { MailClients } from './mail-clients.ts'
import type { Answer, Command, CommandTable } from './serve.ts'
import type { Usage } from './stream-end.ts'

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const peerFile = file('../../cli/quorum.ts')
/** The checkout that this file is part of. */
export const ownRoot = file('../../../')
const inspected = '--inspect=127.0.0.1:0'

const nodeReady = z.object({ data: z.object({ addresses: z.array(z.string()), http: z.string() }) })
const memoryUsage = z.object({ rss: z.number(), heapUsed: z.number() })
const resourceUsage = z.object({ userCPUTime: z.number(), systemCPUTime: z.number(), maxRSS: z.number() })
const inspectorAnswer = z.object({ id: z.number(), result: z.object({ result: z.unknown() }).loose() })

export interface Memory {
  rssBytes: number
  /** Live objects on the JavaScript heap. */
  heapBytes: number
}

/** A process that serves the commands `T`. */
export class Child<T extends CommandTable = Commands> {
  readonly #process: ChildProcess
  readonly #pending = new Map<number, PromiseWithResolvers<unknown>>()
  #asked = 0

  constructor(process: ChildProcess) {
    this.#process = process
    process.on('message', (answer: Answer) => {
      const pending = this.#pending.get(answer.id)
      this.#pending.delete(answer.id)
      if ('error' in answer) pending?.reject(new Error(answer.error))
      else pending?.resolve(answer.result)
    })
    process.once('exit', (code) => {
      for (const pending of this.#pending.values()) pending.reject(new Error(`A child ended with ${code}`))
    })
  }

  /** Kills the process and waits for its exit. */
  async end(): Promise<void> {
    const ended = once(this.#process, 'exit')
    this.#process.kill('SIGKILL')
    await ended
  }

  async ask<N extends keyof T & string>(name: N, ...params: Parameters<T[N]>): Promise<Awaited<ReturnType<T[N]>>> {
    this.#asked += 1
    const command: Command = { id: this.#asked, name, params: (params as readonly unknown[])[0] }
    const pending = Promise.withResolvers<unknown>()
    this.#pending.set(command.id, pending)
    this.#process.send(command)
    return (await pending.promise) as Awaited<ReturnType<T[N]>>
  }
}

/** A running program whose resource usage can be read through its inspector. */
export class Program {
  readonly #process: ChildProcess
  readonly #lines: AsyncIterator<string, undefined>
  readonly #inspector: Promise<string>

  constructor(process: ChildProcess) {
    if (process.stdout === null || process.stderr === null) throw new Error('A program without output')
    this.#process = process
    this.#lines = createInterface({ input: process.stdout })[Symbol.asyncIterator]()
    const found = Promise.withResolvers<string>()
    createInterface({ input: process.stderr }).on('line', (line) => {
      const url = /ws:\/\/\S+/.exec(line)?.[0]
      if (url !== undefined) found.resolve(url)
    })
    process.once('exit', (code) => found.reject(new Error(`A program ended with ${code}`)))
    // The error matters only to a caller of memory() or usage(), which awaits this promise.
    found.promise.catch(() => undefined)
    this.#inspector = found.promise
  }

  async end(): Promise<void> {
    const ended = once(this.#process, 'exit')
    this.#process.kill('SIGKILL')
    await ended
  }

  /** The next line of standard output that contains `text`. */
  async line(text: string): Promise<string> {
    for (;;) {
      const { value, done } = await this.#lines.next()
      if (done === true) throw new Error(`A program ended before it printed ${text}`)
      if (value.includes(text)) return value
    }
  }

  /** Memory after a full garbage collection, so that garbage does not count. */
  async memory(): Promise<Memory> {
    const value = memoryUsage.parse(
      await this.#evaluate(`(async () => {
        for (let round = 0; round < 3; round += 1) {
          gc()
          await new Promise((resolve) => setTimeout(resolve, 50))
        }
        return process.memoryUsage()
      })()`),
    )
    return { rssBytes: value.rss, heapBytes: value.heapUsed }
  }

  /** Resource usage since the start of the program. */
  async usage(): Promise<Usage> {
    const { userCPUTime, systemCPUTime, maxRSS } = resourceUsage.parse(await this.#evaluate('process.resourceUsage()'))
    return { cpuMs: (userCPUTime + systemCPUTime) / 1000, peakRssBytes: maxRSS * 1024 }
  }

  async #evaluate(expression: string): Promise<unknown> {
    const socket = new WebSocket(await this.#inspector)
    await once(socket, 'open')
    let asked = 0
    const ask = async (method: string, params: object): Promise<unknown> => {
      asked += 1
      const id = asked
      const answer = Promise.withResolvers<unknown>()
      const listen = ({ data }: MessageEvent): void => {
        const parsed = inspectorAnswer.safeParse(JSON.parse(String(data)))
        if (parsed.success && parsed.data.id === id) answer.resolve(parsed.data.result.result)
      }
      socket.addEventListener('message', listen)
      socket.send(JSON.stringify({ id, method, params }))
      return answer.promise
    }
    const options = { expression, awaitPromise: true, returnByValue: true }
    const { value } = z.object({ value: z.unknown() }).parse(await ask('Runtime.evaluate', options))
    socket.close()
    return value
  }
}

export interface RunningNode {
  program: Program
  addresses: string[]
  /** One of its figures, by name. */
  figure(name: string): Promise<number>
  end(): Promise<void>
}

const open = new Set<Stage>()

/** Disposes every stage: called when a signal ends the benchmark. */
export async function clearStages(): Promise<void> {
  await Promise.all([...open].map((stage) => stage[Symbol.asyncDispose]()))
}

/** The processes and the folder of one part of the benchmark. */
export class Stage implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'quorum-bench-'))
  readonly #started: ChildProcess[] = []

  constructor() {
    open.add(this)
  }

  /** `execPath`: another runtime than this one, for example an Electron that runs as Node. */
  child(execPath = process.execPath): Child {
    return this.#child<Commands>('child.ts', execPath)
  }

  lightPeers(): Child<LightPeers> {
    return this.#child<LightPeers>('light-peers.ts', process.execPath)
  }

  mailClients(): Child<MailClients> {
    return this.#child<MailClients>('mail-clients.ts', process.execPath)
  }

  asker(): Child<Asker> {
    return this.#child<Asker>('asker.ts', process.execPath)
  }

  /** Starts a node; returns it and its addresses. `root`: the checkout whose node it is. `port` 0: any. */
  async node({ folder = this.folder, root = ownRoot, port = 0 } = {}): Promise<RunningNode> {
    const data = join(folder, 'node')
    const listen = ['--listen', `/ip4/127.0.0.1/tcp/${port}`, '--http', '127.0.0.1:0']
    const program = this.#program(
      [join(root, 'node/main.ts'), '--data', data, ...listen, '--json', '--log-level', 'warn'],
      true,
    )
    const { addresses, http } = nodeReady.parse(JSON.parse(await program.line('"ready"'))).data
    const figure = async (name: string): Promise<number> => {
      const figures = await (await fetch(new URL('/metrics', http))).text()
      return Number(new RegExp(`^${name} (\\d+)`, 'm').exec(figures)?.[1])
    }
    return { program, addresses, figure, end: () => program.end() }
  }

  /** Starts a peer on a new profile; returns when it has a reservation at the node. */
  async peer(nodes: readonly string[]): Promise<Program> {
    const args = ['--profile', join(this.folder, 'peer'), '--listen', '/ip4/127.0.0.1/tcp/0']
    const to = nodes.flatMap((one) => ['--node', one])
    const program = this.#program([peerFile, 'peer', '--json', ...args, ...to], false)
    await program.line('"reserved":true')
    return program
  }

  async [Symbol.asyncDispose](): Promise<void> {
    open.delete(this)
    const ended = this.#started
      .filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)
      .map(async (child) => {
        const exit = once(child, 'exit')
        child.kill('SIGKILL')
        await exit
      })
    await Promise.all(ended)
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 })
  }

  #child<T extends CommandTable>(name: string, execPath: string): Child<T> {
    const env = { ...process.env, ELECTRON_RUN_AS_NODE: '1' }
    const child = fork(file(name), [], { execPath, env, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    this.#started.push(child)
    return new Child<T>(child)
  }

  /** If this process dies, a node ends because the IPC channel closes, and a peer because its standard input closes. */
  #program(args: readonly string[], ipc: boolean): Program {
    const child = spawn(process.execPath, [inspected, '--expose-gc', ...args], {
      stdio: ['pipe', 'pipe', 'pipe', ...(ipc ? (['ipc'] as const) : [])],
    })
    this.#started.push(child)
    return new Program(child)
  }
}
