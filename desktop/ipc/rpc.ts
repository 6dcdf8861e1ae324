/**
 * Calls, answers and events over a message port, the same at both of its ends in every process. An interface of methods
 * is the whole contract: `connect<PeerCalls>` has its calls with their types. What arrives is checked before it is
 * believed; what a call's parameters must be is the business of whoever serves it.
 */
import type { ErrorData } from '#protocol'

/** Calls of one client that may be under way: a window needs a handful, a wild one gets no more. */
const atOnce = 256

/** One end of a message port, whatever kind of port it is. */
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

/** The error of a call as its caller sees it. */
class CallError extends Error {
  readonly code: string

  constructor({ code, message }: { code: string; message: string }) {
    super(message)
    this.name = 'CallError'
    this.code = code
  }
}

// ---- the side that calls

export class Client<Api, News> {
  readonly #wire: Wire
  readonly #pending = new Map<number, PromiseWithResolvers<unknown>>()
  readonly #listeners = new Set<(news: News) => void>()
  #next = 1
  #closed = false

  constructor(wire: Wire) {
    this.#wire = wire
    wire.receive((frame) => this.#receive(frame))
  }

  /** Errors: those of the call; `cancelled` when the other side is gone. */
  readonly call: Call<Api> = (name, ...params) => this.#ask(name, params[0], undefined)

  /** The same, given up when `signal` aborts: then the other side is told that nobody waits. */
  until(signal: AbortSignal): Call<Api> {
    return (name, ...params) => this.#ask(name, params[0], signal)
  }

  subscribe(listener: (news: News) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** The other side is gone: nothing will be answered any more. */
  close(): void {
    this.#closed = true
    for (const { reject } of this.#pending.values()) reject(gone())
    this.#pending.clear()
    this.#listeners.clear()
  }

  #ask<R>(name: string, params: unknown, signal: AbortSignal | undefined): Promise<R> {
    if (this.#closed || signal?.aborted === true) return Promise.reject(gone())
    const id = this.#next++
    const answer = Promise.withResolvers<unknown>()
    this.#pending.set(id, answer)
    signal?.addEventListener('abort', () => {
      if (!this.#pending.delete(id)) return
      this.#wire.send({ id, cancel: true })
      answer.reject(gone())
    })
    this.#wire.send({ id, call: name, params: params ?? {} })
    // What comes back is what the interface promises: the other side serves the same contract.
    return answer.promise as Promise<R>
  }

  #receive(frame: unknown): void {
    if (!isRecord(frame)) return
    if (typeof frame['event'] === 'string') {
      for (const listener of this.#listeners) listener(frame as News)
      return
    }
    const { id, error } = frame
    if (typeof id !== 'number') return
    const answer = this.#pending.get(id)
    this.#pending.delete(id)
    if (isRecord(error)) {
      answer?.reject(new CallError({ code: String(error['code']), message: String(error['message']) }))
    } else {
      answer?.resolve(frame['result'])
    }
  }
}

function gone(): CallError {
  return new CallError({ code: 'cancelled', message: 'The process that was asked is gone' })
}

// ---- the side that serves

export interface Serving {
  /** Does a call by name with unchecked parameters. `signal`: nobody waits for it any more. */
  handle(name: string, params: unknown, signal: AbortSignal): Promise<unknown>
  /** What was thrown, as data. */
  describe(error: unknown): ErrorData
}

/** Answers the calls that arrive; returns what sends an event. */
export function serve(wire: Wire, { handle, describe }: Serving): (news: object) => void {
  const underway = new Map<number, AbortController>()
  const answer = async (id: number, call: string, params: unknown): Promise<void> => {
    const controller = new AbortController()
    underway.set(id, controller)
    let frame: object
    try {
      frame = { id, result: await handle(call, params, controller.signal) }
    } catch (error) {
      frame = { id, error: describe(error) }
    }
    underway.delete(id)
    if (!controller.signal.aborted) wire.send(frame)
  }
  const refuse = (id: number, error: ErrorData): void => wire.send({ id, error })
  wire.receive((frame) => {
    if (!isRecord(frame)) return
    const { id, call, params, cancel } = frame
    if (typeof id !== 'number' || !Number.isSafeInteger(id)) return
    if (cancel === true) {
      underway.get(id)?.abort()
      return
    }
    if (typeof call !== 'string') return refuse(id, { code: 'bad-request', message: 'That is no call' })
    if (underway.has(id)) return refuse(id, { code: 'bad-request', message: 'That number is in use' })
    if (underway.size >= atOnce) return refuse(id, { code: 'rate-limited', message: 'Too many calls at once' })
    void answer(id, call, params)
  })
  return (news) => wire.send(news)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
