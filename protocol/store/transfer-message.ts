/**
 * What the rooms chat and file agree on without importing each other: a message that carries an offer of files or a
 * status update of a transfer is stored in one transaction with what it changes about the transfer.
 */

import type { Draft } from './store.ts'

/** What an own message about a transfer says. */
export type AboutTransfer = Required<Pick<Draft, 'transfer' | 'content' | 'text'>>

/** A received message about a transfer: what is stored of it, and what follows when that is on the disk. */
export interface TransferMessage {
  /** Id of the transfer. */
  transfer: string
  /** Shown in the conversation; empty for a status update. */
  text: string
  /** The paths of the first files of an offer, by which the search finds it. */
  files?: readonly string[]
  /** Called once, after the transaction is committed; not called if it was undone. */
  announce(): void
}

/** Runs within the transaction that queues an own message, with its id. If it throws, both are undone. */
export type OnQueued = (message: string) => void
