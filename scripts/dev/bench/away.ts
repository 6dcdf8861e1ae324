/**
 * Measures messages to friends who are away: how many parcels a node takes and gives, how long a friend waits for what
 * was left, and how large a short message is there.
 */
import { join } from 'node:path'
import { kibibytes, rounded } from './figures.ts'
import type { Measure } from './measure.ts'
import { Stage, type RunningNode } from './processes.ts'

/** The length of a typical sentence. */
const textBytes = 128
const text = 'x'.repeat(textBytes)

export async function measureAway({ quick, progress }: Measure) {
  if (process.platform !== 'linux') throw new Error('away can be measured on Linux only: clients need many addresses')
  // A node takes 120 parcels a minute of one peer.
  const [clients, each, messages] = quick ? [3, 5, 10] : [50, 100, 1000]
  const { parcelBytes, ...friend } = await oneFriend(messages)
  return {
    definitions: {
      parcel: `a text of ${textBytes} bytes as it lies at the node: sealed, padded, with where its writer stands`,
      left: 'from the first parcel until all are on the disk of the node',
      taken: 'from new sessions of all until each has its parcels, and the node has deleted them',
      nodeCpuMs: 'CPU time of the node for each parcel; the clients are a process of their own on the same machine',
      waiting: 'from the start of a friend with an empty memory until all waiting messages are on its disk',
    },
    textBytes,
    parcelBytes,
    ...(await mailboxes(clients, each, parcelBytes)),
    ...friend,
  }

  async function mailboxes(count: number, parcels: number, bytes: number) {
    await using stage = new Stage()
    progress(`away: ${count} clients leave ${parcels} parcels each`)
    const { program, addresses } = await stage.node()
    const mail = stage.mailClients()
    await mail.ask('open', { node: addresses[0] ?? '', count, network: 1 })
    const all = count * parcels
    const before = await program.usage()
    const leftMs = await mail.ask('leave', { count: parcels, bytes })
    const between = await program.usage()
    progress(`away: ${count} clients take ${parcels} parcels each`)
    const takenMs = await mail.ask('take', { count: parcels })
    const after = await program.usage()
    return {
      parcels: all,
      leftPerSecond: rounded((all * 1000) / leftMs),
      leftNodeCpuMs: rounded((between.cpuMs - before.cpuMs) / all),
      takenPerSecond: rounded((all * 1000) / takenMs),
      takenNodeCpuMs: rounded((after.cpuMs - between.cpuMs) / all),
    }
  }

  async function oneFriend(count: number) {
    await using stage = new Stage()
    progress('away: becoming friends')
    const node = await stage.node()
    const [alice, bob] = [stage.child(), stage.child()]
    const setup = (name: string) =>
      ({ folder: join(stage.folder, name), nodes: node.addresses, direct: 'never', name }) as const
    const [, to] = await Promise.all([alice.ask('start', setup('alice')), bob.ask('start', setup('bob'))])
    await Promise.all([bob.ask('accept'), alice.ask('request', { to })])
    await Promise.all([alice.ask('mailbox'), bob.ask('mailbox')])
    await bob.ask('stop')
    await bob.end()

    progress('away: one short message')
    await alice.ask('leave', { to, text, count: 1 })
    const parcelBytes = (await heldBytes(node)) / (await held(node))
    progress(`away: ${count} messages wait`)
    await alice.ask('leave', { to, text, count: count - 1 })
    const waiting = await heldBytes(node)
    const parcels = await held(node)
    await alice.end()
    const waitedMs = await stage.child().ask('startUntilReceived', { ...setup('bob'), count })
    return {
      parcelBytes,
      waitingMessages: count,
      waitingParcels: parcels,
      waitingKiB: kibibytes(waiting),
      waitingOnDiskMs: rounded(waitedMs),
    }
  }
}

const held = (node: RunningNode): Promise<number> => node.figure('quorum_held_parcels')
const heldBytes = (node: RunningNode): Promise<number> => node.figure('quorum_held_parcel_bytes')
