/**
 * The HTTP server for the operator: /metrics, /healthz, /readyz and the status page. It is read-only and serves nothing
 * but figures. On loopback it answers only requests for a name of loopback, so that no web page can read it by DNS
 * rebinding. It is not meant to be open to the internet: it has no TLS and no login.
 */
import http from 'node:http'
import { once } from 'node:events'
import { isIP } from 'node:net'
import type { AddressInfo } from 'node:net'
import { QuorumError, errorToData, toError } from '#protocol'
import { nodeLimits } from './limits.ts'
import { styleSource } from './status-page.ts'

export interface HttpOptions {
  /** An address, or a host name. */
  host: string
  /** 0: any free one. */
  port: number
  /** For Prometheus. */
  metrics: { contentType: string; metrics(): Promise<string> }
  /** HTML, under the Content-Security-Policy of status-page.ts. */
  page(): string
  /** Throws if the node does not work: 503 at /healthz. */
  checkHealth(): void
  /** Throws if the node should get no traffic: 503 at /readyz. */
  checkReady(): void
  /** `port` is used by another program: HTTP is at this one. */
  onOtherPort(port: number): void
  /** Receives internal errors. */
  onError(error: Error): void
}

export interface HttpServer {
  /** Without a slash at the end: `http://127.0.0.1:4003`. */
  url: string
  stop(): Promise<void>
}

interface Answer {
  status: number
  type: string
  body: string
}

const text = 'text/plain; charset=utf-8'
const headers = {
  'cache-control': 'no-store',
  'content-security-policy': [
    "default-src 'none'",
    `style-src ${styleSource}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

/** Listens and answers until it is stopped. Errors: `bad-request` when it cannot listen on the address. */
export async function startHttp(options: HttpOptions): Promise<HttpServer> {
  const { host, port, onError } = options
  const local = isLoopback(host)
  const server = http.createServer({
    requestTimeout: nodeLimits.httpRequest,
    headersTimeout: nodeLimits.httpIdle,
    keepAliveTimeout: nodeLimits.httpIdle,
  })
  server.maxConnections = nodeLimits.httpConnections
  server.on('request', (request, response) => {
    answer(request, options, local)
      .catch((error: unknown): Answer => {
        onError(toError(error))
        return { status: 500, type: text, body: 'internal\n' }
      })
      .then(({ status, type, body }) => {
        if (status === 405) response.setHeader('allow', 'GET, HEAD')
        response.writeHead(status, { ...headers, 'content-type': type, 'content-length': Buffer.byteLength(body) })
        response.end(body)
      })
      .catch((error: unknown) => {
        onError(toError(error))
        response.destroy()
      })
  })
  const used = await listen(server, host, port)
  if (used !== port) options.onOtherPort(used)
  server.on('error', onError)
  // A server that listens on a port has this kind of address.
  const bound = server.address() as AddressInfo
  const shown = bound.family === 'IPv6' ? `[${bound.address}]` : bound.address
  return {
    url: `http://${shown}:${bound.port}`,
    async stop() {
      if (!server.listening) return
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

/**
 * Listens on `port`, or on the first of those after it that is free: figures are no reason for a node not to run.
 * Returns the port. Errors: `bad-request`.
 */
async function listen(server: http.Server, host: string, port: number): Promise<number> {
  const last = port === 0 ? 0 : Math.min(port + nodeLimits.httpPortsTried, 65_535)
  for (let at = port; ; at += 1) {
    try {
      server.listen({ host, port: at })
      await once(server, 'listening')
      return at
    } catch (error) {
      const taken = toError(error).message.includes('EADDRINUSE')
      if (taken && at < last) continue
      const message = `HTTP cannot listen on ${host}:${port} (${toError(error).message}): choose another with --http`
      throw new QuorumError('bad-request', message, { cause: error })
    }
  }
}

async function answer(request: http.IncomingMessage, options: HttpOptions, local: boolean): Promise<Answer> {
  if (local && !isLoopback(hostOf(request.headers.host))) return { status: 421, type: text, body: 'not this host\n' }
  if (request.method !== 'GET' && request.method !== 'HEAD') return { status: 405, type: text, body: 'GET or HEAD\n' }
  switch (request.url?.split('?')[0]) {
    case '/':
      return { status: 200, type: 'text/html; charset=utf-8', body: options.page() }
    case '/metrics':
      return { status: 200, type: options.metrics.contentType, body: await options.metrics.metrics() }
    case '/healthz':
      return verdict(options.checkHealth)
    case '/readyz':
      return verdict(options.checkReady)
    default:
      return { status: 404, type: text, body: 'not found\n' }
  }
}

/** Only the error code: the message may contain a path of this machine. */
function verdict(check: () => void): Answer {
  try {
    check()
    return { status: 200, type: text, body: 'ok\n' }
  } catch (error) {
    return { status: 503, type: text, body: `${errorToData(error).code}\n` }
  }
}

/** The name in a Host header, without port and brackets. */
function hostOf(header: string | undefined): string {
  return (header ?? '').replace(/:\d*$/, '').replace(/^\[(.*)\]$/, '$1')
}

function isLoopback(host: string): boolean {
  const name = host.toLowerCase()
  return name === 'localhost' || name === '::1' || (isIP(name) === 4 && name.startsWith('127.'))
}
