/**
 * The message ports of the page: one to the main process and one to the peer process. Both reach the page through the
 * preload script, which also asks for the ids of files that it has submitted (given-files.ts).
 */
import { ipcMain, MessageChannelMain } from 'electron'
import type { IpcMainInvokeEvent, MessagePortMain, WebContents } from 'electron'
import { z } from 'zod'
import { errorToData, QuorumError } from '#protocol'
import type { MainEvent, StagedFile } from '../ipc/contract.ts'
import { serve } from '../ipc/rpc.ts'
import { pageOrigin } from './page-protocol.ts'
import { wireOf } from './peer-process.ts'

export interface WindowPortsSetup {
  /** Undefined while there is no page. */
  contents: () => WebContents | undefined
  /** A new port to the peer process; undefined while that does not run. */
  peerPort: () => MessagePortMain | undefined
  /** Runs a call of the page (main-calls.ts). */
  handle: (name: string, params: unknown) => Promise<unknown>
  /** Holds the files of a form for sending. */
  stage: (form: string) => Promise<StagedFile[]>
}

export class WindowPorts {
  readonly #setup: WindowPortsSetup
  #send: (event: MainEvent) => void = () => undefined

  constructor(setup: WindowPortsSetup) {
    this.#setup = setup
    ipcMain.handle('stage', (event, form) => this.#stage(event, form))
  }

  /** Sends an event to the page; does nothing before the first page. */
  send(event: MainEvent): void {
    this.#send(event)
  }

  /** The page has been loaded: gives it both ports. */
  connect(): void {
    const contents = this.#setup.contents()
    if (contents === undefined) return
    const { port1, port2 } = new MessageChannelMain()
    this.#send = serve(wireOf(port1), { handle: this.#setup.handle, describe: errorToData })
    contents.postMessage('port', 'main', [port2])
    this.connectPeer()
  }

  /** The peer process has been started: gives the page a port to it. */
  connectPeer(): void {
    const port = this.#setup.peerPort()
    if (port !== undefined) this.#setup.contents()?.postMessage('port', 'peer', [port])
  }

  /** Errors: `bad-request` unless the request is from the page itself, not from a frame or another origin. */
  async #stage(event: IpcMainInvokeEvent, given: unknown): Promise<StagedFile[]> {
    const fromPage = event.senderFrame?.origin === pageOrigin && event.senderFrame.parent === null
    const form = z.uuid().safeParse(given)
    if (!fromPage || !form.success) throw new QuorumError('bad-request', 'No files were dropped')
    return this.#setup.stage(form.data)
  }
}
