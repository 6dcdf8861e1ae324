/**
 * What each process of a program holds, as Linux tells it. Of memory that several share, each has its part (PSS), so that
 * the sum is what the program really takes.
 */
import { globSync, readFileSync } from 'node:fs'

/** What Chromium calls its kinds of process, and what runs in them here. */
const kinds: readonly (readonly [RegExp, string])[] = [
  [/--type=renderer/u, 'page'],
  [/--type=gpu-process/u, 'gpu'],
  [/--type=zygote/u, 'zygotes'],
  [/--utility-sub-type=node\.mojom/u, 'peer'],
  [/--utility-sub-type=network\.mojom/u, 'network'],
  [/--type=/u, 'other'],
]

/** Bytes by kind of process: `main`, and what it started. */
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

/** Empty when the process has just ended. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    // Its parent's sum is right without it.
    return ''
  }
}
