/**
 * How much is unread, wherever the system shows it: the title, the tray, the badge of the task bar. Asks the peer again
 * after anything that may have changed it, at most a few times a second.
 */
import type { Friend } from '#protocol'
import type { PeerProcessEvent } from '../ipc/contract.ts'

/** Milliseconds after the first of several events. */
const settle = 150

export interface AttentionSetup {
  friends: () => Promise<Friend[]>
  onChange: (unread: number) => void
}

export class Attention {
  readonly #setup: AttentionSetup
  #timer: NodeJS.Timeout | undefined
  #unread = 0

  constructor(setup: AttentionSetup) {
    this.#setup = setup
  }

  get unread(): number {
    return this.#unread
  }

  heard(news: PeerProcessEvent): void {
    switch (news.event) {
      case 'message-received':
      case 'message-changed':
      case 'friend-request':
      case 'friend-changed':
      case 'status':
        this.#timer ??= setTimeout(() => void this.#count(), settle)
        break
      default:
    }
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  async #count(): Promise<void> {
    this.#timer = undefined
    // While the profile is locked or its process is away, nothing is known to be unread.
    const friends = await this.#setup.friends().catch(() => [])
    const unread = friends.reduce((sum, { state, unread }) => sum + (state === 'incoming' ? 1 : unread), 0)
    if (unread === this.#unread) return
    this.#unread = unread
    this.#setup.onChange(unread)
  }
}
