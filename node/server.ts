/**
 * Composes a node: identity, mailboxes, relay and directory, HTTP, and the timer that watches the disk. Starts them
 * in the order of their dependencies and stops them in reverse. It does not use `process`.
 */
import path from 'node:path'
import { QuorumError, createRelayNode, errorToData, limits, toError, version } from '#protocol'
import type { Log, RelayedDay, RelayNode } from '#protocol'
import { AccessLists } from './access-lists.ts'
import type { NodeConfig } from './config.ts'
import { makeFolder } from './disk.ts'
import { nodeLimits } from './limits.ts'
import { openMailboxes } from './mailboxes.ts'
import type { Mailboxes } from './mailboxes.ts'
import { startHttp } from './http.ts'
import type { HttpServer } from './http.ts'
import { loadNodeKey } from './key.ts'
import { createMetrics } from './metrics.ts'
import { statusPage } from './status-page.ts'

export interface ServerOptions {
  config: NodeConfig
  /** Who may use the node; default: everybody. */
  access?: AccessLists
  log: Log
  /** Milliseconds since the epoch. */
  now?: () => number
}

export interface NodeServer {
  /** PeerId. */
  peer: string
  /** Multiaddrs with /p2p/. */
  addresses: string[]
  /** URL of the HTTP server for the operator. */
  http: string
  /** Puts out whom the access lists no longer admit. */
  recheck(): void
  /** Takes at most `limits.stop`; connections that are still open then are cut. */
  stop(): Promise<void>
}

type State = 'starting' | 'ready' | 'stopping'

/**
 * Starts a node. Errors: those of mailboxes.ts and key.ts, `bad-request` when an address cannot be listened on. After
 * an error nothing is left running.
 */
export async function startServer({
  config,
  access = new AccessLists({}),
  log,
  now = Date.now,
}: ServerOptions): Promise<NodeServer> {
  const startedAt = now()
  let state: State = 'starting'
  let relay: RelayNode | undefined
  let diskTrouble: Error | undefined
  const running = new AsyncDisposableStack()

  try {
    makeFolder(config.data)
    // The database first: its lock keeps a second process from touching anything else.
    const mailboxes = openMailboxes(path.join(config.data, 'held.db'), { held: config.maxHeld })
    running.defer(() => mailboxes.close())
    const seed = loadNodeKey(config.data)
    const noteRelayed = config.relayTotal === undefined ? undefined : relayedNotes(mailboxes, () => relay, log)
    // After the network has stopped: nothing is relayed any more.
    running.defer(() => noteRelayed?.())
    const timer = setInterval(() => {
      checkDisk(mailboxes)
      void noteRelayed?.()
    }, nodeLimits.diskCheck)
    running.defer(() => clearInterval(timer))

    const http = await serveHttp(mailboxes)
    running.defer(() => http.stop())
    const started = await createRelayNode({
      seed,
      listen: config.listen,
      announce: config.announce,
      behindProxy: config.behindProxy,
      admits: (peer, address) => access.admits(peer, address),
      most: { peers: config.maxPeers, reservations: config.maxReservations },
      relay: { perPeer: config.relayRate, perDay: config.relayTotal, before: mailboxes.relayed() },
      store: mailboxes,
      now,
      log,
    })
    relay = started
    running.defer(() => stopRelay(started, log))
    state = 'ready'
    let stopped: Promise<void> | undefined
    return {
      peer: started.peer,
      addresses: started.addresses(),
      http: http.url,
      recheck: () => started.recheck(),
      stop() {
        state = 'stopping'
        return (stopped ??= running.disposeAsync())
      },
    }
  } catch (error) {
    await running.disposeAsync()
    throw error
  }

  function serveHttp(mailboxes: Mailboxes): Promise<HttpServer> {
    const stats = () => (state === 'ready' ? relay?.stats() : undefined)
    const checkReady = () => {
      if (state !== 'ready') throw new QuorumError('node-unreachable', `The node is ${state}`)
      checkDisk(mailboxes)
      if (diskTrouble !== undefined) throw diskTrouble
    }
    return startHttp({
      ...config.http,
      metrics: createMetrics({ relay: stats, mailboxes: () => mailboxes.stats(), version }),
      page: () =>
        statusPage({
          unready: problem(checkReady),
          relay: stats(),
          mailboxes: mailboxes.stats(),
          uptime: now() - startedAt,
          version,
        }),
      checkHealth: () => mailboxes.stats(),
      checkReady,
      onOtherPort: (port) => log('warn', `HTTP is at port ${port}: another program uses ${config.http.port} (--http)`),
      onError: (error) => log('warn', 'An HTTP request failed', error),
    })
  }

  /** What the disk refuses, and that it no longer does, is logged once. */
  function checkDisk(mailboxes: Mailboxes): void {
    const before = diskTrouble?.message
    diskTrouble = undefined
    try {
      mailboxes.check()
      if (before !== undefined) log('info', 'The disk accepts data again')
    } catch (error) {
      diskTrouble = toError(error)
      const { code } = errorToData(error)
      if (before === undefined) log('error', `The disk takes no more data (${code}): nothing new is held`)
    }
  }
}

/** Stores what was relayed today: a restart gives back nothing of it, a crash no more than one interval took. */
function relayedNotes(mailboxes: Mailboxes, relay: () => RelayNode | undefined, log: Log): () => Promise<void> {
  let noted: RelayedDay | undefined
  return async () => {
    const today = relay()?.stats().relayedToday
    if (today === undefined || (today.day === noted?.day && today.bytes === noted.bytes)) return
    try {
      await mailboxes.noteRelayed(today)
      noted = today
    } catch (error) {
      // What the disk refuses is reported by checkDisk.
      log('debug', 'What was relayed today could not be stored', toError(error))
    }
  }
}

async function stopRelay(started: RelayNode, log: Log): Promise<void> {
  const late = Promise.withResolvers<void>()
  const timer = setTimeout(() => {
    log('warn', 'Connections were cut: they did not close in time')
    late.resolve()
  }, limits.stop - nodeLimits.closing)
  try {
    await Promise.race([started.stop(), late.promise])
  } finally {
    clearTimeout(timer)
  }
}

/** Why `check` throws, for the status page: the code only, because the message may contain a path of this machine. */
function problem(check: () => void): string | undefined {
  try {
    check()
    return undefined
  } catch (error) {
    return error instanceof QuorumError ? error.code : 'internal'
  }
}
