/**
 * Loaded before a program whose memory is measured (process-samples.ts): writes what is in use after each collection of
 * V8's whole heap.
 */
import fs from 'node:fs'
import { constants, PerformanceObserver, type NodeGCPerformanceDetail, type PerformanceEntry } from 'node:perf_hooks'
import v8 from 'node:v8'

const file = process.env.IN_USE_FILE ?? ''
/** Compiled code, of which there is more the more often a function ran, and no more than the program has functions. */
const code = /code|trusted/

new PerformanceObserver((list) => list.getEntries().some(ofWholeHeap) && write()).observe({ entryTypes: ['gc'] })

function ofWholeHeap(entry: PerformanceEntry): boolean {
  const { kind } = (entry as PerformanceEntry & { detail: NodeGCPerformanceDetail }).detail
  return kind === constants.NODE_PERFORMANCE_GC_MAJOR
}

function write(): void {
  const objects = v8
    .getHeapSpaceStatistics()
    .filter(({ space_name: name }) => !code.test(name))
    .reduce((sum, { space_used_size: used }) => sum + used, 0)
  fs.appendFileSync(file, `${JSON.stringify({ at: Date.now(), bytes: objects + process.memoryUsage().external })}\n`)
}
