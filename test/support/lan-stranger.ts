/**
 * Somebody in the local network of peers that listen on loopback, where the loopback is that network: hears what is
 * asked and answered for slots by multicast DNS, and says anything.
 */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import type { TestContext } from 'node:test'
import multicastDns from 'multicast-dns'
import { LanSlots } from '../../protocol/net/lan/slots.ts'
import { answerFor, sealedFor, slotAsked } from '../../protocol/net/lan/slot-records.ts'
import { undo } from './cleanup.ts'

const group = { address: '224.0.0.251', port: 5353 }

export interface LanStranger {
  /** How often somebody asked for the slot. */
  asked(slot: string): number
  /** What was answered for it, in order. */
  answered(slot: string): Uint8Array[]
  /** Called with each slot that somebody asks for. */
  onAsked(listener: (slot: string) => void): void
  answer(slot: string, sealed: Uint8Array): void
  /** Sends a datagram to the group. */
  send(datagram: Uint8Array): Promise<void>
  /** All answers to a search for the slot that nobody ends. */
  search(slot: Uint8Array): Promise<Uint8Array[]>
}

export async function lanStranger(t: TestContext): Promise<LanStranger> {
  const mdns = multicastDns({ interface: '127.0.0.1', bind: '0.0.0.0' })
  const raw = createSocket('udp4').bind(0, '127.0.0.1')
  undo(t).defer(async () => {
    await Promise.all([new Promise<void>((resolve) => mdns.destroy(resolve)), once(raw.close(), 'close')])
  })
  const asked: string[] = []
  const answers: Parameters<typeof sealedFor>[1][] = []
  mdns.on('query', (packet) => asked.push(slotAsked(packet) ?? ''))
  mdns.on('response', (packet) => answers.push(packet))
  mdns.on('warning', () => {})
  await Promise.all([once(mdns, 'ready'), once(raw, 'listening')])
  raw.setMulticastInterface('127.0.0.1')
  return {
    asked: (slot) => asked.filter((one) => one === slot).length,
    answered: (slot) => answers.flatMap((packet) => sealedFor(slot, packet) ?? []),
    onAsked: (listener) => void mdns.on('query', (packet) => listener(slotAsked(packet) ?? '')),
    answer: (slot, sealed) => mdns.respond(answerFor(slot, sealed)),
    send: (datagram) =>
      new Promise((resolve, reject) =>
        raw.send(datagram, group.port, group.address, (error) => (error == null ? resolve() : reject(error))),
      ),
    async search(slot) {
      const found: Uint8Array[] = []
      const never = new AbortController()
      await new LanSlots({ loopback: true }).ask(slot, (sealed) => found.push(sealed), never.signal)
      return found
    },
  }
}
