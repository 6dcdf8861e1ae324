/**
 * Transfers on the screen: a block each, brought up to date where it stands. What has scrolled away is told anew only
 * when a person waits for it; until then the prompt says how far it is. Without a terminal: a line for each new state.
 */
import type { Transfer } from '#protocol'
import { say, showPrompt } from './client.ts'
import type { Client } from './client.ts'
import { listedTransfer, transferBlock, transferNews, type ShownTransfer } from './transfer-view.ts'
import { canBeResumed, isOver, waitsForUs } from './transfers.ts'

const listKey = 'transfers'

/** A transfer as it is shown here. What is over needs no number, unless a list gives it one. */
export function shownHere(client: Client, transfer: Transfer, listed = false): ShownTransfer {
  const { friends, transfers } = client
  const needed = listed || !isOver(transfer) || canBeResumed(transfer)
  const label = friends.label(transfer.peer)
  const online = friends.get(transfer.peer)?.online === true
  return { transfer, label, online, number: needed ? transfers.numberOf(transfer.id) : undefined }
}

/** Prints the block of a transfer; later it is replaced in place. */
export function showTransfer(client: Client, transfer: Transfer): void {
  const { screen, hidden } = client
  const shown = shownHere(client, transfer)
  screen.print(screen.terminal ? transferBlock(screen.look, shown) : transferNews(shown), keyOf(transfer))
  hidden.delete(transfer.id)
}

/**
 * Something about a transfer is new, or somebody here has just `asked` for it. Its block changes in place; where that
 * is not possible, what a person waits for is printed again.
 */
export function transferChanged(client: Client, transfer: Transfer, asked = false): void {
  const { screen, transfers, hidden } = client
  const before = transfers.put(transfer)
  refreshTransfers(client)
  const news = isNews(before, transfer)
  if (!screen.terminal) {
    if (news) showTransfer(client, transfer)
    return
  }
  if (screen.replace(keyOf(transfer), transferBlock(screen.look, shownHere(client, transfer))))
    hidden.delete(transfer.id)
  else if (asked || (news && isAwaited(transfer))) showTransfer(client, transfer)
  else hidden.add(transfer.id)
  if (isOver(transfer)) hidden.delete(transfer.id)
  showPrompt(client)
}

/** The friend came or went: what their transfers wait for is another thing now. */
export function refreshTransfersWith(client: Client, peer: string): void {
  const { screen, transfers } = client
  if (!screen.terminal) return
  for (const transfer of transfers.open(peer)) {
    screen.replace(keyOf(transfer), transferBlock(screen.look, shownHere(client, transfer)))
  }
  refreshTransfers(client)
}

/** Prints the list, which stays up to date for as long as it is on the screen. */
export function listTransfers(client: Client): void {
  if (client.transfers.list().length === 0) {
    say(client, 'No files yet. /send PATH sends some to whom you talk with.')
    return
  }
  client.screen.print(listed(client), listKey)
}

/** Before what is sent, so that a list has all of it. */
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

function isNews(before: Transfer | undefined, now: Transfer): boolean {
  return before?.state !== now.state || before.pausedBy !== now.pausedBy || before.error?.message !== now.error?.message
}

/** A person waits for this, or has to act on it. */
function isAwaited(transfer: Transfer): boolean {
  return waitsForUs(transfer) || isOver(transfer) || (transfer.state === 'paused' && transfer.pausedBy !== 'me')
}
