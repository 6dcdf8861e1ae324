/** Garbage collection on demand, so that a measurement afterwards counts only memory that is still referenced. */
import { setImmediate } from 'node:timers/promises'
import v8 from 'node:v8'
import vm from 'node:vm'

/** A collection that frees fewer bytes than this is the last one. */
const stillFreed = 64 * 1024

v8.setFlagsFromString('--expose-gc')
const gc = vm.runInNewContext('gc') as () => void

/** Collects until a collection frees nothing more: finalizers run in between and release further objects. */
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
