/**
 * The page at `/`: whether the node is ready, and its figures. It contains no PeerId and no address, loads nothing,
 * runs no script, and supports light and dark mode.
 */
import { createHash } from 'node:crypto'
import { byteSize } from '#byte-size'
import type { MailboxStats } from './mailboxes.ts'
import type { RelayStats } from './metrics.ts'

export interface Status {
  /** Undefined: ready. Else the reason, in one word or sentence. */
  unready: string | undefined
  relay: RelayStats | undefined
  mailboxes: MailboxStats
  /** Milliseconds since the start. */
  uptime: number
  version: string
}

const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 34rem; margin: 3rem auto; padding: 0 1rem }
h1 { font-size: 1.4rem; margin: 0 }
p { margin: .3rem 0 1.5rem }
dl { display: grid; grid-template-columns: 1fr auto; gap: .4rem 2rem; margin: 0 }
dt, dd { margin: 0; border-bottom: 1px solid #8884; padding-bottom: .4rem }
dd { text-align: right; font-variant-numeric: tabular-nums }
footer { margin-top: 1.5rem; opacity: .75; font-size: .9rem }
`

/** For the style-src of the page's Content-Security-Policy. */
export const styleSource = `'sha256-${createHash('sha256').update(style).digest('base64')}'`

const count = new Intl.NumberFormat('en')

export function statusPage({ unready, relay, mailboxes, uptime, version }: Status): string {
  const figures: [string, string][] = [
    ['Connections', count.format(relay?.connections ?? 0)],
    ['Peers reachable through this node', count.format(relay?.reservations ?? 0)],
    ['Relayed conversations', count.format(relay?.circuits ?? 0)],
    ['Relayed since the start', byteSize(relay?.relayedBytes ?? 0)],
    ['Relayed since midnight (UTC)', relayedToday(relay)],
    ['Peer records', count.format(relay?.records ?? 0)],
    ['Friend requests held for the absent', `${count.format(mailboxes.held)} (${byteSize(mailboxes.heldBytes)})`],
    ['Messages held for the absent', `${count.format(mailboxes.parcels)} (${byteSize(mailboxes.parcelBytes)})`],
    ['Mailboxes', count.format(mailboxes.mailboxes)],
    ['Handles', count.format(mailboxes.handles)],
    ['Parked invites', count.format(mailboxes.parked)],
    ['Directory requests', count.format(sum(relay?.requests))],
    ['Reservations and circuits refused', count.format(relay?.refused ?? 0)],
    ['Running for', duration(uptime)],
  ]
  const rows = figures.map(([name, value]) => `<dt>${escape(name)}</dt><dd>${escape(value)}</dd>`).join('\n')
  const state = unready === undefined ? 'Ready.' : `Not ready: ${unready}.`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Quorum node</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>Quorum node</h1>
<p>${escape(state)}</p>
<dl>
${rows}
</dl>
</main>
<footer>Version ${escape(version)}. Figures as of loading; reload for newer ones, or scrape /metrics.</footer>
</body>
</html>
`
}

function relayedToday(relay: RelayStats | undefined): string {
  const bytes = byteSize(relay?.relayedToday.bytes ?? 0)
  return relay?.relaySpent === true ? `${bytes}: used up, no circuits` : bytes
}

function sum(counts: Record<string, number> | undefined): number {
  return Object.values(counts ?? {}).reduce((total, each) => total + each, 0)
}

function duration(milliseconds: number): string {
  const minutes = Math.floor(milliseconds / 60_000)
  const [days, hours] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24]
  if (days > 0) return `${days} d ${hours} h`
  return hours > 0 ? `${hours} h ${minutes % 60} min` : `${minutes} min`
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
