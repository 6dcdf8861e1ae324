/**
 * From options of a command line to a running peer: the profile's store, opened with the passphrase it needs, and the
 * peer on it, stopped and closed again however the work ends.
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
  /** Where accepted files go when nobody says otherwise. */
  downloads: string
  /** For this run, over what the profile keeps. */
  privacy: PrivacyPatch
  /** Where the peer tells what happens; absent: nowhere. */
  log?: Log
}

const passphraseTries = 3

/** In memory without a `directory`. Errors: those of the store. */
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

/** The store; `asking` on a terminal for the passphrase that it turns out to need. */
export async function openAsking(
  folder: string | undefined,
  given: string | undefined,
  asking: ScreenStreams | undefined,
): Promise<Store> {
  let passphrase = given
  for (let tries = 0; ; tries++) {
    try {
      return await openStore(folder, passphrase)
    } catch (error) {
      const missing = error instanceof QuorumError && error.code === 'wrong-passphrase'
      if (!missing || asking === undefined || given !== undefined || tries === passphraseTries) throw error
      const question = tries === 0 ? 'Passphrase: ' : 'That was not it. Passphrase: '
      passphrase = await askSecret(asking, question)
      if (passphrase === undefined) throw error
    }
  }
}

/** Runs `work` with a peer on `store`; both are closed afterwards. */
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

/** Lines of `level` and worse; an error's cause is told with it. */
export function logTo(output: NodeJS.WriteStream, level: LogLevel): Log {
  return (at, message, error) => {
    if (logLevels.indexOf(at) < logLevels.indexOf(level)) return
    const causes: string[] = []
    for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) causes.push(cause.message)
    output.write(`${[`${at}: ${message}`, ...causes].join(': ').replaceAll(/\s+/gu, ' ')}\n`)
  }
}
