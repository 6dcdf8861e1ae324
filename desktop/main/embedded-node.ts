/**
 * The node that runs inside the profile, for friends who have none: `quorum-node` in a utility process of its own, and the
 * peer told of its addresses whenever it starts. Chosen once, it runs at every start until it is ended here.
 */
import { utilityProcess } from 'electron'
import { fileURLToPath } from 'node:url'
import { EmbeddedNode, nodeProgram } from '#embedded-node'
import type { NodeProcess } from '#embedded-node'
import type { EmbeddedNodeStatus } from '../ipc/contract.ts'

/** A clean end of the process; then it is killed. Milliseconds. */
const cleanEnd = 6000

export interface NodeHereSetup {
  folder: string
  onChange: (node: EmbeddedNodeStatus) => void
  /** The peer is to use these addresses. */
  onReady: (addresses: readonly string[]) => void
}

export class NodeRunner {
  readonly #setup: NodeHereSetup
  readonly #node: EmbeddedNode
  #trouble: string | undefined

  constructor(setup: NodeHereSetup) {
    this.#setup = setup
    this.#node = new EmbeddedNode({
      folder: setup.folder,
      launch: launchNode,
      ready: () => {
        this.#trouble = undefined
        setup.onReady(this.#node.addresses())
        setup.onChange(this.view)
      },
      trouble: (why) => {
        this.#trouble = why
        setup.onChange(this.view)
      },
    })
  }

  get view(): EmbeddedNodeStatus {
    const { running, peer } = this.#node
    return {
      state: running ? (peer === undefined ? 'starting' : 'running') : 'off',
      addresses: this.#node.addresses(),
      ...(peer === undefined ? {} : { peer }),
      ...(this.#trouble === undefined ? {} : { trouble: this.#trouble }),
    }
  }

  /** Runs it if a person chose that before. */
  resume(): void {
    if (this.#node.chosen) this.#node.start()
  }

  run(): EmbeddedNodeStatus {
    this.#node.start()
    this.#setup.onChange(this.view)
    return this.view
  }

  /** Later starts run none either. Returns what the peer is to forget. */
  async end(): Promise<string[]> {
    const addresses = this.#node.addresses()
    await this.#node.stop()
    this.#node.forget()
    this.#trouble = undefined
    this.#setup.onChange(this.view)
    return addresses
  }

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
    // Node streams in truth; Electron's types name only the interface.
    stdout: child.stdout as NodeProcess['stdout'],
    stderr: child.stderr as NodeProcess['stderr'],
    ended,
    end() {
      child.kill()
      const timer = setTimeout(() => {
        if (child.pid !== undefined) process.kill(child.pid, 'SIGKILL')
      }, cleanEnd)
      void ended.then(() => clearTimeout(timer))
    },
  }
}
