/**
 * What callers see of the files of a transfer, as it is stored. It is bounded, however many files a friend offers: it
 * is made once from their list (file/summary.ts), and the list is not read to show a transfer.
 */

/** What a person should know about a file before they open it, from its name alone (file/name-risk.ts). */
export type FileRisk =
  /** A program or a script: opening it runs it. */
  | 'program'
  /** Opening it starts something else, which its name and icon hide. */
  | 'launcher'
  /** One of the two, and it pretends to be something else. */
  | 'disguised'
  /** Its name has invisible characters, or some that change the order of the others. */
  | 'hidden'

/** How many files have a risk, and the path of the first of them. */
export type FileRisks = Partial<Record<FileRisk, { count: number; path: string }>>

/** What is in a folder that was chosen and does not arrive, although the others do. */
export interface MissingFile {
  /** As in `TransferFile`. Characters that are no text are replaced. Foreign text. */
  path: string
  why: MissingReason
}

export type MissingReason =
  /** It could not be read when the others were offered. */
  | 'unreadable'
  /** Its name is no text. */
  | 'name'
  /** It does not tell its size, as files of /proc do not. */
  | 'size'
  /** It is a link to a file or folder, which is not followed: what it leads to was not chosen. */
  | 'link'
  /** It is a pipe, a socket or a device. */
  | 'special'
  /** It was changed, moved or removed after it was offered, or cannot be read any more. */
  | 'changed'

export interface TransferSummary {
  name: string
  note: string
  /** Entries of the manifest, their bytes, and how many roots (files and folders that were chosen) are known. */
  count: number
  bytes: number
  roots: number
  /** The first entries; `missing`: it does not arrive. */
  files: { path: string; size: number; risk?: FileRisk; missing?: boolean }[]
  risks: FileRisks
  /** What could not be offered: the first ones, and how many in all. */
  leftOut: MissingFile[]
  leftOutCount: number
  /** Entries that changed since they were offered: the paths of the first ones, how many in all, and their bytes. */
  changed: string[]
  changedCount: number
  changedBytes: number
}
