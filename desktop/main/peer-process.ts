/**
 * The peer's process as the shell sees it: started, started again when it dies, ended. The shell talks with it over a
 * port of its own; each window gets another.
 */
import { MessageChannelMain, utilityProcess } from 'electron'
import type { MessagePortMain, UtilityProcess } from 'electron'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Calls, Log } from '#protocol'
import type { PeerCalls, PeerProcessEvent } from '../ipc/contract.ts'
import { Client } from '../ipc/rpc.ts'

/** Waits between starts, in milliseconds: soon at first, and never a loop that heats the room. */
const restart = { first: 300, longest: 15_000 }
/** One that ran this long (milliseconds) was fine: the next start is prompt again. */
const steadyAfter = 60_000
/** A clean end; then it is killed. Milliseconds. */
const cleanEnd = 8000

/** Unbuilt in a checkout, JavaScript in a package. */
const program = fileURLToPath(new URL(`../peer/main${path.extname(import.meta.filename)}`, import.meta.url))

/** The shell may make every call. */
export type ShellClient = Client<PeerCalls & Calls, PeerProcessEvent>

export interface PeerProcessSetup {
  /** What the process is started with; asked at every start. */
  options: () => object
  onNews: (news: PeerProcessEvent) => void
  onState: (state: 'ended' | 'running') => void
  log: Log
}

export class PeerProcess {
  readonly #setup: PeerProcessSetup
  #child: UtilityProcess | undefined
  #client: ShellClient | undefined
  #stopping = false
  #failures = 0

  constructor(setup: PeerProcessSetup) {
    this.#setup = setup
  }

  /** Errors: `cancelled` while there is no process. */
  get client(): ShellClient | undefined {
    return this.#client
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  start(): void {
    if (this.#child !== undefined) return
    this.#stopping = false
    const began = performance.now()
    const child = utilityProcess.fork(program, [JSON.stringify(this.#setup.options())], {
      serviceName: 'Quorum peer',
      stdio: 'inherit',
    })
    this.#child = child
    const { port1, port2 } = new MessageChannelMain()
    child.postMessage('main', [port2])
    const client: ShellClient = new Client(wireOf(port1))
    client.subscribe(this.#setup.onNews)
    this.#client = client
    child.once('exit', (code) => {
      client.close()
      port1.close()
      this.#child = undefined
      this.#client = undefined
      const { log } = this.#setup
      if (this.#stopping) return log('info', `the peer's process has stopped: exit code ${code}`)
      log('error', `the peer's process has died: exit code ${code}`)
      this.#failures = performance.now() - began > steadyAfter ? 0 : this.#failures + 1
      this.#setup.onState('ended')
      setTimeout(() => this.#again(), Math.min(restart.first * 2 ** (this.#failures - 1), restart.longest))
    })
  }

  /** A port for a window; undefined while there is no process. */
  windowPort(): MessagePortMain | undefined {
    if (this.#child === undefined) return undefined
    const { port1, port2 } = new MessageChannelMain()
    this.#child.postMessage('window', [port2])
    return port1
  }

  /** Ends it and waits for that. */
  async stop(): Promise<void> {
    this.#stopping = true
    const child = this.#child
    if (child === undefined) return
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    child.postMessage('stop', [])
    const timer = setTimeout(() => child.kill(), cleanEnd)
    await ended
    clearTimeout(timer)
  }

  #again(): void {
    if (this.#stopping) return
    this.start()
    this.#setup.onState('running')
  }
}

/** The shell's end of a port, for `Client` and `serve`. */
export function wireOf(port: MessagePortMain): {
  send: (frame: unknown) => void
  receive: (listener: (frame: unknown) => void) => void
} {
  return {
    send: (frame) => port.postMessage(frame),
    receive: (listener) => {
      port.on('message', ({ data }) => listener(data))
      port.start()
    },
  }
}
