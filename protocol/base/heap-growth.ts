/**
 * Bounds the garbage in V8's heap: the memory of a program that runs for hours. V8 reads its limits only before the
 * first line of a program, but the factors of growth at every collection.
 *
 * The young generation otherwise grows to twice 32 MiB by and by. The bytes that a relay carries are outside V8's heap,
 * and their memory is freed when that generation is collected: in one of 32 MiB, to which loading the program alone
 * grows it, some 80 MB of carried bytes accumulate between collections. In one of 1 MiB, a rush of sign-ins costs a
 * fifth more processor time, because what each handshake needs survives and is copied.
 *
 * The old generation is otherwise collected when it has up to four times the size of what is used in it. Little garbage
 * gets there, so a peer of which 28 MB are used grows for hours until then.
 */
import { PerformanceObserver } from 'node:perf_hooks'
import v8 from 'node:v8'
import { limits } from './limits.ts'

/** For the rest of this process: the young generation does not grow at all until `letHeapGrow`. */
export function holdYoungGeneration(): void {
  v8.setFlagsFromString('--semi-space-growth-factor=1')
}

/**
 * From now on the young generation doubles as it needs, up to `limits.youngGeneration`, and the old one grows by
 * `limits.oldGarbagePercent` before it is collected, or by 8 MiB if that is more.
 */
export function letHeapGrow(): void {
  const limit = (): void =>
    v8.setFlagsFromString(`--semi-space-growth-factor=${youngGeneration() < limits.youngGeneration ? 2 : 1}`)
  new PerformanceObserver(limit).observe({ entryTypes: ['gc'] })
  limit()
  v8.setFlagsFromString(`--heap-growing-percent=${limits.oldGarbagePercent}`)
}

/** Its size in bytes. */
export function youngGeneration(): number {
  return v8.getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space')?.space_size ?? 0
}
