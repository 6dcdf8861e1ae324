/**
 * The message ports of the page: one to the main process and one to the peer process. Both reach the page through the
 * preload script, which also asks for the ids of files that it has submitted (given-files.ts), and passes pictures that
 * are no files (pasted-pictures.ts).
 */
import { ipcMain, MessageChannelMain } from 'electron'
import type { IpcMainInvokeEvent, MessagePortMain, WebContents } from 'electron'
import { z } from 'zod'
import { errorToData, QuorumError } from '#protocol'
import type { MainEvent, StagedFile, StagedResult } from '../ipc/contract.ts'
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
  /** Holds a picture for sending. */
  stagePicture: (bytes: Uint8Array) => Promise<StagedFile[]>
}

export class WindowPorts {
  readonly #setup: WindowPortsSetup
  #send: (event: MainEvent) => void = () => undefined

  constructor(setup: WindowPortsSetup) {
    this.#setup = setup
    ipcMain.handle('stage', (event, form) => asResult(this.#stage(event, form)))
    ipcMain.handle('stage-picture', (event, bytes) => asResult(this.#stagePicture(event, bytes)))
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
    const form = z.uuid().safeParse(given)
    if (!isFromPage(event) || !form.success) throw new QuorumError('bad-request', 'No files were dropped')
    return this.#setup.stage(form.data)
  }

  /** Errors: the same, and those of PastedPictures. */
  async #stagePicture(event: IpcMainInvokeEvent, bytes: unknown): Promise<StagedFile[]> {
    if (!isFromPage(event) || !(bytes instanceof Uint8Array)) throw new QuorumError('bad-request', 'This is no picture')
    return this.#setup.stagePicture(bytes)
  }
}

function asResult(staged: Promise<StagedFile[]>): Promise<StagedResult> {
  return staged.then(
    (files) => ({ staged: files }),
    (error: unknown) => ({ staged: [], error: errorToData(error) }),
  )
}

function isFromPage({ senderFrame }: IpcMainInvokeEvent): boolean {
  return senderFrame?.origin === pageOrigin && senderFrame.parent === null
}
