/**
 * `quorum send`: offers files to a friend and stays until the friend has them on disk, or until it is clear that this
 * will not be. Without paths it goes on with what was offered before. It starts and stops no peer.
 */
import { byteSize } from '#byte-size'
import { QuorumError } from '#protocol'
import type { Friend, Transfer } from '#protocol'
import { isOver } from '../terminal/transfers.ts'
import { plural } from '../terminal/amounts.ts'
import { whatOf } from '../terminal/transfer-view.ts'
import { Follower, type Followed } from './follower.ts'
import { friendNamed } from './friend-named.ts'

export interface SendRequest {
  /** Absolute. None: go on with what is open. */
  paths: string[]
  to: string | undefined
  note: string | undefined
}

const interrupted = 130

/**
 * The exit code: 0 when the friend has everything, 1 when not, 130 when the person left before.
 * Errors: those of `friendNamed` and `sendFiles`; `bad-request` when there is nothing to do.
 */
export async function send(options: Followed, { paths, to, note }: SendRequest): Promise<number> {
  const { peer, display, signal } = options
  const follower = new Follower(options)
  try {
    await follower.start()
    const friend = to === undefined ? undefined : friendNamed(follower.friends, to)
    if (paths.length === 0) goOn(follower, friend)
    else if (friend === undefined) throw new QuorumError('bad-request', 'To whom? --to FRIEND')
    else {
      const params = { peer: friend.peer, paths }
      await follower.followCalled(peer.sendFiles(note === undefined ? params : { ...params, note }))
    }
    for (const transfer of follower.followed) {
      const { label } = follower.shown(transfer)
      display.say(`For ${label}: ${whatOf(transfer)}, ${byteSize(transfer.bytes)}`)
    }
    for (;;) {
      const { news } = follower
      follower.draw()
      if (follower.followed.every(isOver)) return follower.followed.every(({ state }) => state === 'done') ? 0 : 1
      if (signal.aborted) return leave(options, follower)
      await news
    }
  } finally {
    follower.stop()
  }
}

/** Errors: `bad-request` when nothing waits. */
function goOn(follower: Follower, friend: Friend | undefined): void {
  const open = follower.transfers.filter((transfer) => isOpen(transfer, friend))
  if (open.length === 0) {
    throw new QuorumError('bad-request', 'Nothing is on its way that could go on: give at least one PATH')
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
    `Stopped. ${plural(left, 'transfer')} stays as it is, and goes on whenever Quorum runs with this profile:`,
  )
  display.say('quorum send without a PATH goes on here; /cancel in quorum calls it off.')
  return interrupted
}
