/**
 * `quorum receive`: accepts what friends offer, from the named friend or after a question, and waits until it is on
 * disk. It also continues what was accepted before. It does not start or stop the peer.
 */
import { setTimeout } from 'node:timers/promises'
import { byteSize } from '#byte-size'
import { errorToData, QuorumError } from '#protocol'
import type { Transfer } from '#protocol'
import { cleanLine } from '../terminal/sanitize.ts'
import { warningOf, whatOf } from '../terminal/transfer-view.ts'
import { canBeResumed, isComplete, isOver, waitsForUs } from '../terminal/transfers.ts'
import { Follower, type Followed } from './follower.ts'
import { friendNamed } from './friend-named.ts'

export interface ReceiveRequest {
  from: string | undefined
  /** An absolute path; undefined: the folder for downloads. */
  into: string | undefined
  /** When to end. `one`: after the first offer. `all`: when nothing is open. `on`: when interrupted. */
  until: 'one' | 'all' | 'on'
  /** Accept all offers without a question. */
  yes: boolean
  /** Asks on the terminal; the answer is undefined if the person ends the command. Undefined: nobody can be asked. */
  ask: ((question: string) => Promise<boolean | undefined>) | undefined
  /** Waits this many milliseconds. Tests pass another. */
  pause?: (milliseconds: number) => Promise<unknown>
}

const interrupted = 130
/** Time for the last status update to reach the sender (ms). Otherwise it gets it when both are online again. */
const closingDelay = 500

/**
 * Returns the exit code: 0 if everything that was accepted is on disk, 1 if not or if something was declined, 130 if
 * the person ended it before. Errors: those of `friendNamed`; `bad-request` if nobody can be asked.
 */
export async function receive(options: Followed, request: ReceiveRequest): Promise<number> {
  if (request.from === undefined && !request.yes && request.ask === undefined) {
    throw new QuorumError(
      'bad-request',
      'There is no terminal for questions: give --from FRIEND, or --yes for all friends',
    )
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
  /** The PeerId of the friend whose offers are accepted; undefined: all friends. */
  readonly #from: string | undefined
  /** Offers that were declined or could not be accepted. */
  readonly #skipped = new Set<string>()

  constructor(options: Followed, request: ReceiveRequest, follower: Follower) {
    this.#options = options
    this.#request = request
    this.#follower = follower
    const { friends, groups } = follower
    this.#from = request.from === undefined ? undefined : friendNamed(friends, request.from, groups).peer
  }

  async run(): Promise<number> {
    const { signal } = this.#options
    for (;;) {
      const { changed } = this.#follower
      if (signal.aborted) return this.#leave()
      const next = this.#next()
      if (next !== undefined) {
        await this.#take(next)
        continue
      }
      const finished = this.#finished()
      this.#follower.draw(finished ? '' : this.#waiting)
      if (finished) {
        await (this.#request.pause ?? setTimeout)(closingDelay)
        return this.#skipped.size === 0 && this.#allDone() ? 0 : 1
      }
      await changed
    }
  }

  get #accepted(): Transfer[] {
    return this.#follower.followed
  }

  get #waiting(): string {
    const friend = this.#follower.friends.find(({ peer }) => peer === this.#from)
    if (friend === undefined) return 'Waiting for a friend to send something.'
    const label = cleanLine(friend.name)
    return friend.online ? `Waiting for ${label} to send something.` : `Waiting for ${label} to come online.`
  }

  /** The next transfer to accept or continue; undefined if there is none. */
  #next(): Transfer | undefined {
    const enough = this.#request.until === 'one' && this.#accepted.length + this.#skipped.size > 0
    if (enough) return undefined
    const known = new Set([...this.#skipped, ...this.#accepted.map(({ id }) => id)])
    return this.#follower.transfers.find(
      (transfer) =>
        transfer.direction === 'in' &&
        !known.has(transfer.id) &&
        (this.#from === undefined || transfer.peer === this.#from) &&
        (!isOver(transfer) || canBeResumed(transfer)),
    )
  }

  #finished(): boolean {
    const answered = this.#accepted.length + this.#skipped.size > 0
    return this.#request.until !== 'on' && answered && this.#accepted.every(isOver)
  }

  #allDone(): boolean {
    return this.#accepted.every(isComplete)
  }

  /** Accepts or resumes a transfer, after a question where one is due; follows one that already continues. */
  async #take(transfer: Transfer): Promise<void> {
    const { peer, display } = this.#options
    const { label } = this.#follower.shown(transfer)
    const what = `${whatOf(transfer)}, ${byteSize(transfer.bytes)}`
    const resumable = canBeResumed(transfer) || (transfer.state === 'paused' && transfer.pausedBy !== 'them')
    if (!resumable && !waitsForUs(transfer)) {
      display.say(`From ${label}, accepted before: ${what}`)
      this.#follower.follow(transfer)
      return
    }
    const answer = await this.#agrees(transfer, label, what, resumable)
    if (answer === undefined) return
    const { id } = transfer
    try {
      if (resumable && answer) await this.#follower.followCalled(peer.resumeTransfer({ transfer: id }))
      else if (answer) {
        const directory = this.#request.into === undefined ? {} : { directory: this.#request.into }
        await this.#follower.followCalled(peer.acceptTransfer({ transfer: id, ...directory }))
      } else {
        this.#skipped.add(id)
        if (!resumable) await peer.declineTransfer({ transfer: id })
      }
    } catch (error) {
      // The sender may have cancelled it during the question, or the disk has no room for it.
      this.#skipped.add(id)
      const { code, message } = errorToData(error)
      display.say(`! ${cleanLine(message)} (${code})`)
    }
  }

  /** Whether the person accepts; undefined if the person ends the command. */
  async #agrees(transfer: Transfer, label: string, what: string, resumable: boolean): Promise<boolean | undefined> {
    const { display } = this.#options
    const { yes, ask } = this.#request
    display.hold()
    try {
      display.say(resumable ? `From ${label}, started before: ${what}` : `${label} offers you ${what}`)
      if (transfer.note) display.say(`  “${cleanLine(transfer.note)}”`)
      const warning = warningOf(this.#follower.shown(transfer))
      if (warning !== undefined) display.say(`! ${warning}`, 'yellow')
      if (yes || this.#from !== undefined || ask === undefined) return true
      return await ask(resumable ? 'Continue? [y/N] ' : 'Accept? [y/N] ')
    } finally {
      display.release()
    }
  }

  #leave(): number {
    const { display } = this.#options
    const open = this.#accepted.filter((transfer) => !isOver(transfer))
    if (open.length === 0 && this.#request.until === 'on') return this.#allDone() ? 0 : 1
    display.end()
    display.say(
      open.length === 0 ? 'Stopped.' : 'Stopped. Started transfers continue whenever Quorum runs with this profile.',
    )
    return interrupted
  }
}
