/**
 * Memory and descriptors of running processes over time, from /proc, and what a long run says about them. A process of
 * V8 holds garbage until it is collected, so the smallest of the samples of a while counts. A program of Node that was
 * started with `measured` tells more exactly what is in use: V8 and malloc keep memory that was needed once.
 */
import fs from 'node:fs'
import { malloc } from '../../scripts/launch.mjs'

/**
 * The environment of a program of Node that runs as its launcher starts it, and adds to `file` what is in use after
 * each collection of its whole heap.
 */
export function measured(file: string): Record<string, string> {
  const loaded = new URL('tell-in-use.ts', import.meta.url).href
  return {
    ...malloc,
    IN_USE_FILE: file,
    NODE_OPTIONS: `--import=${loaded} --disable-warning=ExperimentalWarning`,
  }
}

/** What it wrote: minutes since `begun` (by Date.now), and MB of objects and of buffers. */
export function inUse(file: string, begun: number): [minute: number, memory: number][] {
  const lines = fs.readFileSync(file, 'utf8').trim().split('\n')
  return lines.map((line) => {
    const { at, bytes } = JSON.parse(line) as { at: number; bytes: number }
    return [(at - begun) / 60_000, bytes / 1e6]
  })
}

export interface Sample {
  /** Minutes since the beginning. */
  minute: number
  /** Resident memory in MB (10^6 bytes). */
  memory: number
  descriptors: number
}

export function sample(pid: number, minute: number): Sample {
  const status = fs.readFileSync(`/proc/${pid}/status`, 'latin1')
  const memory = (Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024) / 1e6
  return { minute, memory, descriptors: fs.readdirSync(`/proc/${pid}/fd`).length }
}

export function memoryOf(samples: readonly Sample[]): [minute: number, memory: number][] {
  return samples.map(({ minute, memory }) => [minute, memory])
}

/** The least memory of every `minutes` minutes from `begin` on: their first minute, and MB. */
export function minima(
  taken: readonly (readonly [minute: number, memory: number])[],
  begin: number,
  minutes: number,
): [minute: number, memory: number][] {
  const least = new Map<number, number>()
  for (const [minute, memory] of taken) {
    if (minute < begin) continue
    const first = minute - (minute % minutes)
    least.set(first, Math.min(memory, least.get(first) ?? Infinity))
  }
  return [...least]
}

/** Least squares: how much y grows with one more of x. NaN for fewer than two points. */
export function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (which: 0 | 1): number => points.reduce((sum, point) => sum + point[which], 0) / points.length
  const [x, y] = [mean(0), mean(1)]
  const covariance = points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0)
  return covariance / points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0)
}

/** The median number of descriptors in the first and in the last quarter of `samples`. */
export function quarters(samples: readonly Sample[]): [first: number, last: number] {
  const quarter = Math.ceil(samples.length / 4)
  return [median(samples.slice(0, quarter)), median(samples.slice(-quarter))]
}

function median(samples: readonly Sample[]): number {
  return samples.map(({ descriptors }) => descriptors).toSorted((a, b) => a - b)[Math.floor(samples.length / 2)] ?? 0
}
