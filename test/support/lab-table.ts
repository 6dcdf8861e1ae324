/** The table of the NAT lab, in Markdown, and its storage: a JSON file, or a document between two markers. */
import { readFileSync, writeFileSync } from 'node:fs'
import type { Meeting } from './lab-meeting.ts'

const begin = '<!-- table: npm run lab -- --table -->'
const end = '<!-- end of table -->'

export function tableOf(meetings: readonly Meeting[]): string {
  const header = ['between', 'and', 'path', 'transport', 'first message, s', 'direct, s']
  const rows = meetings.map(({ pair, path, transport, firstMessage, direct }) => [
    ...pair,
    path,
    transport,
    firstMessage.toFixed(1),
    direct?.toFixed(1) ?? '–',
  ])
  return [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

/** The conditions under which the times were measured. */
export function distance(delayMs: number): string {
  if (delayMs === 0) return 'Measured without any distance: the kernel could add no delay (it has no netem).'
  return `Measured with ${delayMs} ms added to each way over the internet.`
}

/** Into a `.md` file between its markers, which must be there; else as JSON, with the delay added to each way. */
export function saveTable(file: string, meetings: readonly Meeting[], delayMs: number): void {
  if (!file.endsWith('.md')) return writeFileSync(file, `${JSON.stringify({ delayMs, meetings }, undefined, 2)}\n`)
  const text = readFileSync(file, 'utf8')
  const [from, to] = [text.indexOf(begin), text.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`${file} has no place for the table, between ${begin} and ${end}`)
  writeFileSync(
    file,
    `${text.slice(0, from)}${begin}\n\n${distance(delayMs)}\n\n${tableOf(meetings)}\n\n${text.slice(to)}`,
  )
}
