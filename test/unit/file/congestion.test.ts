/**
 * How much of a file is in flight, over simulated links: full links, short queues, and no effect of false receipts.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CongestionControl } from '../../../protocol/file/send/congestion.ts'
import { limits } from '../../../protocol/base/limits.ts'

const part = 16 * 1024
const none = new AbortController().signal

interface Line {
  /** Bytes per millisecond, and milliseconds for both directions together. */
  rate: number
  roundTrip: number
}

/**
 * Sends for `ms` simulated milliseconds as fast as congestion control allows. Returns the bytes that arrived and the
 * longest wait in the queue before the link, both of the second half, when the bandwidth is known.
 */
function simulate({ rate, roundTrip }: Line, ms: number): { arrived: number; longestQueue: number } {
  let now = 0
  const pace = new CongestionControl(() => now)
  const acks: { at: number; bytes: number }[] = []
  let free = 0
  let sent = 0
  const half = { arrived: 0, longestQueue: 0 }
  for (now = 0; now < ms; now += 1) {
    for (let first = acks[0]; first != null && first.at <= now; first = acks[0]) {
      acks.shift()
      pace.acknowledge(first.bytes)
      if (now > ms / 2) half.arrived += part
    }
    while (pace.allows(part)) {
      pace.sent(part)
      sent += part
      const queue = Math.max(0, free - now)
      if (now > ms / 2) half.longestQueue = Math.max(half.longestQueue, queue)
      free = Math.max(free, now) + part / rate
      acks.push({ at: free + roundTrip, bytes: sent })
    }
  }
  return half
}

test('a slow path is fully used, and other data beside the file waits no longer than a few round trips', () => {
  const { arrived, longestQueue } = simulate({ rate: 1000, roundTrip: 50 }, 20_000)
  assert.ok(arrived > 0.9 * 1000 * 10_000, `${arrived} bytes of a line that carries 10^7`)
  assert.ok(longestQueue < 200, `${longestQueue} ms`)
})

test('on a slow path the wait does not grow while a large file is sent, and the path stays used', () => {
  for (const [rate, roundTrip] of [
    [1000, 50],
    [125, 40],
    [64, 20],
  ] as const) {
    const ms = 300_000
    const { arrived, longestQueue } = simulate({ rate, roundTrip }, ms)
    assert.ok(arrived > (0.9 * rate * ms) / 2, `${arrived} bytes at ${rate}`)
    // Twice what is always in flight, or a few round trips.
    const most = Math.max(4 * roundTrip, (2 * limits.fileInFlight.least) / rate)
    assert.ok(longestQueue <= most, `${longestQueue} ms at ${rate}, at most ${most}`)
  }
})

test('a fast path with a long round trip is fully used, up to the bound', () => {
  const { arrived } = simulate({ rate: 50_000, roundTrip: 40 }, 10_000)
  assert.ok(arrived > 0.9 * 50_000 * 5000, `${arrived} bytes`)
})

test('one acknowledgement that was not delayed does not shrink the window if all others are coalesced', () => {
  let now = 0
  let sent = 0
  const pace = new CongestionControl(() => now)
  for (const waits of [2, ...Array.from({ length: 40 }, () => 12)]) {
    for (; pace.allows(part); sent += part) pace.sent(part)
    now += waits
    pace.acknowledge(sent)
  }
  assert.equal(pace.window, limits.fileInFlight.most)
})

test('the window stays within its bounds for any acknowledgement', () => {
  let now = 0
  const pace = new CongestionControl(() => now)
  for (let at = 1; at < 200; at += 1) {
    pace.sent(1024 * 1024)
    now += at % 3
    pace.acknowledge(at * 1024 * 1024)
    assert.ok(pace.window >= limits.fileInFlight.least && pace.window <= limits.fileInFlight.most)
  }
})

test('an acknowledgement of bytes that were never sent, or a decreasing one, changes nothing', () => {
  const pace = new CongestionControl(() => 0)
  pace.sent(1000)
  pace.acknowledge(2000)
  assert.equal(pace.acknowledged, 0)
  pace.acknowledge(900)
  pace.acknowledge(10)
  assert.equal(pace.acknowledged, 900)
  assert.equal(pace.inFlight, 100)
})

test('an acknowledgement frees window space, and a part larger than the window is sent alone', async () => {
  const pace = new CongestionControl(() => 0)
  const large = 2 * limits.fileInFlight.most
  await pace.room(large, none)
  pace.sent(large)
  let went = false
  const waiting = pace.room(1, none).then(() => (went = true))
  await Promise.resolve()
  assert.equal(went, false)
  pace.acknowledge(large)
  await waiting
})

test('a writer that waits for window space is released when the stream ends', async () => {
  const pace = new CongestionControl(() => 0)
  pace.sent(limits.fileInFlight.most)
  const over = new AbortController()
  const waiting = pace.room(1, over.signal)
  over.abort(new Error('The receiver has left'))
  await assert.rejects(waiting, /left/)
})
