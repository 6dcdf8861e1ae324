/** A field that shows fillers knows the same text as one that shows what is typed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { masked, unmasked } from '../../../desktop/renderer/model/masked-text.ts'
import { random } from '../../support/random.ts'

const characters = ['a', 'b', ' ', 'é', 'e\u0301', '漢', '😀', '👩\u200d👧', '1']

test('masked text: typing, pasting, replacing and removing anywhere give the text of an ordinary field', (t) => {
  const { next } = random(t)
  const below = (most: number): number => Math.floor(next() * (most + 1))
  let text = ''
  for (let edit = 0; edit < 5000; edit += 1) {
    const points = Array.from(text)
    const from = below(points.length)
    const to = from + below(Math.min(3, points.length - from))
    const typed = next() < 0.5 ? '' : Array.from({ length: below(4) }, () => characters[below(characters.length - 1)])
    const inserted = typed === '' ? '' : typed.join('')
    const [head, tail] = [points.slice(0, from).join(''), points.slice(to).join('')]
    const shown = masked(head) + inserted + masked(tail)
    const expected = head + inserted + tail
    assert.equal(unmasked(text, shown, masked(head) + inserted), expected, `edit ${edit}`)
    text = expected.length > 40 ? '' : expected
  }
})

test('masked text: it tells the number of characters and nothing else', () => {
  assert.equal(masked('abc'), masked('xyz'))
  assert.equal(Array.from(masked('a😀')).length, 2)
  assert.doesNotMatch(masked('abc'), /[abc]/u)
})
