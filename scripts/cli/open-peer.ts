/**
 * Opens the profile's store with the passphrase it needs, and runs a peer on it. Both are closed again however the work
 * ends.
 */
import { createPeer, logLevels, openMemoryStore, openSqliteStore, QuorumError } from '#protocol'
import type { Log, LogLevel, Peer, PrivacyPatch, Store } from '#protocol'
import { takeOverPrivacy } from './former-privacy.ts'
import { askSecret } from './terminal/ask.ts'
import type { ScreenStreams } from './terminal/screen.ts'

export interface PeerFlags {
  nodes?: string[]
  name?: string
  listen?: string[]
  /** The folder for accepted files, unless another is given for a transfer. */
  downloads: string
  /** Replaces the profile's choices for this run. */
  privacy: PrivacyPatch
  /** Absent: the peer logs nothing. */
  log?: Log
}

const passphraseTries = 3

/** A store in `directory`; without it, a store in memory. Errors: those of the store. */
export async function openStore(directory: string | undefined, passphrase: string | undefined): Promise<Store> {
  if (directory === undefined) return openMemoryStore()
  const store = await openSqliteStore(passphrase === undefined ? { directory } : { directory, passphrase })
  try {
    takeOverPrivacy(store, directory)
    return store
  } catch (error) {
    store.close()
    throw error
  }
}

/**
 * Opens the store. If it needs a passphrase that was not given, asks for it on the terminal `asking`. Errors: those of
 * the store, after three wrong answers, too.
 */
export async function openAsking(
  folder: string | undefined,
  given: string | undefined,
  asking: ScreenStreams | undefined,
): Promise<Store> {
  let passphrase = given
  for (let tries = 0; ; tries += 1) {
    try {
      return await openStore(folder, passphrase)
    } catch (error) {
      const missing = error instanceof QuorumError && error.code === 'wrong-passphrase'
      if (!missing || asking === undefined || given !== undefined || tries === passphraseTries) throw error
      const question = tries === 0 ? 'Passphrase: ' : 'Wrong passphrase. Passphrase: '
      passphrase = await askSecret(asking, question)
      if (passphrase === undefined) throw error
    }
  }
}

/** Runs `work` with a peer on `store`, then stops the peer and closes the store. */
export async function withPeer<T>(store: Store, flags: PeerFlags, work: (peer: Peer) => Promise<T>): Promise<T> {
  try {
    const { privacy, log, ...options } = flags
    const peer = await createPeer({ store, ...options, ...privacy, ...(log !== undefined && { log }) })
    try {
      if (log !== undefined) {
        const { direct, ...switches } = (await peer.self()).privacy
        log('info', `the peer runs: direct paths ${direct}, ${words(switches)}`)
      }
      return await work(peer)
    } finally {
      await peer.stop()
      log?.('info', 'the peer has stopped')
    }
  } finally {
    store.close()
  }
}

/** `lan on, mdns off`. */
function words(switches: Readonly<Record<string, boolean>>): string {
  return Object.entries(switches)
    .map(([name, on]) => `${name} ${on ? 'on' : 'off'}`)
    .join(', ')
}

/** A log of the lines of `level` and above. The causes of an error are part of its line. */
export function logTo(output: NodeJS.WriteStream, level: LogLevel): Log {
  return (at, message, error) => {
    if (logLevels.indexOf(at) < logLevels.indexOf(level)) return
    const causes: string[] = []
    for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) causes.push(cause.message)
    output.write(`${[`${at}: ${message}`, ...causes].join(': ').replaceAll(/\s+/gu, ' ')}\n`)
  }
}
