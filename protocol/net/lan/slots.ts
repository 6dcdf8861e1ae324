/**
 * Asks for slots in the local network by multicast DNS, and answers those who do (docs/protocol.md, "Codes in the local
 * network"). Only between `answer` and the call that ends it, and during `ask`, is there a socket: one for each local
 * network. Nothing is announced; questions and answers go to the multicast group of that network only, never to an
 * address that somebody wrote into a datagram.
 */
import { createSocket } from 'node:dgram'
import type { networkInterfaces } from 'node:os'
import multicastDns from 'multicast-dns'
import { pause } from '../../base/backoff.ts'
import { limits } from '../../base/limits.ts'
import { KeyedBuckets, TokenBucket } from '../../base/rate-limit.ts'
import { netLimits } from '../limits.ts'
import { guardSocket } from './dns-datagrams.ts'
import { isIn, lanNetworks, type LanNetwork } from './lan-networks.ts'
import { answerFor, mayAnswer, mayAsk, questionFor, sealedFor, slotAsked, slotText } from './slot-records.ts'

type Mdns = ReturnType<typeof multicastDns>

export interface LanSlotsOptions {
  /** This peer uses the loopback as its network. */
  loopback: boolean
  interfaces?: typeof networkInterfaces
}

/**
 * What is sealed for a slot (16 bytes, in hexadecimal), made when it is sent; undefined for a slot that is nobody's,
 * and if it cannot be made. Throws nothing: anybody can cause the call.
 */
export type FindSealed = (slot: string) => (() => Uint8Array | undefined) | undefined

export class LanSlots {
  readonly #options: LanSlotsOptions
  readonly #now = (): number => performance.now()
  readonly #datagrams = new TokenBucket(netLimits.slotDatagrams, this.#now)

  constructor(options: LanSlotsOptions) {
    this.#options = options
  }

  /** Answers every question for a slot that `find` knows, until the result is called. */
  async answer(find: FindSealed): Promise<() => Promise<void>> {
    const answers = new KeyedBuckets(netLimits.slotAnswers, this.#now)
    const opened = await this.#open(mayAsk, (mdns, { address }) =>
      mdns.on('query', (packet) => {
        const slot = slotAsked(packet)
        const seal = slot === undefined ? undefined : find(slot)
        if (slot === undefined || seal === undefined || !answers.take(`${address} ${slot}`)) return
        const sealed = seal()
        if (sealed !== undefined && sealed.byteLength <= limits.parkedInvite) mdns.respond(answerFor(slot, sealed))
      }),
    )
    return () => close(opened)
  }

  /**
   * Asks for a slot of 16 bytes, again when no answer may have come, and calls `found` with each. Anybody can answer
   * anything. Resolves after `netLimits.slotSearch`, or when `signal` aborts; at once where there is no network.
   */
  async ask(slot: Uint8Array, found: (sealed: Uint8Array) => void, signal: AbortSignal): Promise<void> {
    const text = slotText(slot)
    const opened = await this.#open(mayAnswer, (mdns) =>
      mdns.on('response', (packet) => {
        const sealed = sealedFor(text, packet)
        if (sealed !== undefined && !signal.aborted) found(sealed)
      }),
    )
    const begun = this.#now()
    const until = (at: number): Promise<void> => pause(begun + at - this.#now(), signal)
    try {
      if (opened.length === 0) return
      for (const at of netLimits.slotQuestions) {
        await until(at)
        if (signal.aborted) return
        for (const mdns of opened) mdns.query(questionFor(text))
      }
      await until(netLimits.slotSearch)
    } finally {
      await close(opened)
    }
  }

  /** One socket for each local network in which this works. `passes`: the datagrams that are worth decoding. */
  async #open(
    passes: (datagram: Buffer) => boolean,
    serve: (mdns: Mdns, network: LanNetwork) => void,
  ): Promise<Mdns[]> {
    const { loopback, interfaces } = this.#options
    const all = lanNetworks(loopback, interfaces).map(async (network) => {
      const socket = createSocket({ type: 'udp4', reuseAddr: true })
      const mdns = multicastDns({ socket, interface: network.address, bind: '0.0.0.0' })
      guardSocket(
        socket,
        // A socket gets what is sent to the group in every network of this machine.
        (datagram, from) => passes(datagram) && isIn(network, from.address) && this.#datagrams.take(),
      )
      serve(mdns, network)
      try {
        await ready(mdns)
        // The package goes on without it where it cannot join the group, and sends to another network then.
        socket.setMulticastInterface(network.address)
      } catch (error) {
        if (!(error instanceof Error)) throw error
        // That network has just gone, or a program holds the port alone: the others still work.
        await close([mdns])
        return []
      }
      return [mdns]
    })
    return (await Promise.all(all)).flat()
  }
}

/** Errors: those of binding the socket. */
async function ready(mdns: Mdns): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  mdns.on('ready', resolve)
  mdns.on('error', reject)
  // A datagram that is not DNS, or a group that cannot be joined.
  mdns.on('warning', () => {})
  await promise
}

async function close(all: readonly Mdns[]): Promise<void> {
  await Promise.all(all.map((mdns) => new Promise<void>((resolve) => mdns.destroy(resolve))))
}
