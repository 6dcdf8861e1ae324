/**
 * Bounds V8's young generation, which otherwise grows to twice 32 MiB by and by: the memory of a program that runs for
 * hours. The bytes that a relay carries are outside V8's heap, and their memory is freed when that generation is
 * collected: in one of 32 MiB, to which loading the program alone grows it, some 80 MB of carried bytes accumulate
 * between collections. In one of 1 MiB, a rush of sign-ins costs a fifth more processor time, because
 * what each handshake needs survives and is copied. V8 reads its limits only before the first line of a program, but
 * the factor of growth at every collection.
 */
import { PerformanceObserver } from 'node:perf_hooks'
import v8 from 'node:v8'
import { limits } from './limits.ts'

/** For the rest of this process: no growth at all until `letYoungGenerationGrow`. */
export function holdYoungGeneration(): void {
  v8.setFlagsFromString('--semi-space-growth-factor=1')
}

/** From now on it doubles as it needs, up to `limits.youngGeneration`. */
export function letYoungGenerationGrow(): void {
  const limit = (): void =>
    v8.setFlagsFromString(`--semi-space-growth-factor=${youngGeneration() < limits.youngGeneration ? 2 : 1}`)
  new PerformanceObserver(limit).observe({ entryTypes: ['gc'] })
  limit()
}

/** Its size in bytes. */
export function youngGeneration(): number {
  return v8.getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space')?.space_size ?? 0
}
