/**
 * The sockets that others open to this host, over TCP and WebSocket alike, in one table from accept to close. libp2p
 * counts only connections that it knows: not sockets that say nothing, that it refused or that it gave up on, and it
 * begins every handshake at once, so that in a rush all of them are late together.
 *
 * A socket waits unread until its first byte arrives and a handshake is free; the waiting ones take turns by address.
 * One that is not a connection within a deadline after it was accepted is destroyed: all that was done for it is lost.
 * So no more handshakes are in progress than this process keeps up with, and none begins with little time left. While
 * others wait, one in which nothing happens is destroyed for them.
 */
import type { Server, Socket } from 'node:net'
import { quotaKeys } from '../address/quota-key.ts'
import { Places } from '../base/places.ts'
import { KeyedBuckets, type Rate } from '../base/rate-limit.ts'

export interface InboundLimits {
  /** Sockets in all, those that wait included. */
  sockets: number
  /** Of one IPv4 address or IPv6 /64, and of one IPv6 /48. */
  socketsPerAddress: readonly [number, number]
  /** What an address keeps when all places are taken. */
  share: number
  /** Handshakes at once: while this process is on time, while it is late, and of one address. */
  handshakes: number
  handshakesWhenLate: number
  handshakesPerAddress: number
  /** From accept to the begin of the handshake, and to the connection, in milliseconds. */
  wait: number
  deadline: number
  /** A handshake in which nothing happens for so long, in milliseconds, gives way to one that waits. */
  quiet: number
  /** Handshakes that one address may begin. */
  handshakeRate: Rate
}

interface Entry {
  socket: Socket
  /** The narrowest of its address's keys. */
  key: string
  state: 'silent' | 'waiting' | 'handshake' | 'connected'
  acceptedAt: number
  begin: () => void
  deadline: NodeJS.Timeout
  /** Bytes of both directions at the last look, and since when there are no more. */
  bytes: number
  quietSince: number
}

/** Stands for the addresses behind a proxy, which are not known before the handshake. */
const manyAddresses = 'proxy'

/** While sockets wait: how often it is looked whether one may begin, in milliseconds. */
const turn = 50
/** A turn that comes so much later, in milliseconds: the handshakes that were begun take all the time there is. */
const late = 100

export class InboundSockets {
  readonly #limits: InboundLimits
  readonly #places: Places<Entry>
  readonly #rates: KeyedBuckets
  readonly #entries = new WeakMap<Socket, Entry>()
  /** By address, the longest waiting first; the addresses in the order of their turns. */
  readonly #waiting = new Map<string, Entry[]>()
  /** Handshakes in progress, the longest first, and how many each address has. */
  readonly #handshaking = new Set<Entry>()
  readonly #handshakes = new Map<string, number>()
  /** Handshakes that this process can keep up with, as far as it is known. */
  #affordable: number
  #refused = 0
  #timer: NodeJS.Timeout | undefined

  constructor(inbound: InboundLimits) {
    this.#limits = inbound
    this.#affordable = inbound.handshakesWhenLate
    this.#places = new Places({
      most: inbound.sockets,
      perKey: inbound.socketsPerAddress,
      share: inbound.share,
      givesWay: leastUseful,
    })
    this.#rates = new KeyedBuckets(inbound.handshakeRate, () => performance.now())
  }

  /** Sockets at present, those among them that wait for a handshake, and how many were refused or gave way. */
  stats(): { sockets: number; waiting: number; refused: number } {
    const waiting = [...this.#waiting.values()].reduce((sum, { length }) => sum + length, 0)
    return { sockets: this.#places.size, waiting, refused: this.#refused }
  }

  /**
   * Takes the sockets that `server` accepts from now on. `begin` is called for each when its handshake may start; after
   * that the socket is read. `fromProxy`: sockets of many addresses, which `cameFrom` tells later. Returns a function
   * that destroys all that came in through this server.
   */
  accept(server: Server, begin: (socket: Socket) => void, fromProxy = (_: Socket): boolean => false): () => void {
    const accepted = new Set<Socket>()
    // An option of net.createServer() that is read for each socket; the servers of libp2p's listeners exist already.
    Object.assign(server, { pauseOnConnect: true })
    server.on('connection', (socket: Socket) => {
      accepted.add(socket)
      socket.once('close', () => accepted.delete(socket))
      this.#admit(socket, fromProxy(socket) ? [] : quotaKeys(socket.remoteAddress), () => begin(socket))
    })
    return () => {
      for (const socket of accepted) socket.destroy()
    }
  }

  /** A proxy has told the address that `socket` comes from: it counts as one of that address from now on. */
  cameFrom(socket: Socket, host: string): void {
    const entry = this.#entries.get(socket)
    if (entry == null) return
    this.#places.delete(entry)
    this.#place(entry, quotaKeys(host))
  }

  #admit(socket: Socket, keys: readonly string[], begin: () => void): void {
    socket.on('error', () => socket.destroy())
    const deadline = setTimeout(() => socket.destroy(), this.#limits.wait).unref()
    const acceptedAt = performance.now()
    const key = keys[0] ?? manyAddresses
    const entry: Entry = { socket, key, state: 'silent', acceptedAt, begin, deadline, bytes: 0, quietSince: 0 }
    this.#entries.set(socket, entry)
    socket.once('close', () => this.#remove(entry))
    if (!this.#place(entry, keys)) return
    socket.once('readable', () => {
      // Readable without a byte: it has ended.
      if (socket.readableLength === 0) socket.destroy()
      if (socket.destroyed) return
      entry.state = 'waiting'
      const others = this.#waiting.get(entry.key)
      if (others == null) this.#waiting.set(entry.key, [entry])
      else others.push(entry)
      this.#next()
    })
  }

  /** Gives it a place, or destroys it; who has to give way is destroyed too. Returns whether it has a place. */
  #place(entry: Entry, keys: readonly string[]): boolean {
    const { added, lost } = this.#places.add(entry, keys)
    if (!added || lost != null) this.#refused += 1
    if (added) lost?.socket.destroy()
    else entry.socket.destroy()
    return added
  }

  /** The handshake of `socket` is done: it is a connection. */
  connected(socket: Socket): void {
    const entry = this.#entries.get(socket)
    if (entry?.state !== 'handshake') return
    this.#endHandshake(entry)
    entry.state = 'connected'
  }

  #remove(entry: Entry): void {
    this.#places.delete(entry)
    if (entry.state === 'handshake') this.#endHandshake(entry)
    clearTimeout(entry.deadline)
  }

  #endHandshake(entry: Entry): void {
    const { key, deadline } = entry
    clearTimeout(deadline)
    this.#handshaking.delete(entry)
    const left = (this.#handshakes.get(key) ?? 1) - 1
    if (left > 0) this.#handshakes.set(key, left)
    else this.#handshakes.delete(key)
    this.#next()
  }

  /** Begins as many handshakes as may begin now, one of each address in turn. */
  #next(): void {
    // An address that began one and has more is at the end of the map again, and is reached once more.
    for (const key of this.#waiting.keys()) this.#beginOne(key)
    if (this.#timer == null && this.#waiting.size > 0) this.#plan()
  }

  #plan(): void {
    const due = performance.now() + turn
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      const { handshakes, handshakesWhenLate } = this.#limits
      const onTime = performance.now() - due < late
      this.#affordable = onTime
        ? Math.min(handshakes, this.#affordable * 2)
        : Math.max(handshakesWhenLate, Math.floor(this.#affordable / 2))
      // While this process is late, it is the one that has not answered yet.
      if (onTime) this.#makeRoom()
      this.#next()
    }, turn).unref()
  }

  /** For one handshake of each address that waits for others to end, the longest one in which nothing happens ends. */
  #makeRoom(): void {
    const now = performance.now()
    const quiet = [...this.#handshaking].filter((entry) => {
      const bytes = entry.socket.bytesRead + entry.socket.bytesWritten
      if (bytes !== entry.bytes) entry.quietSince = now
      entry.bytes = bytes
      return now - entry.quietSince >= this.#limits.quiet
    })
    const full = this.#handshaking.size >= this.#affordable
    for (const key of this.#waiting.keys()) {
      const fullThere = (this.#handshakes.get(key) ?? 0) >= this.#limits.handshakesPerAddress
      const at = quiet.findIndex((entry) => (fullThere ? entry.key === key : full))
      if (at !== -1) quiet.splice(at, 1)[0]?.socket.destroy()
    }
  }

  /** Begins one handshake of an address, if it may, and puts the address at the end of the turns. */
  #beginOne(key: string): void {
    const waiting = this.#waiting.get(key) ?? []
    // Of a process that is busy, timers are late.
    const left = ({ acceptedAt }: Entry): number => this.#limits.deadline - (performance.now() - acceptedAt)
    while (waiting[0] != null && (waiting[0].socket.destroyed || left(waiting[0]) <= 0))
      waiting.shift()?.socket.destroy()
    const [entry] = waiting
    const ofAddress = this.#handshakes.get(key) ?? 0
    const may =
      entry != null &&
      this.#handshaking.size < this.#affordable &&
      (key === manyAddresses || (ofAddress < this.#limits.handshakesPerAddress && this.#rates.take(key)))
    if (entry != null && !may) return
    this.#waiting.delete(key)
    if (entry == null) return
    waiting.shift()
    if (waiting.length > 0) this.#waiting.set(key, waiting)
    entry.state = 'handshake'
    clearTimeout(entry.deadline)
    entry.deadline = setTimeout(() => entry.socket.destroy(), left(entry)).unref()
    entry.quietSince = performance.now()
    this.#handshaking.add(entry)
    this.#handshakes.set(key, ofAddress + 1)
    entry.begin()
    entry.socket.resume()
  }
}

/** The oldest socket that is no connection yet; else the newest connection, which has least to lose. */
function leastUseful(entries: Iterable<Entry>): Entry | undefined {
  let newest: Entry | undefined
  for (const entry of entries) {
    if (entry.state !== 'connected') return entry
    newest = entry
  }
  return newest
}
