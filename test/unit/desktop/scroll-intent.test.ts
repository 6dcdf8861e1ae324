/** Scrolling up by the person leaves the end of a conversation; a list that moves without input does not. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ScrollIntent } from '../../../desktop/renderer/view/scroll-intent.ts'

/** At the end of a list of 1000 pixels that does not move. */
function atRest(): { intent: ScrollIntent; pass: (ms: number) => void } {
  let now = 0
  const intent = new ScrollIntent(() => now)
  intent.scrolled(600, 1000)
  now += 10_000
  return { intent, pass: (ms) => void (now += ms) }
}

test('rows that are smaller than estimated do not leave the end', () => {
  const { intent, pass } = atRest()
  assert.equal(intent.scrolled(550, 950), false)
  pass(400)
  // The list corrects its position a moment after the sizes changed.
  assert.equal(intent.scrolled(500, 950), false)
})

test('a wheel, key or touch input leaves the end, even while rows change', () => {
  const { intent, pass } = atRest()
  intent.input()
  pass(100)
  assert.equal(intent.scrolled(590, 1040), true)
})

test('an input two seconds ago does not count', () => {
  const { intent, pass } = atRest()
  intent.input()
  pass(2000)
  assert.equal(intent.scrolled(550, 950), false)
})

test('a movement without an input, as assistive technology causes it, counts while the list does not move', () => {
  const { intent } = atRest()
  assert.equal(intent.scrolled(400, 1000), true)
})

test('scrolling down never leaves the end', () => {
  const { intent } = atRest()
  intent.input()
  assert.equal(intent.scrolled(700, 1100), false)
})
