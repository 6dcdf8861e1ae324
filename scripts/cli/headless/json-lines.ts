/**
 * The headless peer: a peer that another program controls with JSON lines. It reads calls from `input` and writes
 * answers and events to `output`, in the form of docs/embedding.md. `stop` and `erase`, which end the peer, are the
 * only calls that it knows by name: the peer checks all calls. It does not start or stop the peer, and it does not use
 * the process: the caller does.
 */
import type { Readable, Writable } from 'node:stream'
import { errorToData, QuorumError } from '#protocol'
import type { Peer, PeerEvent } from '#protocol'
import { LineSplitter } from './line-splitter.ts'

/** Bytes. A message of 64 KiB of characters escaped as `\u0000` takes 384 KiB; a long list of paths fits, too. */
const longestLine = 1024 * 1024
/** Unanswered calls at which reading pauses: enough to fill every connection, few enough to keep in memory. */
const callsAtOnce = 1000
/**
 * Bytes of output that were not read. Beyond this the program that started the peer is stuck, so memory comes first.
 */
const unreadOutput = 64 * 1024 * 1024
/** How long unanswered calls may take after the end of input, and the last bytes of output, in milliseconds. */
const lastCalls = 5000

type CallId = string | number

export interface Headless {
  peer: Peer
  version: string
  input: Readable
  output: Writable
  /** When it aborts, serving ends at once, without waiting for unanswered calls. */
  signal: AbortSignal
}

/**
 * Serves until `input` ends, `stop` or `erase` was answered, `signal` aborts or `output` breaks. The caller stops the
 * peer. Errors: `internal` if `output` is not read.
 */
export async function serveLines({ peer, version, input, output, signal }: Headless): Promise<void> {
  const ended = Promise.withResolvers<void>()
  const calls = new Set<Promise<void>>()
  const lines = new LineSplitter(longestLine)
  let outputFull = false

  const write = (value: unknown): void => {
    if (!output.writable) return
    outputFull = !output.write(`${JSON.stringify(value)}\n`)
    if (output.writableLength > unreadOutput) {
      ended.reject(new QuorumError('internal', 'Nobody reads standard output'))
    }
    adjustReading()
  }

  // Reading pauses while the answers are not read, so that they do not fill the memory.
  const adjustReading = (): void => {
    if (outputFull || calls.size >= callsAtOnce) input.pause()
    else if (input.isPaused()) input.resume()
  }

  const handle = async (text: string): Promise<void> => {
    let id: CallId | null = null
    try {
      const request = parseRequest(text)
      id = request.id
      const { call, params } = checkRequest(request)
      write({ id, result: (await peer.call(call, params)) ?? null })
      if (call === 'stop' || call === 'erase') ended.resolve()
    } catch (error) {
      write({ id, error: errorToData(error) })
    }
  }

  const take = (text: string): void => {
    if (text.trim() === '') return
    const call = handle(text).finally(() => {
      calls.delete(call)
      adjustReading()
    })
    calls.add(call)
  }

  const receive = (all: ReturnType<LineSplitter['push']>): void => {
    for (const line of all) {
      if ('text' in line) take(line.text)
      else write({ id: null, error: errorToData(new QuorumError('bad-request', line.refused)) })
    }
  }

  output.on('drain', () => {
    outputFull = false
    adjustReading()
  })
  // EPIPE: the program that started this one has ended. That is a normal end.
  output.on('error', () => ended.resolve())
  signal.addEventListener('abort', () => ended.resolve())
  if (signal.aborted) ended.resolve()

  // The first line is always `ready`, written here. Events that come before `self` is known wait for it.
  let early: PeerEvent[] | undefined = []
  const unsubscribe = peer.subscribe((event) => {
    if (event.event === 'ready') return
    if (early === undefined) write(event)
    else early.push(event)
  })
  const self = await peer.self()
  write({ event: 'ready', data: { peer: self.peer, name: self.name, version } })
  const waiting = early
  early = undefined
  for (const event of waiting) write(event)

  const finish = async (): Promise<void> => {
    receive(lines.end())
    await within(lastCalls, Promise.all(calls))
    ended.resolve()
  }
  input.on('data', (chunk: Uint8Array) => {
    receive(lines.push(chunk))
    adjustReading()
  })
  input.once('end', () => void finish())
  input.once('error', () => ended.resolve())

  try {
    await ended.promise
  } finally {
    input.pause()
    unsubscribe()
    await flush(output)
  }
}

interface Request {
  id: CallId
  call: unknown
  params: unknown
}

function parseRequest(text: string): Request {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new QuorumError('bad-request', 'A line is not JSON', { cause })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new QuorumError('bad-request', 'A line must be an object: {"id": 1, "call": "self", "params": {}}')
  }
  const { id, call, params }: { id?: unknown; call?: unknown; params?: unknown } = value
  if (typeof id !== 'number' && typeof id !== 'string') {
    throw new QuorumError('bad-request', 'A call needs an id: a number or a string')
  }
  return { id, call, params }
}

/** Separate from parseRequest, so that a call without a name is answered under its id. */
function checkRequest({ call, params }: Request): { call: string; params: unknown } {
  if (typeof call !== 'string') throw new QuorumError('bad-request', 'A call needs a name: {"call": "self"}')
  return { call, params: params ?? {} }
}

async function flush(output: Writable): Promise<void> {
  if (!output.writable || output.writableLength === 0) return
  const drained = Promise.withResolvers<void>()
  output.once('drain', () => drained.resolve())
  output.once('error', () => drained.resolve())
  output.write('', () => drained.resolve())
  await within(lastCalls, drained.promise)
}

async function within(milliseconds: number, work: Promise<unknown>): Promise<void> {
  const late = Promise.withResolvers<void>()
  const timer = setTimeout(() => late.resolve(), milliseconds)
  await Promise.race([work, late.promise])
  clearTimeout(timer)
}
