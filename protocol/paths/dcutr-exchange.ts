/** The messages of one DCUtR stream, in both directions (docs/protocol.md, /libp2p/dcutr). */
import type { Stream } from '@libp2p/interface'
import { pipe } from 'it-pipe'
import { onAbort } from '../base/abort-listener.ts'
import { QuorumError } from '../base/errors.ts'
import { pathLimits } from './limits.ts'
import { closeOrAbort } from '../net/close.ts'
import { pull, push } from '../net/streams.ts'
import { punchFromWire, punchToWire, type Punch } from '../wire/dcutr.ts'
import { frame, unframe } from '../wire/framing.ts'

/** Aborts its stream when `signal` aborts, also while it waits for a message. */
export class DcutrExchange implements Disposable {
  readonly #stream: Stream
  readonly #signal: AbortSignal
  readonly #listener: Disposable
  readonly #messages: AsyncGenerator<Punch>

  constructor(stream: Stream, signal: AbortSignal) {
    this.#stream = stream
    this.#signal = signal
    this.#messages = messages(stream)
    this.#listener = onAbort(signal, () => stream.abort(new Error('The hole punch is over')))
  }

  send(punch: Punch): Promise<void> {
    return push(this.#stream, frame(punchToWire(punch)), this.#signal)
  }

  /** Errors: `bad-request` for another message or none. */
  async receive<K extends Punch['kind']>(kind: K): Promise<Extract<Punch, { kind: K }>> {
    const next = await this.#messages.next()
    if (next.done === true || next.value.kind !== kind) {
      throw new QuorumError('bad-request', `The other side did not send ${kind.toUpperCase()}`)
    }
    return next.value as Extract<Punch, { kind: K }>
  }

  [Symbol.dispose](): void {
    this.#listener[Symbol.dispose]()
    void closeOrAbort(this.#stream)
  }
}

async function* messages(stream: Stream): AsyncGenerator<Punch> {
  for await (const frames of pipe(pull(stream), unframe(pathLimits.punchFrame))) yield* frames.map(punchFromWire)
}
