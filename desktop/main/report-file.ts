/** "Save a report" in the window: where the person wants it, with what the running peer can count. */
import { app, dialog, shell } from 'electron'
import type { BrowserWindow } from 'electron'
import path from 'node:path'
import { QuorumError } from '#protocol'
import { buildReport, countsOf, reportName, settingsOf, writeReport } from '#report'
import type { Counts } from '#report'
import type { Preferences } from '../ipc/contract.ts'
import type { ShellClient } from './peer-process.ts'

export class ReportFile {
  readonly #folder: string
  readonly #settings: () => Preferences
  readonly #client: () => ShellClient
  #saved: string | undefined

  /** `folder` of the profile; `client` as of now, with the error `cancelled` while there is none. */
  constructor(folder: string, settings: () => Preferences, client: () => ShellClient) {
    this.#folder = folder
    this.#settings = settings
    this.#client = client
  }

  /** False when the person called it off. Errors: `disk-full`, `not-writable`. */
  async save(window: BrowserWindow): Promise<boolean> {
    const now = Date.now()
    const { canceled, filePath } = await dialog.showSaveDialog(window, {
      defaultPath: path.join(app.getPath('documents'), reportName(now)),
      properties: ['showOverwriteConfirmation', 'createDirectory'],
    })
    if (canceled || filePath === '') return false
    const folder = this.#folder
    const settings = settingsOf(folder, this.#settings())
    const { text } = buildReport({ folder, settings, counts: await this.#counts(), now })
    // The system has asked whether a file that is there may be replaced.
    writeReport(filePath, text, { replace: true })
    this.#saved = filePath
    return true
  }

  /** Errors: `not-found`. */
  show(): void {
    if (this.#saved === undefined) throw new QuorumError('not-found', 'No report was saved')
    shell.showItemInFolder(this.#saved)
  }

  /** A report is wanted most where the peer does not run: then it does without. */
  async #counts(): Promise<Counts | string> {
    try {
      const client = this.#client()
      return await countsOf({
        friends: () => client.call('friends'),
        self: () => client.call('self'),
        connection: (params) => client.call('connection', params),
      })
    } catch (error) {
      const code = error instanceof QuorumError ? error.code : 'internal'
      return `Nothing is counted: the peer does not answer (${code}).`
    }
  }
}
