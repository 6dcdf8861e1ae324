/**
 * Transfers on the screen: one block each, updated in place. A block that has scrolled off the screen is printed again
 * only if a person waits for the change; until then the prompt shows the progress. Without a terminal, each new state
 * is a line.
 */
import type { Transfer } from '#protocol'
import { say, showPrompt } from './client.ts'
import type { Client } from './client.ts'
import { canBeSentAgain } from './missing-files.ts'
import { listedTransfer, transferBlock, transferSummary, type ShownTransfer } from './transfer-view.ts'
import { canBeResumed, isOver, waitsForUs } from './transfers.ts'

const listKey = 'transfers'

/** A transfer with what the view needs. One that is over gets no number, except in a list. */
export function shownHere(client: Client, transfer: Transfer, listed = false): ShownTransfer {
  const { friends, transfers } = client
  const needed = listed || !isOver(transfer) || canBeResumed(transfer) || canBeSentAgain(transfer)
  const label = friends.label(transfer.peer)
  const online = friends.get(transfer.peer)?.online === true
  return { transfer, label, online, number: needed ? transfers.numberOf(transfer.id) : undefined }
}

/** Prints the block of a transfer. Later updates replace it in place. */
export function showTransfer(client: Client, transfer: Transfer): void {
  const { screen, hidden } = client
  const shown = shownHere(client, transfer)
  screen.print(screen.terminal ? transferBlock(screen.look, shown) : transferSummary(shown), keyOf(transfer))
  hidden.delete(transfer.id)
}

/**
 * Shows the new state of a transfer: its block changes in place. If that is not possible, it is printed again when the
 * person waits for it or has just `asked` for it with a command.
 */
export function transferChanged(client: Client, transfer: Transfer, asked = false): void {
  const { screen, transfers, hidden } = client
  const before = transfers.put(transfer)
  refreshTransfers(client)
  const changed = hasNewState(before, transfer)
  if (!screen.terminal) {
    if (changed) showTransfer(client, transfer)
    return
  }
  if (screen.replace(keyOf(transfer), transferBlock(screen.look, shownHere(client, transfer))))
    hidden.delete(transfer.id)
  else if (asked || (changed && isAwaited(transfer))) showTransfer(client, transfer)
  else hidden.add(transfer.id)
  if (isOver(transfer)) hidden.delete(transfer.id)
  showPrompt(client)
}

/** Updates the transfers with a friend who came online or went offline: what they wait for has changed. */
export function refreshTransfersWith(client: Client, peer: string): void {
  const { screen, transfers } = client
  if (!screen.terminal) return
  for (const transfer of transfers.open(peer)) {
    screen.replace(keyOf(transfer), transferBlock(screen.look, shownHere(client, transfer)))
  }
  refreshTransfers(client)
}

/** Prints the list. It is updated while it is on the screen. */
export function listTransfers(client: Client): void {
  if (client.transfers.list().length === 0) {
    say(client, 'No transfers yet. /send PATH sends files to the open conversation.')
    return
  }
  client.screen.print(listed(client), listKey)
}

/** Updates the list in place if it is on the screen. */
function refreshTransfers(client: Client): void {
  if (client.transfers.list().length > 0) client.screen.replace(listKey, listed(client))
}

function listed(client: Client): string {
  const lines = client.transfers.list().map((each) => listedTransfer(client.screen.look, shownHere(client, each, true)))
  return lines.join('\n')
}

function keyOf({ id }: Transfer): string {
  return `transfer ${id}`
}

function hasNewState(before: Transfer | undefined, now: Transfer): boolean {
  return before?.state !== now.state || before.pausedBy !== now.pausedBy || before.error?.message !== now.error?.message
}

/** Whether a person waits for this state or has to act on it. */
function isAwaited(transfer: Transfer): boolean {
  return waitsForUs(transfer) || isOver(transfer) || (transfer.state === 'paused' && transfer.pausedBy !== 'me')
}
