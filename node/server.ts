/**
 * The node as a whole: identity, held mail, relay and directory, HTTP, and the clock that throws old things away.
 * Starts them in the order in which they depend on each other and stops them in the opposite one. It knows nothing of
 * the process around it.
 */
import path from 'node:path'
import { QuorumError, createRelayNode, limits, toError, version } from '#protocol'
import type { Log, RelayNode } from '#protocol'
import type { NodeConfig } from './config.ts'
import { makeFolder } from './disk.ts'
import { openHeldMail } from './held-mail.ts'
import type { HeldMail } from './held-mail.ts'
import { startHttp } from './http.ts'
import type { HttpServer } from './http.ts'
import { loadNodeKey } from './key.ts'
import { createMetrics } from './metrics.ts'
import { statusPage } from './status-page.ts'

export interface ServerOptions {
  config: NodeConfig
  log: Log
  /** Milliseconds since the epoch. */
  now?: () => number
}

export interface NodeServer {
  /** PeerId. */
  peer: string
  /** Multiaddrs with /p2p/. */
  addresses: string[]
  /** Of the operator's HTTP. */
  http: string
  /** Ends within `limits.stop`; what is not done by then is cut. */
  stop(): Promise<void>
}

type State = 'starting' | 'ready' | 'stopping'

/** What is past its time goes within the hour, and so does what was forgotten from SQLite's log. */
const expireEvery = 60 * 60 * 1000
/** Kept of `limits.stop` for closing the store and HTTP after the network. */
const closingTime = 1000

/**
 * Starts a node. Errors: those of held-mail.ts and key.ts, `bad-request` when an address cannot be listened on; what
 * had started is stopped again.
 */
export async function startServer({ config, log, now = Date.now }: ServerOptions): Promise<NodeServer> {
  const startedAt = now()
  let state: State = 'starting'
  let relay: RelayNode | undefined
  const running = new AsyncDisposableStack()

  try {
    makeFolder(config.data)
    // First the store: its lock keeps a second process from touching anything else.
    const mail = openHeldMail(path.join(config.data, 'held.db'))
    running.defer(() => mail.close())
    const seed = loadNodeKey(config.data)
    expire(mail)
    const timer = setInterval(() => expire(mail), expireEvery)
    running.defer(() => clearInterval(timer))

    const http = await serveHttp(mail)
    running.defer(() => http.stop())
    const started = await createRelayNode({
      seed,
      listen: config.listen,
      announce: config.announce,
      store: mail,
      now,
      log,
    })
    relay = started
    running.defer(() => stopRelay(started))
    state = 'ready'
    let stopped: Promise<void> | undefined
    return {
      peer: started.peer,
      addresses: started.addresses(),
      http: http.url,
      stop() {
        state = 'stopping'
        return (stopped ??= running.disposeAsync())
      },
    }
  } catch (error) {
    await running.disposeAsync()
    throw error
  }

  function serveHttp(mail: HeldMail): Promise<HttpServer> {
    const stats = () => (state === 'ready' ? relay?.stats() : undefined)
    const checkReady = () => {
      if (state !== 'ready') throw new QuorumError('node-unreachable', `The node is ${state}`)
      mail.check()
    }
    return startHttp({
      ...config.http,
      metrics: createMetrics({ relay: stats, mail: () => mail.stats(), version }),
      page: () =>
        statusPage({
          unready: problem(checkReady),
          relay: stats(),
          mail: mail.stats(),
          uptime: now() - startedAt,
          version,
        }),
      checkHealth: () => mail.stats(),
      checkReady,
      onError: (error) => log('warn', 'An HTTP request failed', error),
    })
  }

  /** A disk that refuses is told at /readyz; the node goes on with what needs none. */
  function expire(mail: HeldMail): void {
    try {
      mail.expire(now())
    } catch (error) {
      log('warn', 'What is past its time could not be deleted', toError(error))
    }
  }

  async function stopRelay(started: RelayNode): Promise<void> {
    const late = Promise.withResolvers<void>()
    const timer = setTimeout(() => {
      log('warn', 'Connections were cut: they did not close in time')
      late.resolve()
    }, limits.stop - closingTime)
    try {
      await Promise.race([started.stop(), late.promise])
    } finally {
      clearTimeout(timer)
    }
  }
}

/** Why `check` throws, for the status page: the code, since the sentence may hold a path of this machine. */
function problem(check: () => void): string | undefined {
  try {
    check()
    return undefined
  } catch (error) {
    return error instanceof QuorumError ? error.code : 'internal'
  }
}
