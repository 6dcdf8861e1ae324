/**
 * Starts the peer process, restarts it when it dies, replaces it when its profile was closed, and stops it. The main
 * process has a message port of its own to it; each window gets another one.
 */
import { MessageChannelMain, utilityProcess } from 'electron'
import type { MessagePortMain, UtilityProcess } from 'electron'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Calls, Log } from '#protocol'
import type { PeerCalls, PeerProcessEvent, PermitCalls } from '../ipc/contract.ts'
import { Client } from '../ipc/rpc.ts'

/**
 * Milliseconds from a crash to the restart. Doubles with each crash, so a process that cannot start uses little CPU.
 */
const restartDelay = { first: 300, longest: 15_000 }
/** A process that ran for this time (milliseconds) was healthy: its restart has the first delay again. */
const healthyAfter = 60_000
/** Time for a clean exit, in milliseconds; after that the process is killed. */
const stopTimeout = 8000

/** TypeScript in a checkout, JavaScript in a package: the same extension as this file. */
const program = fileURLToPath(new URL(`../peer/main${path.extname(import.meta.filename)}`, import.meta.url))

/** The main process may make every call (access.ts). */
export type PeerClient = Client<PeerCalls & PermitCalls & Calls, PeerProcessEvent>

export interface PeerProcessSetup {
  /** Returns the options of the process; called at every start. */
  options: () => object
  onEvent: (event: PeerProcessEvent) => void
  /** `ended`: the process died; `running`: its successor runs; `replaced`: one that closed its profile was replaced. */
  onState: (state: 'ended' | 'running' | 'replaced') => void
  log: Log
}

export class PeerProcess {
  readonly #setup: PeerProcessSetup
  #child: UtilityProcess | undefined
  #client: PeerClient | undefined
  /** The end of the present process is wanted. */
  #stopping = false
  #stopped = false
  #failures = 0

  constructor(setup: PeerProcessSetup) {
    this.#setup = setup
  }

  /** Undefined while there is no process. */
  get client(): PeerClient | undefined {
    return this.#client
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
    const client: PeerClient = new Client(wireOf(port1))
    client.subscribe((event) => {
      if (event.event === 'status' && event.data.state === 'ending') void this.#replace()
      this.#setup.onEvent(event)
    })
    this.#client = client
    child.once('exit', (code) => {
      client.close()
      port1.close()
      this.#child = undefined
      this.#client = undefined
      const { log } = this.#setup
      if (this.#stopping) return log('info', `the peer's process has stopped: exit code ${code}`)
      log('error', `the peer's process has died: exit code ${code}`)
      this.#failures = performance.now() - began > healthyAfter ? 0 : this.#failures + 1
      this.#setup.onState('ended')
      setTimeout(() => this.#restart(), this.#restartDelay())
    })
  }

  /** Returns a port for a window; undefined while there is no process. */
  windowPort(): MessagePortMain | undefined {
    if (this.#child === undefined) return undefined
    const { port1, port2 } = new MessageChannelMain()
    this.#child.postMessage('window', [port2])
    return port1
  }

  /** Stops the process, and resolves when it has exited. No other one is started any more. */
  async stop(): Promise<void> {
    this.#stopped = true
    await this.#end()
  }

  async #end(): Promise<void> {
    this.#stopping = true
    const child = this.#child
    if (child === undefined) return
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    child.postMessage('stop', [])
    const timer = setTimeout(() => child.kill(), stopTimeout)
    await ended
    clearTimeout(timer)
  }

  /** The system clears the memory of a process that has ended, with every key that was in it. */
  async #replace(): Promise<void> {
    await this.#end()
    if (this.#stopped) return
    this.start()
    this.#setup.onState('replaced')
  }

  /** In milliseconds. */
  #restartDelay(): number {
    return Math.min(restartDelay.first * 2 ** (this.#failures - 1), restartDelay.longest)
  }

  #restart(): void {
    if (this.#stopped) return
    this.start()
    this.#setup.onState('running')
  }
}

/** The main process's end of a port, for `Client` and `serve`. */
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
