/** Token buckets, with a fake clock. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KeyedBuckets, TokenBucket } from '../../../protocol/base/rate-limit.ts'

const rate = { tokens: 4, per: 1000 }
const clock = () => {
  const time = { ms: 50_000 }
  return { time, now: () => time.ms }
}
const taken = (take: () => boolean) => {
  let count = 0
  while (take()) count += 1
  return count
}

test('a burst is allowed, and no more', () => {
  const { now } = clock()
  const bucket = new TokenBucket(rate, now)
  assert.equal(
    taken(() => bucket.take()),
    4,
  )
})

test('tokens come back evenly, up to the burst', () => {
  const { time, now } = clock()
  const bucket = new TokenBucket(rate, now)
  taken(() => bucket.take())
  time.ms += 249
  assert.ok(!bucket.take())
  time.ms += 1
  assert.ok(bucket.take())
  assert.ok(!bucket.take())
  time.ms += 3_600_000
  assert.equal(
    taken(() => bucket.take()),
    4,
  )
})

test('a request for too many takes no tokens', () => {
  const bucket = new TokenBucket(rate, clock().now)
  assert.ok(!bucket.take(5))
  assert.ok(bucket.take(4))
  assert.ok(!bucket.take(1))
})

test('a clock that is set back neither adds nor removes tokens', () => {
  const { time, now } = clock()
  const bucket = new TokenBucket(rate, now)
  taken(() => bucket.take())
  time.ms -= 10_000
  assert.ok(!bucket.take())
  time.ms += 250
  assert.ok(bucket.take())
})

test('each key has a bucket of its own', () => {
  const buckets = new KeyedBuckets(rate, clock().now)
  assert.equal(
    taken(() => buckets.take('a')),
    4,
  )
  assert.equal(
    taken(() => buckets.take('b')),
    4,
  )
})

test('with too many keys the least recently used one is removed', () => {
  const buckets = new KeyedBuckets({ tokens: 1, per: 1000 }, clock().now, 2)
  assert.ok(buckets.take('a'))
  assert.ok(buckets.take('b'))
  assert.ok(!buckets.take('a'), 'used again, so b is the oldest')
  assert.ok(buckets.take('c'))
  assert.ok(!buckets.take('a'))
  assert.ok(buckets.take('b'), 'forgotten')
})
