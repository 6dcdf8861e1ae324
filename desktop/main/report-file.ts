/** Saves a problem report to a file that the person chooses, with the counts of the running peer. */
import { app, dialog, shell } from 'electron'
import type { BrowserWindow } from 'electron'
import path from 'node:path'
import { QuorumError } from '#protocol'
import { buildReport, countsOf, reportName, settingsOf, writeReport } from '#report'
import type { Counts } from '#report'
import type { Preferences } from '../ipc/contract.ts'
import type { PeerClient } from './peer-process.ts'

export class ReportFile {
  readonly #folder: string
  readonly #settings: () => Preferences
  readonly #client: () => PeerClient
  #saved: string | undefined

  /** `folder`: the profile's folder. `client`: throws `cancelled` while the peer process does not run. */
  constructor(folder: string, settings: () => Preferences, client: () => PeerClient) {
    this.#folder = folder
    this.#settings = settings
    this.#client = client
  }

  /** False when the person cancelled the dialog. Errors: `disk-full`, `not-writable`. */
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
    // The dialog has asked before it returned the name of an existing file.
    writeReport(filePath, text, { replace: true })
    this.#saved = filePath
    return true
  }

  /** Errors: `not-found`. */
  show(): void {
    if (this.#saved === undefined) throw new QuorumError('not-found', 'No report was saved')
    shell.showItemInFolder(this.#saved)
  }

  /** If the peer does not run, a report is most useful, so it is then written without the counts. */
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
