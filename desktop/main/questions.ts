/**
 * Asks the person, in a dialog of the system. What a page must not decide is asked here and not in the page: a page
 * whose process runs foreign code can make every call, but it can neither draw nor answer these dialogs.
 */
import { dialog } from 'electron'
import type { BrowserWindow } from 'electron'
import type { Catalogue } from '../text/catalogue.ts'

export interface Question {
  message: string
  detail: string
  /** Verbs. Cancel is added, and is what Enter and Escape choose. */
  actions: readonly string[]
}

export interface QuestionsSetup {
  /** Undefined before there is a window. */
  window: () => BrowserWindow | undefined
  text: () => Catalogue
}

export class Questions {
  readonly #setup: QuestionsSetup
  #open: AbortController | undefined

  constructor(setup: QuestionsSetup) {
    this.#setup = setup
  }

  /**
   * Returns the action that the person chose; undefined for Cancel, and also while another question is open: a page
   * cannot pile up dialogs until one is answered by mistake.
   */
  async ask({ message, detail, actions }: Question): Promise<string | undefined> {
    const window = this.#setup.window()
    if (window === undefined || this.#open !== undefined) return undefined
    const open = new AbortController()
    this.#open = open
    try {
      const { response } = await dialog.showMessageBox(window, {
        type: 'question',
        message,
        detail,
        buttons: [this.#setup.text().common.cancel, ...actions],
        defaultId: 0,
        cancelId: 0,
        noLink: true,
        signal: open.signal,
      })
      return open.signal.aborted ? undefined : actions[response - 1]
    } finally {
      if (this.#open === open) this.#open = undefined
    }
  }

  /** Closes the open question, as if the person had cancelled it: the page that caused it is gone. */
  withdraw(): void {
    this.#open?.abort()
  }
}
