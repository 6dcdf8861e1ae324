/**
 * Searches the memory of running processes for secrets, as a thief with the machine could, and changes it, as an
 * attacker's code in the process could. Linux.
 */
import { platform, userInfo } from 'node:os'
import { closeSync, globSync, openSync, readFileSync, readSync, writeSync } from 'node:fs'

const readable = platform() === 'linux' && userInfo().uid === 0

/** Options of a test that searches: the sandboxed processes of the window may be read by root only. */
export const needsMemory = { skip: readable ? false : 'NOT RUN: needs Linux, and root to read the memory of processes' }

/** A process and those below it, by id. One that ends during the search is left out. */
export function processTree(root: number): number[] {
  const parents = new Map<number, number>()
  for (const file of globSync('/proc/[0-9]*/status')) {
    const [, pid, parent] = /^Pid:\s+(\d+)$.*^PPid:\s+(\d+)$/msu.exec(readOrNothing(file)) ?? []
    if (pid !== undefined) parents.set(Number(pid), Number(parent))
  }
  const isBelow = (pid: number | undefined): boolean => pid !== undefined && (pid === root || isBelow(parents.get(pid)))
  return [...parents.keys()].filter(isBelow)
}

/** What a process is for: the type that Chromium gives it, `main` for the first. */
export function roleOf(pid: number): string {
  const command = readOrNothing(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')
  const [, type = 'main'] = /--type=(\S+)/u.exec(command) ?? []
  return command.includes('node.mojom.NodeService') ? 'peer' : type
}

/** False for a process that has ended, also while nobody has asked for its exit code. */
export function hasMemory(pid: number): boolean {
  return readOrNothing(`/proc/${pid}/maps`) !== ''
}

/** How often each of `secrets` is found in the writable memory of a process; a process that has ended has none. */
export function occurrences(pid: number, secrets: Record<string, Buffer>): Record<string, number> {
  const found = Object.fromEntries(Object.keys(secrets).map((name) => [name, 0]))
  search(pid, secrets, 'r', (name) => {
    found[name] = (found[name] ?? 0) + 1
  })
  return found
}

/** Replaces `from` by `to`, in UTF-8 and UTF-16, wherever it is in the memory of a process. Returns how often. */
export function rewrite(pid: number, from: string, to: string): number {
  if (from.length !== to.length) throw new Error('The texts have different lengths')
  let count = 0
  const encodings = ['utf8', 'utf16le'] as const
  const wanted = Object.fromEntries(encodings.map((encoding) => [encoding, Buffer.from(from, encoding)]))
  search(pid, wanted, 'r+', (encoding, at, memory) => {
    const bytes = Buffer.from(to, encoding as (typeof encodings)[number])
    writeSync(memory, bytes, 0, bytes.length, at)
    count += 1
  })
  return count
}

/** Calls `found` with the address of each occurrence, and the opened memory. */
function search(
  pid: number,
  secrets: Record<string, Buffer>,
  mode: 'r' | 'r+',
  found: (name: string, at: number, memory: number) => void,
): void {
  const overlap = Math.max(...Object.values(secrets).map(({ length }) => length))
  const block = Buffer.alloc(16 * 1024 * 1024 + overlap)
  const step = block.length - overlap
  const memory = opened(`/proc/${pid}/mem`, mode)
  if (memory === undefined) return
  try {
    for (const [from, to] of writable(pid)) {
      for (let at = from; at < to; at += step) {
        const read = readAt(memory, block, Math.min(block.length, to - at), at)
        for (const [name, secret] of Object.entries(secrets)) {
          for (let index = -1; ;) {
            index = block.subarray(0, read).indexOf(secret, index + 1)
            if (index < 0 || index >= step) break
            found(name, at + index, memory)
          }
        }
      }
    }
  } finally {
    closeSync(memory)
  }
}

function writable(pid: number): [number, number][] {
  return readOrNothing(`/proc/${pid}/maps`)
    .split('\n')
    .flatMap((line) => {
      const range = /^([0-9a-f]+)-([0-9a-f]+) rw/u.exec(line)
      return range && !line.includes('[v') ? [[parseInt(range[1] ?? '', 16), parseInt(range[2] ?? '', 16)]] : []
    }) as [number, number][]
}

/** Pages that cannot be read (of a device, unmapped meanwhile, of a process that ended meanwhile) count as empty. */
function readAt(memory: number, block: Buffer, length: number, at: number): number {
  return unless(['EIO', 'EFAULT', 'ESRCH'], () => readSync(memory, block, 0, length, at)) ?? 0
}

function opened(file: string, mode: 'r' | 'r+'): number | undefined {
  return unless(['ENOENT', 'ESRCH'], () => openSync(file, mode))
}

function readOrNothing(file: string): string {
  return unless(['ENOENT', 'ESRCH'], () => readFileSync(file, 'utf8')) ?? ''
}

/** The result of `action`, or undefined if it fails with one of `codes`: a process may end at any step of a search. */
function unless<T>(codes: string[], action: () => T): T | undefined {
  try {
    return action()
  } catch (error) {
    if (error instanceof Error && 'code' in error && codes.includes(String(error.code))) return undefined
    throw error
  }
}
