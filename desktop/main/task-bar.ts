/** The common progress of all active transfers, as a bar in the system's task bar. No bar while none is active. */
import type { Transfer } from '#protocol'
import type { PeerProcessEvent } from '../ipc/contract.ts'

/** Removes the bar (Electron, BrowserWindow.setProgressBar). */
const noBar = -1

export class TaskBarProgress {
  readonly #show: (share: number) => void
  readonly #active = new Map<string, Transfer>()

  /** `show`: receives the done share, 0 to 1; -1: no bar. */
  constructor(show: (share: number) => void) {
    this.#show = show
  }

  onEvent(event: PeerProcessEvent): void {
    switch (event.event) {
      case 'transfer-changed': {
        const { id, state } = event.data
        if (state === 'active') this.#active.set(id, event.data)
        else this.#active.delete(id)
        return this.#draw()
      }
      case 'status':
        this.#active.clear()
        return this.#draw()
      default:
    }
  }

  #draw(): void {
    let [bytes, done] = [0, 0]
    for (const transfer of this.#active.values()) {
      bytes += transfer.bytes
      done += transfer.doneBytes
    }
    this.#show(bytes === 0 ? noBar : done / bytes)
  }
}
