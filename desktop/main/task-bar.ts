/** How far all moving transfers are together, as a bar in the system's task bar; none while nothing moves. */
import type { Transfer } from '#protocol'
import type { PeerProcessEvent } from '../ipc/contract.ts'

/** What Electron takes for no bar at all. */
const none = -1

export class TaskBarProgress {
  readonly #show: (share: number) => void
  readonly #moving = new Map<string, Transfer>()

  /** `show` takes 0 to 1, or -1. */
  constructor(show: (share: number) => void) {
    this.#show = show
  }

  heard(news: PeerProcessEvent): void {
    switch (news.event) {
      case 'transfer-changed': {
        const { id, state } = news.data
        if (state === 'active') this.#moving.set(id, news.data)
        else this.#moving.delete(id)
        return this.#draw()
      }
      case 'status':
        this.#moving.clear()
        return this.#draw()
      default:
    }
  }

  #draw(): void {
    let [bytes, done] = [0, 0]
    for (const transfer of this.#moving.values()) {
      bytes += transfer.bytes
      done += transfer.doneBytes
    }
    this.#show(bytes === 0 ? none : done / bytes)
  }
}
