/** Garbage collection on demand, so that what is measured afterwards is what is held. */
import { setImmediate } from 'node:timers/promises'
import v8 from 'node:v8'
import vm from 'node:vm'

/** A collection that frees less, in bytes, has nothing left to do. */
const stillFreed = 64 * 1024

v8.setFlagsFromString('--expose-gc')
const gc = vm.runInNewContext('gc') as () => void

/** Collects until a collection finds nothing more: finalizers run between two, and free what only they held. */
export async function collect(): Promise<void> {
  for (let held = Infinity; ;) {
    gc()
    await setImmediate()
    const { heapUsed, external, arrayBuffers } = process.memoryUsage()
    const now = heapUsed + external + arrayBuffers
    if (now > held - stillFreed) return
    held = now
  }
}
