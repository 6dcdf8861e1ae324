/**
 * Runs the profile's embedded node, for friends who have no node: `quorum-node` in a utility process of Electron. Once
 * a person has started it, it runs whenever Quorum runs, until the person ends it.
 */
import { utilityProcess } from 'electron'
import { fileURLToPath } from 'node:url'
import { EmbeddedNode, nodeProgram } from '#embedded-node'
import type { NodeProcess } from '#embedded-node'
import type { EmbeddedNodeStatus } from '../ipc/contract.ts'

/** Time for a clean exit, in milliseconds; after that the process is killed. */
const stopTimeout = 6000

export interface EmbeddedNodeProcessSetup {
  /** The profile's folder. */
  folder: string
  onChange: (status: EmbeddedNodeStatus) => void
  /** The node listens, and the peer can add its addresses. Called at every start. */
  onReady: () => void
}

export class EmbeddedNodeProcess {
  readonly #setup: EmbeddedNodeProcessSetup
  readonly #node: EmbeddedNode
  #trouble: string | undefined

  constructor(setup: EmbeddedNodeProcessSetup) {
    this.#setup = setup
    this.#node = new EmbeddedNode({
      folder: setup.folder,
      launch: launchNode,
      ready: () => {
        this.#trouble = undefined
        setup.onReady()
        setup.onChange(this.status)
      },
      trouble: (why) => {
        this.#trouble = why
        setup.onChange(this.status)
      },
    })
  }

  get status(): EmbeddedNodeStatus {
    const { running, peer } = this.#node
    return {
      state: running ? (peer === undefined ? 'starting' : 'running') : 'off',
      addresses: this.#node.addresses(),
      ...(peer === undefined ? {} : { peer }),
      ...(this.#trouble === undefined ? {} : { trouble: this.#trouble }),
    }
  }

  /** Starts the node if the person has chosen to run one. */
  resume(): void {
    if (this.#node.chosen) this.#node.start()
  }

  run(): EmbeddedNodeStatus {
    this.#node.start()
    this.#setup.onChange(this.status)
    return this.status
  }

  /** Stops the node for good: later starts of Quorum do not start it. */
  async end(): Promise<void> {
    await this.#node.stop()
    this.#node.forget()
    this.#trouble = undefined
    this.#setup.onChange(this.status)
  }

  /** Stops the node; the next start of Quorum starts it again. */
  stop(): Promise<void> {
    return this.#node.stop()
  }
}

function launchNode(args: readonly string[]): NodeProcess {
  const child = utilityProcess.fork(fileURLToPath(nodeProgram), [...args], {
    serviceName: 'Quorum node',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = new Promise<string>((resolve) => child.once('exit', (code) => resolve(`exit code ${code}`)))
  return {
    // They are Node streams; Electron declares only the interface.
    stdout: child.stdout as NodeProcess['stdout'],
    stderr: child.stderr as NodeProcess['stderr'],
    ended,
    end() {
      child.kill()
      const timer = setTimeout(() => {
        if (child.pid !== undefined) process.kill(child.pid, 'SIGKILL')
      }, stopTimeout)
      void ended.then(() => clearTimeout(timer))
    },
  }
}
