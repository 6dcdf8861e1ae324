/**
 * The number of unread messages and open friend requests, for the title, the tray and the badge of the task bar; muted
 * groups do not count. Asks the peer again after every event that may have changed the number, at most once in `delay`.
 */
import type { Friend, Group } from '#protocol'
import type { PeerProcessEvent } from '../ipc/contract.ts'

/** Milliseconds from the first of several events to the count. */
const delay = 150

export interface UnreadCountSetup {
  /** May throw or reject while the peer is not available. */
  friends: () => Promise<Friend[]>
  groups: () => Promise<Group[]>
  onChange: (unread: number) => void
}

export class UnreadCount {
  readonly #setup: UnreadCountSetup
  #timer: NodeJS.Timeout | undefined
  #value = 0

  constructor(setup: UnreadCountSetup) {
    this.#setup = setup
  }

  get value(): number {
    return this.#value
  }

  onEvent(event: PeerProcessEvent): void {
    switch (event.event) {
      case 'message-received':
      case 'message-changed':
      case 'friend-request':
      case 'friend-changed':
      case 'group-changed':
      case 'status':
        this.#timer ??= setTimeout(() => void this.#count(), delay)
        break
      default:
    }
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  /** Nothing while the profile is locked or its process does not run: nothing is known to be unread then. */
  async #ask(): Promise<number> {
    try {
      const [friends, groups] = await Promise.all([this.#setup.friends(), this.#setup.groups()])
      const withFriends = friends.reduce((sum, { state, unread }) => sum + (state === 'incoming' ? 1 : unread), 0)
      return groups.reduce((sum, { muted, unread }) => sum + (muted ? 0 : unread), withFriends)
    } catch {
      return 0
    }
  }

  async #count(): Promise<void> {
    this.#timer = undefined
    const unread = await this.#ask()
    if (unread === this.#value) return
    this.#value = unread
    this.#setup.onChange(unread)
  }
}
