/**
 * The memory of each process of a program, as Linux reports it. Shared memory is divided among the processes that share
 * it (PSS, proportional set size), so the sum is the memory of the program.
 */
import { globSync, readFileSync } from 'node:fs'

/** Chromium's arguments for each kind of process, and the name of the kind in the figures. */
const kinds: readonly (readonly [RegExp, string])[] = [
  [/--type=renderer/u, 'page'],
  [/--type=gpu-process/u, 'gpu'],
  [/--type=zygote/u, 'zygotes'],
  [/--utility-sub-type=node\.mojom/u, 'peer'],
  [/--utility-sub-type=network\.mojom/u, 'network'],
  [/--type=/u, 'other'],
]

/** Bytes by kind of process: `main` is the process `pid`, the others are its descendants. */
export function memoryOf(pid: number): Record<string, number> {
  const parents = new Map<number, number>()
  for (const file of globSync('/proc/[0-9]*/stat')) {
    const [, child, parent] = /^(\d+) \(.*\) \S (\d+)/su.exec(read(file)) ?? []
    if (child !== undefined) parents.set(Number(child), Number(parent))
  }
  const bytes: Record<string, number> = {}
  for (const child of parents.keys()) {
    if (child !== pid && !descends(child, pid, parents)) continue
    const [, kibibytes = '0'] = /^Pss: +(\d+) kB$/mu.exec(read(`/proc/${child}/smaps_rollup`)) ?? []
    const command = read(`/proc/${child}/cmdline`)
    const kind = kinds.find(([pattern]) => pattern.test(command))?.[1] ?? (child === pid ? 'main' : 'other')
    bytes[kind] = (bytes[kind] ?? 0) + Number(kibibytes) * 1024
  }
  return bytes
}

function descends(child: number, from: number, parents: ReadonlyMap<number, number>): boolean {
  const parent = parents.get(child)
  return parent !== undefined && (parent === from || descends(parent, from, parents))
}

/** Empty if the process has just ended. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    // A process that has ended uses no memory, so the sum is right without it.
    return ''
  }
}
