/**
 * The open circuits of a relay: passes their bytes on with back-pressure, and bounds what waits in them. What one end
 * has sent and the other does not take is in memory here, up to a window and what is read ahead, and two ends that work
 * together can have many circuits. So there are rounds, which cost the carried bytes nothing:
 * - A circuit in which bytes wait and none gets through ends after a while. One in which nothing waits may be silent
 *   for as long as it likes, and a slow one goes on.
 * - What waits is bounded by address and in all: whoever has least waiting goes first, and what is left over ends.
 * The operator may bound the bytes a second of one peer, and those of a day: then all circuits end.
 */
import type { Stream } from '@libp2p/interface'
import { pause } from '../base/backoff.ts'
import type { Bytes } from '../base/bytes.ts'
import { toError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { KeyedBuckets, type TokenBucket } from '../base/rate-limit.ts'
import { second } from '../base/units.ts'
import { netLimits } from './limits.ts'
import { RelayUsage } from './relay-usage.ts'
import { pull, push } from './streams.ts'

export interface CircuitLimits {
  /** Between two rounds, in milliseconds: until then more may wait than the bounds say. */
  round: number
  /** A circuit ends after this many milliseconds in which bytes wait and none gets through. */
  stalled: number
  /** Bytes that wait: of one IPv4 address or IPv6 /64, and of one IPv6 /48. Those of a circuit count at both ends. */
  waitingPerAddress: readonly [number, number]
  /** Bytes that wait, of all. */
  waiting: number
}

export interface CircuitOptions {
  usage?: RelayUsage
  /** Bytes a second that are carried for one peer, those that it sends and those that it receives. */
  rate?: number | undefined
}

export interface CircuitEnd {
  stream: Stream
  peer: string
  /** Of its address (address/quota-key.ts). */
  keys: readonly string[]
}

export class Circuits {
  readonly #limits: CircuitLimits
  readonly #open = new Set<Circuit>()
  readonly #byPeer = new Map<string, number>()
  readonly #paces: KeyedBuckets | undefined
  #rounds: NodeJS.Timeout | undefined
  readonly usage: RelayUsage

  constructor(bounds: CircuitLimits, { usage = new RelayUsage(), rate }: CircuitOptions = {}) {
    this.#limits = bounds
    this.usage = usage
    // Kept beyond the circuit: otherwise each new one would begin with a full bucket. A larger bucket would make a
    // sender take its burst for what the path carries (file/send/congestion.ts), and chat would wait behind the file.
    const tokens = Math.max(netLimits.pacedBurst, ((rate ?? 0) * netLimits.pacedBurstTime) / second)
    if (rate !== undefined) {
      this.#paces = new KeyedBuckets({ tokens, per: (tokens / rate) * second }, () => performance.now())
    }
  }

  get size(): number {
    return this.#open.size
  }

  /** Circuits with an end at `peer`. */
  countOf(peer: string): number {
    return this.#byPeer.get(peer) ?? 0
  }

  /** Joins two streams; returns when both have ended. */
  async join(one: CircuitEnd, other: CircuitEnd): Promise<void> {
    const ends = [one, other]
    const meter = this.usage.meter(
      ends.map(({ peer }) => peer),
      ends.map(({ keys }) => keys.at(-1) ?? ''),
    )
    const carried = (bytes: number): void => {
      meter(bytes)
      if (this.usage.spent) for (const open of this.#open) open.end('What this node relays in a day is used up')
    }
    const paces = this.#paces
    const circuit = new Circuit(one, other, {
      carried,
      paces:
        paces &&
        ends.map(
          ({ peer }) =>
            () =>
              paces.of(peer),
        ),
    })
    this.#open.add(circuit)
    for (const { peer } of [one, other]) this.#byPeer.set(peer, this.countOf(peer) + 1)
    this.#rounds ??= setInterval(() => this.look(), this.#limits.round).unref()
    await circuit.carry()
    this.#open.delete(circuit)
    for (const { peer } of [one, other]) {
      if (this.countOf(peer) > 1) this.#byPeer.set(peer, this.countOf(peer) - 1)
      else this.#byPeer.delete(peer)
    }
    if (this.size > 0) return
    clearInterval(this.#rounds)
    this.#rounds = undefined
  }

  /** A round: ends what is stalled or holds too much. Called by itself, from the first circuit to the last. */
  look(): void {
    const { round, stalled, waiting, waitingPerAddress } = this.#limits
    let inAll = 0
    for (const circuit of this.#open) {
      circuit.look()
      if (circuit.idleRounds * round >= stalled) circuit.end('Nothing got through the circuit for too long')
      inAll += circuit.waiting
    }
    if (inAll > Math.min(waiting, ...waitingPerAddress)) this.#makeRoom()
  }

  /** The addresses with least waiting go first, and of an address the circuits with least waiting. */
  #makeRoom(): void {
    const { waiting, waitingPerAddress } = this.#limits
    const crowded = [...this.#open].filter((circuit) => circuit.waiting > 0)
    const load = new Map<string, number>()
    for (const { keys, waiting: more } of crowded) {
      for (const key of keys.keys()) load.set(key, (load.get(key) ?? 0) + more)
    }
    const loadOf = ({ keys }: Circuit): number => Math.max(...[...keys.keys()].map((key) => load.get(key) ?? 0))
    const inTurn = crowded
      .map((circuit) => ({ circuit, load: loadOf(circuit) }))
      .toSorted((a, b) => a.load - b.load || a.circuit.waiting - b.circuit.waiting)
    const used = new Map<string, number>()
    let inAll = 0
    for (const { circuit } of inTurn) {
      const { keys, waiting: more } = circuit
      const fits = [...keys].every(([key, at]) => (used.get(key) ?? 0) + more <= (waitingPerAddress[at] ?? Infinity))
      if (!fits || inAll + more > waiting) {
        circuit.end('Too much waits in the circuits of this address')
        continue
      }
      inAll += more
      for (const key of keys.keys()) used.set(key, (used.get(key) ?? 0) + more)
    }
  }
}

class Circuit {
  /** The keys of both addresses, and the position of each, which says what its bound is. */
  readonly keys: ReadonlyMap<string, number>
  /** Bytes that waited at the last look. */
  waiting = 0
  readonly #directions: readonly [Direction, Direction]
  readonly #streams: readonly [Stream, Stream]

  constructor(one: CircuitEnd, other: CircuitEnd, carrying: Carrying) {
    this.keys = new Map([one, other].flatMap(({ keys }) => keys.map((key, at) => [key, at] as const)))
    this.#streams = [one.stream, other.stream]
    this.#directions = [
      new Direction(one.stream, other.stream, carrying),
      new Direction(other.stream, one.stream, carrying),
    ]
  }

  async carry(): Promise<void> {
    await Promise.all(this.#directions.map((direction) => direction.carry()))
  }

  look(): void {
    for (const direction of this.#directions) direction.look()
    this.waiting = this.#directions[0].waiting + this.#directions[1].waiting
  }

  /** Looks in a row at which bytes waited in one direction and none had got through. */
  get idleRounds(): number {
    return Math.max(...this.#directions.map((direction) => direction.idleRounds))
  }

  end(why: string): void {
    this.waiting = 0
    for (const stream of this.#streams) stream.abort(new Error(why))
  }
}

interface Carrying {
  carried(bytes: number): void
  /** Where the bytes of one peer have a rate: the buckets of both ends. */
  paces: readonly (() => TokenBucket)[] | undefined
}

class Direction {
  idleRounds = 0
  readonly #from: Stream
  readonly #to: Stream
  readonly #carrying: Carrying
  /** Bytes read ahead of what is being pushed. */
  readonly #ahead = { bytes: 0 }
  /** Bytes given to `#to`, and those among them that had left for the other side at the last look. */
  #given = 0
  #passed = 0
  #pushing = false

  constructor(from: Stream, to: Stream, carrying: Carrying) {
    this.#from = from
    this.#to = to
    this.#carrying = carrying
  }

  get waiting(): number {
    return this.#from.readBufferLength + this.#ahead.bytes + this.#to.writeBufferLength
  }

  look(): void {
    const unsent = this.#to.writeBufferLength
    const passed = this.#given - unsent
    this.idleRounds = unsent > 0 && passed === this.#passed ? this.idleRounds + 1 : 0
    this.#passed = passed
  }

  /** Carries one direction until it ends, then closes or aborts the other end likewise. */
  async carry(): Promise<void> {
    const [from, to] = [this.#from, this.#to]
    const leave = this.#endWithSender()
    try {
      const options = this.#carrying.paces === undefined ? carryOptions : pacedOptions
      for await (const bytes of pull(from, { ...options, ahead: this.#ahead })) await this.#give(bytes)
      // A half-close is passed on. A stream that has ended altogether ends the circuit, once all that was read is
      // written.
      await to.close({ signal: AbortSignal.timeout(limits.stop) })
      if (from.status !== 'open') to.abort(gone())
    } catch (error) {
      // One end has failed: the circuit ends.
      from.abort(toError(error))
      to.abort(toError(error))
    } finally {
      leave()
    }
  }

  async #give(bytes: Bytes): Promise<void> {
    const { carried, paces } = this.#carrying
    const piece = paces === undefined ? bytes.byteLength : netLimits.pacedPiece
    this.#pushing = true
    for (let at = 0; at < bytes.byteLength; at += piece) {
      const part = piece < bytes.byteLength ? bytes.subarray(at, Math.min(at + piece, bytes.byteLength)) : bytes
      if (paces !== undefined) await this.#paced(paces, part.byteLength)
      carried(part.byteLength)
      this.#given += part.byteLength
      await push(this.#to, part)
    }
    this.#pushing = false
  }

  /** Waits for the turn of so many bytes, at both ends. Throws when the receiver has gone. */
  async #paced(paces: readonly (() => TokenBucket)[], bytes: number): Promise<void> {
    const gone = new AbortController()
    const onClose = (): void => gone.abort(new Error('The other end of the circuit has gone'))
    this.#to.addEventListener('close', onClose)
    try {
      for (const pace of paces) {
        while (!pace().take(bytes)) {
          gone.signal.throwIfAborted()
          await pause(pace().wait(bytes), gone.signal)
        }
      }
    } finally {
      this.#to.removeEventListener('close', onClose)
    }
  }

  /**
   * While a push waits nobody reads, and nobody would notice that the sender has gone: then the circuit ends. A sender
   * that had said all it wanted to say has not gone: that is still delivered. Returns a function that stops watching.
   */
  #endWithSender(): () => void {
    const from = this.#from
    let finished = from.remoteWriteStatus === 'closed'
    const onFinish = (): void => void (finished = true)
    const onClose = ({ error }: { error?: Error }): void => {
      if (this.#pushing && (error != null || !finished)) this.#to.abort(error ?? gone())
    }
    from.addEventListener('remoteCloseWrite', onFinish)
    from.addEventListener('close', onClose)
    return () => {
      from.removeEventListener('remoteCloseWrite', onFinish)
      from.removeEventListener('close', onClose)
    }
  }
}

const pacedOptions = { high: netLimits.pacedReadHigh, low: netLimits.pacedReadLow, once: true }
const carryOptions = { high: netLimits.circuitReadHigh, low: netLimits.circuitReadLow, once: true }

function gone(): Error {
  return new Error('The other end of the circuit has gone')
}
