/** Who scrolls up leaves the end of a conversation; what moves by itself does not. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Leaving } from '../../../desktop/renderer/view/scroll-intent.ts'

/** At the end of a list of 1000 pixels that has come to rest. */
function atRest(): { leaving: Leaving; pass: (ms: number) => void } {
  let now = 0
  const leaving = new Leaving(() => now)
  leaving.scrolled(600, 1000)
  now += 10_000
  return { leaving, pass: (ms) => void (now += ms) }
}

test('rows that turn out smaller do not take anybody from the end', () => {
  const { leaving, pass } = atRest()
  assert.equal(leaving.scrolled(550, 950), false)
  pass(400)
  // The list corrects its place a moment after the sizes changed.
  assert.equal(leaving.scrolled(500, 950), false)
})

test('a wheel, a key or a finger does, also while rows change', () => {
  const { leaving, pass } = atRest()
  leaving.act()
  pass(100)
  assert.equal(leaving.scrolled(590, 1040), true)
})

test('what was done long ago does not count', () => {
  const { leaving, pass } = atRest()
  leaving.act()
  pass(2000)
  assert.equal(leaving.scrolled(550, 950), false)
})

test('without any event, as assistive technology scrolls, it counts when nothing else moves', () => {
  const { leaving } = atRest()
  assert.equal(leaving.scrolled(400, 1000), true)
})

test('going down is never leaving', () => {
  const { leaving } = atRest()
  leaving.act()
  assert.equal(leaving.scrolled(700, 1100), false)
})
