/**
 * `quorum send`: offers files to a friend and waits until the friend has them on disk or the transfer has failed.
 * Without paths it continues what was offered before. It does not start or stop the peer.
 */
import { byteSize } from '#byte-size'
import { QuorumError } from '#protocol'
import type { Friend, Transfer } from '#protocol'
import { isComplete, isOver } from '../terminal/transfers.ts'
import { plural } from '../terminal/amounts.ts'
import { whatOf } from '../terminal/transfer-view.ts'
import { Follower, type Followed } from './follower.ts'
import { friendNamed } from './friend-named.ts'

export interface SendRequest {
  /** Absolute paths. Empty: continue the open transfers. */
  paths: string[]
  to: string | undefined
  note: string | undefined
}

const interrupted = 130

/**
 * Returns the exit code: 0 if the friend has everything, 1 if not, 130 if the person ended it before.
 * Errors: those of `friendNamed` and `sendFiles`; `bad-request` if there is nothing to do.
 */
export async function send(options: Followed, { paths, to, note }: SendRequest): Promise<number> {
  const { peer, display, signal } = options
  const follower = new Follower(options)
  try {
    await follower.start()
    const friend = to === undefined ? undefined : friendNamed(follower.friends, to, follower.groups)
    if (paths.length === 0) continueOpen(follower, friend)
    else if (friend === undefined) throw new QuorumError('bad-request', 'No friend is named: give --to FRIEND')
    else {
      const params = { peer: friend.peer, paths }
      await follower.followCalled(peer.sendFiles(note === undefined ? params : { ...params, note }))
    }
    for (const transfer of follower.followed) {
      const { label } = follower.shown(transfer)
      display.say(`For ${label}: ${whatOf(transfer)}, ${byteSize(transfer.bytes)}`)
    }
    for (;;) {
      const { changed } = follower
      follower.draw()
      if (follower.followed.every(isOver)) return follower.followed.every(isComplete) ? 0 : 1
      if (signal.aborted) return leave(options, follower)
      await changed
    }
  } finally {
    follower.stop()
  }
}

/** Follows the open transfers. Errors: `bad-request` if there are none. */
function continueOpen(follower: Follower, friend: Friend | undefined): void {
  const open = follower.transfers.filter((transfer) => isOpen(transfer, friend))
  if (open.length === 0) {
    throw new QuorumError('bad-request', 'There is no open transfer to continue: give at least one PATH')
  }
  for (const transfer of open) follower.follow(transfer)
}

function isOpen(transfer: Transfer, friend: Friend | undefined): boolean {
  return transfer.direction === 'out' && !isOver(transfer) && (friend === undefined || transfer.peer === friend.peer)
}

function leave({ display }: Followed, follower: Follower): number {
  display.end()
  const left = follower.followed.filter((transfer) => !isOver(transfer)).length
  display.say(
    `Stopped. ${plural(left, 'transfer')} not finished. Transfers continue whenever Quorum runs with this profile:`,
  )
  display.say('“quorum send” without a PATH continues here; /cancel in quorum cancels.')
  return interrupted
}
