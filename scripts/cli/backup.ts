/**
 * `quorum backup` and `quorum restore`: a profile in one encrypted file, and back. On a terminal they ask for what
 * neither an option nor the environment gives. The words of a backup are printed once, and stored nowhere.
 */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { readBounded } from '#bounded-file'
import { backupOpensWith, exportBackup, importBackup, QuorumError, toError } from '#protocol'
import { openAsking } from './open-peer.ts'
import { givenPassphrase } from './profile.ts'
import { askSecret } from './terminal/ask.ts'
import type { ScreenStreams } from './terminal/screen.ts'

/** Bytes of a file with 24 words, however they are laid out. */
const longestWords = 4096
const columns = 4

export interface BackupPlaces {
  /** The profile's folder. */
  folder: string
  /** The profile as the person typed it. */
  profile: string
  /** The file of the backup. */
  file: string
  json: boolean
  /** The terminal to ask on; undefined: there is nobody. */
  asking: ScreenStreams | undefined
  /** Shows how far it is, in percent. */
  progress: (percent: number) => void
}

interface BackupOptions extends BackupPlaces {
  /** Of the profile. */
  passphrase: string | undefined
  /** Ask for a passphrase for the backup, in place of words. */
  withPassphrase: boolean
  backupPassphraseFile: string | undefined
}

interface RestoreOptions extends BackupPlaces {
  wordsFile: string | undefined
  passphraseFile: string | undefined
  newPassphraseFile: string | undefined
  replace: boolean
}

/** Returns the text for standard output. Errors: `not-found`, `bad-request`, `cancelled`, those of the store. */
export async function makeBackup(options: BackupOptions): Promise<string> {
  const { folder, profile, file, json, asking, backupPassphraseFile, withPassphrase } = options
  if (!existsSync(path.join(folder, 'store.key'))) throw new QuorumError('not-found', `There is no profile ${profile}`)
  const store = await openAsking(folder, options.passphrase, asking)
  try {
    const passphrase =
      backupPassphraseFile !== undefined
        ? givenPassphrase(backupPassphraseFile, {})
        : withPassphrase
          ? await askTwice(asking, 'Passphrase for the backup', '--backup-passphrase-file FILE')
          : undefined
    const made = await exportBackup(store, { path: file, passphrase, onProgress: percentOf(options.progress) })
    if (json) return `${JSON.stringify(made)}\n`
    const done = `The backup is in ${made.path}\n`
    return made.words === undefined ? done : `${done}\n${laidOut(made.words)}\n${keepWords}`
  } finally {
    store.close()
  }
}

/** Returns the text for standard output. Errors: `bad-request`, `cancelled`, and those of `importBackup`. */
export async function restoreBackup(options: RestoreOptions): Promise<string> {
  const { folder, file, json, asking, newPassphraseFile, replace, progress } = options
  const secret = await secretFor(options)
  const newPassphrase =
    newPassphraseFile !== undefined
      ? givenPassphrase(newPassphraseFile, {})
      : asking === undefined
        ? undefined
        : (await askTwice(asking, 'Passphrase for the profile here (Enter for none)', '')) || undefined
  const given = { directory: folder, path: file, ...secret, replace, onProgress: percentOf(progress) }
  const restored = await importBackup(newPassphrase === undefined ? given : { ...given, newPassphrase })
  if (json) return `${JSON.stringify({ ...restored, profile: folder })}\n`
  const day = new Date(restored.createdAt).toISOString().slice(0, 10)
  return `The profile of ${day} is in ${folder}\n${oneOnly}`
}

async function secretFor(options: RestoreOptions): Promise<{ words: string } | { passphrase: string }> {
  const { file, wordsFile, passphraseFile, asking } = options
  if (wordsFile !== undefined && passphraseFile !== undefined) {
    throw new QuorumError('bad-request', 'Give --words-file or --passphrase-file, not both')
  }
  if (wordsFile !== undefined) return { words: wordsIn(wordsFile) }
  if (passphraseFile !== undefined) return { passphrase: givenPassphrase(passphraseFile, {}) ?? '' }
  const kind = await backupOpensWith(file)
  if (asking === undefined) throw new QuorumError('bad-request', `Give --${kind}-file FILE: this backup needs it`)
  const typed = await asked(asking, kind === 'words' ? 'The 24 words: ' : 'Passphrase of the backup: ')
  return kind === 'words' ? { words: typed } : { passphrase: typed }
}

function wordsIn(file: string): string {
  try {
    return readBounded(file, longestWords)
  } catch (cause) {
    const message = `The file with the words cannot be read: ${file}: ${toError(cause).message}`
    throw new QuorumError('bad-request', message, { cause })
  }
}

async function asked(asking: ScreenStreams, question: string): Promise<string> {
  const typed = await askSecret(asking, question)
  if (typed === undefined) throw new QuorumError('cancelled', 'Nothing was changed')
  return typed
}

/** `option`: what to give where there is nobody to ask. */
async function askTwice(asking: ScreenStreams | undefined, what: string, option: string): Promise<string> {
  if (asking === undefined) throw new QuorumError('bad-request', `Give ${option}`)
  const typed = await asked(asking, `${what}: `)
  if (typed === '' || typed === (await asked(asking, 'The same again: '))) return typed
  throw new QuorumError('bad-request', 'The two passphrases differ')
}

function percentOf(show: (percent: number) => void): (done: number, total: number) => void {
  let shown = -1
  return (done, total) => {
    const percent = Math.floor((100 * done) / total)
    if (percent !== shown) show(percent)
    shown = percent
  }
}

/** Numbered, in four columns, to be read down the page. */
function laidOut(words: string): string {
  const all = words.split(' ').map((word, at) => `${String(at + 1).padStart(2)}. ${word}`)
  const rows = Math.ceil(all.length / columns)
  const row = (at: number): string =>
    all
      .filter((_, n) => n % rows === at)
      .map((cell) => cell.padEnd(14))
      .join('')
  return Array.from({ length: rows }, (_, at) => `  ${row(at).trimEnd()}\n`).join('')
}

const keepWords = `Write these words down, with their numbers, and keep the paper apart from the file.
They are shown once and stored nowhere. Whoever has both has your whole profile;
without the words nobody opens the file, and neither do you.
`
const oneOnly = `You are the same person to your friends. Do not start the profile from which
the backup was made again: only one of the two may run.
What was being transferred is paused.
`
