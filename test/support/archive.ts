/** Lists the content of an Electron archive: its header is JSON after four numbers of four bytes. */
import { readFileSync } from 'node:fs'

interface Entry {
  files?: Record<string, Entry>
  unpacked?: boolean
}

export interface ArchivedFile {
  path: string
  /** The file is stored beside the archive. */
  unpacked: boolean
}

export function archived(archive: string): ArchivedFile[] {
  const bytes = readFileSync(archive)
  const header = JSON.parse(bytes.toString('utf8', 16, 16 + bytes.readUInt32LE(12))) as Entry
  return filesOf(header, '')
}

function filesOf({ files = {} }: Entry, below: string): ArchivedFile[] {
  return Object.entries(files).flatMap(([name, entry]) =>
    entry.files === undefined
      ? [{ path: below + name, unpacked: entry.unpacked === true }]
      : filesOf(entry, `${below}${name}/`),
  )
}
