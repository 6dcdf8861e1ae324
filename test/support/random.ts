/** Randomness that decides what a test does: its seed is printed, and `QUORUM_SEED` repeats it. */
import { randomInt } from 'node:crypto'
import type { TestContext } from 'node:test'

export interface Random {
  seed: number
  /** From 0 up to 1. */
  next(): number
  bytes(length: number): Buffer
}

/** A new seed for `t`, or the one in `QUORUM_SEED`. */
export function random(t: Pick<TestContext, 'diagnostic'>): Random {
  const seed = Number(process.env.QUORUM_SEED ?? randomInt(2 ** 31))
  t.diagnostic(`QUORUM_SEED=${seed} repeats this run`)
  const next = randomFrom(seed)
  return { seed, next, bytes: (length) => Buffer.from(Array.from({ length }, () => Math.floor(next() * 256))) }
}

/** Mulberry32: small, and the same everywhere. Returns numbers from 0 up to 1. */
export function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
