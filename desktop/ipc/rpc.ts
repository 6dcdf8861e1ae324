/**
 * Calls, results and events over a message port. Both ends of every port use this file, in every process. An interface
 * whose methods return promises is the whole contract: a client of `PeerCalls` has these calls with their types.
 * Incoming frames are checked for their shape; the parameters of a call are checked by its handler.
 */
import type { ErrorData } from '#protocol'

/** Calls of one client that may be in progress. The window needs a handful; this bounds a compromised one. */
const maxCalls = 256

/** One end of a message port, of any kind of port. */
export interface Wire {
  send(frame: unknown): void
  receive(listener: (frame: unknown) => void): void
}

/** Methods with one parameter at most, all of them asynchronous. */
type Method = (params: never) => Promise<unknown>
type Names<Api> = { [K in keyof Api]: Api[K] extends Method ? K : never }[keyof Api] & string
type Params<M> = M extends (...params: infer P) => unknown ? P : never
type Result<M> = M extends (...params: never) => Promise<infer R> ? R : never
/** A call of `Api` by name. */
export type Call<Api> = <K extends Names<Api>>(name: K, ...params: Params<Api[K]>) => Promise<Result<Api[K]>>

/** The error of a call as its caller sees it: `ErrorData` of a process that may be newer. */
class CallError extends Error {
  readonly data: { code: string; message: string; part?: string }
  readonly code: string
  readonly part: string | undefined

  constructor(data: { code: string; message: string; part?: string }) {
    super(data.message)
    this.name = 'CallError'
    this.data = data
    this.code = data.code
    this.part = data.part
  }
}

// ---- the calling side

export class Client<Api, Event> {
  readonly #wire: Wire
  readonly #pending = new Map<number, PromiseWithResolvers<unknown>>()
  readonly #listeners = new Set<(event: Event) => void>()
  #lastId = 0
  #closed = false

  constructor(wire: Wire) {
    this.#wire = wire
    wire.receive((frame) => this.#receive(frame))
  }

  /** Errors: those of the call; `cancelled` after `close`. */
  readonly call: Call<Api> = (name, ...params) => this.#send(name, params[0])

  /** Returns a function that ends the subscription. */
  subscribe(listener: (event: Event) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** The other side is gone: fails all pending and all later calls. */
  close(): void {
    this.#closed = true
    for (const { reject } of this.#pending.values()) reject(gone())
    this.#pending.clear()
    this.#listeners.clear()
  }

  #send<R>(name: string, params: unknown): Promise<R> {
    if (this.#closed) return Promise.reject(gone())
    this.#lastId += 1
    const result = Promise.withResolvers<unknown>()
    this.#pending.set(this.#lastId, result)
    this.#wire.send({ id: this.#lastId, call: name, params: params ?? {} })
    // The other side serves the same contract, so the result has the type that the interface declares.
    return result.promise as Promise<R>
  }

  #receive(frame: unknown): void {
    if (!isRecord(frame)) return
    if (typeof frame['event'] === 'string') {
      for (const listener of this.#listeners) listener(frame as Event)
      return
    }
    const { id, error } = frame
    if (typeof id !== 'number') return
    const pending = this.#pending.get(id)
    this.#pending.delete(id)
    if (isRecord(error)) {
      const { code, message, part } = error
      const named = typeof part === 'string' ? { part } : {}
      pending?.reject(new CallError({ code: String(code), message: String(message), ...named }))
    } else {
      pending?.resolve(frame['result'])
    }
  }
}

function gone(): CallError {
  return new CallError({ code: 'cancelled', message: 'The process that was asked has ended' })
}

// ---- the serving side

export interface Handler {
  /** Runs a call by name. The parameters are unchecked. */
  handle(name: string, params: unknown): Promise<unknown>
  /** Turns a thrown value into data. */
  describe(error: unknown): ErrorData
}

/** Answers the calls that arrive on `wire`. Returns a function that sends an event to the client. */
export function serve(wire: Wire, { handle, describe }: Handler): (event: object) => void {
  const inProgress = new Set<number>()
  const answer = async (id: number, call: string, params: unknown): Promise<void> => {
    inProgress.add(id)
    let frame: object
    try {
      frame = { id, result: await handle(call, params) }
    } catch (error) {
      // The error of another process, which this one asked: its code is passed on.
      frame = { id, error: error instanceof CallError ? error.data : describe(error) }
    }
    inProgress.delete(id)
    wire.send(frame)
  }
  const refuse = (id: number, error: ErrorData): void => wire.send({ id, error })
  wire.receive((frame) => {
    if (!isRecord(frame)) return
    const { id, call, params } = frame
    if (typeof id !== 'number' || !Number.isSafeInteger(id)) return
    if (typeof call !== 'string') return refuse(id, { code: 'bad-request', message: 'The frame is not a call' })
    if (inProgress.has(id)) return refuse(id, { code: 'bad-request', message: 'A call with this id is in progress' })
    if (inProgress.size >= maxCalls) return refuse(id, { code: 'rate-limited', message: 'Too many calls at once' })
    void answer(id, call, params)
  })
  return (event) => wire.send(event)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
