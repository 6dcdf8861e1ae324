/**
 * The figures of the node for Prometheus. Each is read at a scrape from the part that counts it; nothing is counted
 * here, and no figure contains a PeerId or an address.
 */
import { Counter, Gauge, Registry, collectDefaultMetrics } from 'prom-client'
import type { RelayNode, RelayShares } from '#protocol'
import { nodeLimits } from './limits.ts'
import type { MailboxStats } from './mailboxes.ts'

export type RelayStats = ReturnType<RelayNode['stats']>

export interface Figures {
  /** Undefined while the node starts or stops. */
  relay(): RelayStats | undefined
  mailboxes(): MailboxStats
  version: string
}

/** A separate registry, so that two nodes in one process do not share figures. */
export function createMetrics({ relay, mailboxes, version }: Figures): Registry {
  const register = new Registry()
  const registers = [register]

  function gauge(name: string, help: string, value: () => number): void {
    new Gauge({
      name,
      help,
      registers,
      collect: function read() {
        this.set(value())
      },
    })
  }
  function gauges(
    name: string,
    help: string,
    labelNames: string[],
    values: () => [Record<string, string>, number][],
  ): void {
    const collect = function read(this: Gauge) {
      this.reset()
      for (const [labels, value] of values()) this.set(labels, value)
    }
    new Gauge({ name, help, labelNames, registers, collect })
  }
  /** A total that is counted elsewhere: reset, then set to it. */
  function counter(
    name: string,
    help: string,
    labelNames: string[],
    values: () => [Record<string, string>, number][],
  ): void {
    const collect = function read(this: Counter) {
      this.reset()
      for (const [labels, value] of values()) this.inc(labels, value)
    }
    new Counter({ name, help, labelNames, registers, collect })
  }

  gauge('quorum_connections', 'Open connections', () => relay()?.connections ?? 0)
  gauge('quorum_reservations', 'Peers that can be reached through this relay', () => relay()?.reservations ?? 0)
  gauge('quorum_circuits', 'Relayed conversations that are open', () => relay()?.circuits ?? 0)
  gauge('quorum_records', 'Peer records kept in memory', () => relay()?.records ?? 0)
  gauge('quorum_directory_sessions', 'Peers with an open directory stream', () => relay()?.directorySessions ?? 0)
  gauge('quorum_held_envelopes', 'Sealed envelopes that wait for their recipients', () => mailboxes().held)
  gauge('quorum_held_bytes', 'Bytes of the envelopes that wait', () => mailboxes().heldBytes)
  gauge('quorum_mailboxes', 'Peers whose friends may leave messages here', () => mailboxes().mailboxes)
  gauge('quorum_held_parcels', 'Sealed messages that wait in mailboxes', () => mailboxes().parcels)
  gauge('quorum_held_parcel_bytes', 'Bytes of the sealed messages that wait', () => mailboxes().parcelBytes)
  gauge('quorum_handles', 'Handles that belong to somebody', () => mailboxes().handles)
  gauge('quorum_parked_invites', 'Sealed invites that wait under a short code', () => mailboxes().parked)
  counter('quorum_relayed_bytes_total', 'Bytes carried for others, both directions', [], () => [
    [{}, relay()?.relayedBytes ?? 0],
  ])
  gauge('quorum_relayed_today_bytes', 'The same since midnight, UTC', () => relay()?.relayedToday.bytes ?? 0)
  gauge('quorum_relay_spent', '1 while the amount of this day is used up, so that no circuit is made', () =>
    relay()?.relaySpent === true ? 1 : 0,
  )
  gauges('quorum_relayed_today_users', 'Peers or addresses with more bytes than that today', ['by', 'more'], () =>
    sharers(relay(), ({ more }) => more).map(([by, bytes, count]) => [{ by, more: bytes }, count]),
  )
  gauges('quorum_relayed_today_share', 'Part of the bytes of today of so many with most, 0 to 1', ['by', 'top'], () =>
    sharers(relay(), ({ top }) => top).map(([by, most, part]) => [{ by, top: most }, part]),
  )
  counter('quorum_requests_total', 'Directory requests', ['kind', 'outcome'], () =>
    Object.entries(relay()?.requests ?? {}).map(([name, count]) => [kindAndOutcome(name), count]),
  )
  gauge('quorum_sockets', 'Sockets that others opened', () => relay()?.sockets ?? 0)
  gauge('quorum_sockets_waiting', 'Sockets that wait for a handshake', () => relay()?.socketsWaiting ?? 0)
  counter('quorum_sockets_refused_total', 'Sockets refused, or ended for others, by a cap', [], () => [
    [{}, relay()?.socketsRefused ?? 0],
  ])
  counter('quorum_refused_total', 'Reservations and circuits refused by a cap', [], () => [[{}, relay()?.refused ?? 0]])
  new Gauge({
    name: 'quorum_info',
    help: 'Always 1: the version is in the label',
    labelNames: ['version'],
    registers,
  }).set({ version }, 1)
  collectDefaultMetrics({ register, eventLoopMonitoringPrecision: nodeLimits.loopSampling })
  return register
}

/** One of the figures about today's users, for peers and for addresses, each with its bound or number. */
function sharers(
  relay: RelayStats | undefined,
  figures: (shares: RelayShares) => Record<string, number>,
): [by: string, of: string, value: number][] {
  if (relay === undefined) return []
  const { peers, addresses } = relay.relayShares
  return Object.entries({ peer: peers, address: addresses }).flatMap(([by, shares]) =>
    Object.entries(figures(shares)).map(([of, value]): [string, string, number] => [by, of, value]),
  )
}

/** Of `lookup ok` or `deliver rate-limited`. */
function kindAndOutcome(name: string): { kind: string; outcome: string } {
  const [kind = '', outcome = ''] = name.split(' ')
  return { kind, outcome }
}
