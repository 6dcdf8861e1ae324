/**
 * `quorum receive`: accepts what friends offer, from the friend named or after asking, and stays until it is on disk.
 * It also goes on with what was accepted before. It starts and stops no peer.
 */
import { setTimeout } from 'node:timers/promises'
import { byteSize } from '#byte-size'
import { errorToData, QuorumError } from '#protocol'
import type { Transfer } from '#protocol'
import { cleanLine } from '../terminal/sanitize.ts'
import { warningOf, whatOf } from '../terminal/transfer-view.ts'
import { canBeResumed, isOver, waitsForUs } from '../terminal/transfers.ts'
import { Follower, type Followed } from './follower.ts'
import { friendNamed } from './friend-named.ts'

export interface ReceiveRequest {
  from: string | undefined
  /** Absolute; without, the folder for downloads. */
  into: string | undefined
  /** `one`: the first offer only. `all`: until nothing is open. `on`: until interrupted. */
  until: 'one' | 'all' | 'on'
  /** Accept without asking. */
  yes: boolean
  /** Asks on the terminal; undefined where the person leaves instead. Absent: there is nobody to ask. */
  ask: ((question: string) => Promise<boolean | undefined>) | undefined
  /** Resolves after so many milliseconds. */
  pause?: (milliseconds: number) => Promise<unknown>
}

const interrupted = 130
/** What we did is told to the sender in this time, in milliseconds; else it learns it when both are online again. */
const farewell = 500

/**
 * The exit code: 0 when everything that was taken is on disk, 1 when not or declined, 130 when the person left before.
 * Errors: those of `friendNamed`; `bad-request` when there is nobody to ask.
 */
export async function receive(options: Followed, request: ReceiveRequest): Promise<number> {
  if (request.from === undefined && !request.yes && request.ask === undefined) {
    throw new QuorumError('bad-request', 'Nobody is here to be asked: give --from FRIEND, or --yes for all friends')
  }
  const follower = new Follower(options)
  try {
    await follower.start()
    return await new Receiving(options, request, follower).run()
  } finally {
    follower.stop()
  }
}

class Receiving {
  readonly #options: Followed
  readonly #request: ReceiveRequest
  readonly #follower: Follower
  /** PeerId of whom we take from; undefined: from all. */
  readonly #from: string | undefined
  /** Offers that were declined, or that cannot be taken. */
  readonly #passed = new Set<string>()

  constructor(options: Followed, request: ReceiveRequest, follower: Follower) {
    this.#options = options
    this.#request = request
    this.#follower = follower
    this.#from = request.from === undefined ? undefined : friendNamed(follower.friends, request.from).peer
  }

  async run(): Promise<number> {
    const { signal } = this.#options
    for (;;) {
      const { news } = this.#follower
      if (signal.aborted) return this.#leave()
      const next = this.#next()
      if (next !== undefined) {
        await this.#take(next)
        continue
      }
      const finished = this.#finished()
      this.#follower.draw(finished ? '' : this.#waiting)
      if (finished) {
        await (this.#request.pause ?? setTimeout)(farewell)
        return this.#passed.size === 0 && this.#allDone() ? 0 : 1
      }
      await news
    }
  }

  get #taken(): Transfer[] {
    return this.#follower.followed
  }

  get #waiting(): string {
    const friend = this.#follower.friends.find(({ peer }) => peer === this.#from)
    if (friend === undefined) return 'Waiting for a friend to send something.'
    const label = cleanLine(friend.name)
    return friend.online ? `Waiting for ${label} to send something.` : `Waiting for ${label} to come online.`
  }

  /** What is to be taken next, if anything is. */
  #next(): Transfer | undefined {
    const enough = this.#request.until === 'one' && this.#taken.length + this.#passed.size > 0
    if (enough) return undefined
    const known = new Set([...this.#passed, ...this.#taken.map(({ id }) => id)])
    return this.#follower.transfers.find(
      (transfer) =>
        transfer.direction === 'in' &&
        !known.has(transfer.id) &&
        (this.#from === undefined || transfer.peer === this.#from) &&
        (!isOver(transfer) || canBeResumed(transfer)),
    )
  }

  #finished(): boolean {
    const answered = this.#taken.length + this.#passed.size > 0
    return this.#request.until !== 'on' && answered && this.#taken.every(isOver)
  }

  #allDone(): boolean {
    return this.#taken.every(({ state }) => state === 'done')
  }

  /** Accepts, resumes, or just follows what goes on already; asks before where it has to. */
  async #take(transfer: Transfer): Promise<void> {
    const { peer, display } = this.#options
    const { label } = this.#follower.shown(transfer)
    const what = `${whatOf(transfer)}, ${byteSize(transfer.bytes)}`
    const held = canBeResumed(transfer) || (transfer.state === 'paused' && transfer.pausedBy !== 'them')
    if (!held && !waitsForUs(transfer)) {
      display.say(`From ${label}, accepted before: ${what}`)
      this.#follower.follow(transfer)
      return
    }
    const answer = await this.#agrees(transfer, label, what, held)
    if (answer === undefined) return
    const { id } = transfer
    try {
      if (held && answer) await this.#follower.followCalled(peer.resumeTransfer({ transfer: id }))
      else if (answer) {
        const directory = this.#request.into === undefined ? {} : { directory: this.#request.into }
        await this.#follower.followCalled(peer.acceptTransfer({ transfer: id, ...directory }))
      } else {
        this.#passed.add(id)
        if (!held) await peer.declineTransfer({ transfer: id })
      }
    } catch (error) {
      // It may have been called off while the question stood there, or there is no room for it.
      this.#passed.add(id)
      const { code, message } = errorToData(error)
      display.say(`! ${cleanLine(message)} (${code})`)
    }
  }

  /** Undefined: the person leaves. */
  async #agrees(transfer: Transfer, label: string, what: string, held: boolean): Promise<boolean | undefined> {
    const { display } = this.#options
    const { yes, ask } = this.#request
    display.hold()
    try {
      display.say(held ? `From ${label}, begun before: ${what}` : `${label} offers you ${what}`)
      if (transfer.note) display.say(`  “${cleanLine(transfer.note)}”`)
      const warning = warningOf(this.#follower.shown(transfer))
      if (warning !== undefined) display.say(`! ${warning}`, 'yellow')
      if (yes || this.#from !== undefined || ask === undefined) return true
      return await ask(held ? 'Go on with it? [y/N] ' : 'Accept? [y/N] ')
    } finally {
      display.release()
    }
  }

  #leave(): number {
    const { display } = this.#options
    const open = this.#taken.filter((transfer) => !isOver(transfer))
    if (open.length === 0 && this.#request.until === 'on') return this.#allDone() ? 0 : 1
    display.end()
    display.say(open.length === 0 ? 'Stopped.' : 'Stopped. What has begun stays, and goes on whenever Quorum runs.')
    return interrupted
  }
}
