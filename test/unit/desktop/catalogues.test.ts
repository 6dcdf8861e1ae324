/** Rules that every sentence of every catalogue keeps. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { de } from '../../../desktop/text/de.ts'
import { en } from '../../../desktop/text/en.ts'
import { inviteIn, isolate } from '../../../desktop/text/foreign.ts'
import { dayAndTime, sinceWhen } from '../../../desktop/renderer/model/format.ts'

/** As the window shows a name that is too long for it. */
const shortened = isolate('Maximiliane…')

for (const catalogue of [en, de]) {
  test(`${catalogue.tag}: no sentence ends with a name, whose own ellipsis would stand before the full stop`, () => {
    // They are given times, not names.
    const { times: _times, ...message } = catalogue.message
    const { offline: _offline, ...banner } = catalogue.banner
    const bad = sentences({ ...catalogue, message, banner }).filter((sentence) => /…\u2069?\./u.test(sentence))
    assert.deepEqual(bad, [])
  })
}

test('a day is named within a sentence, and left out where a time says enough', () => {
  // Times are isolated, since the text around them may run from right to left.
  const shown = (text: string): string => text.replaceAll(/[\u2066-\u2069]/gu, '')
  const now = new Date(2026, 10, 28, 12).getTime()
  const [today, yesterday, before] = [
    new Date(2026, 10, 28, 8, 27),
    new Date(2026, 10, 27, 20, 27),
    new Date(2026, 9, 3, 20, 27),
  ].map((date) => date.getTime()) as [number, number, number]
  assert.match(shown(dayAndTime(today, now, en)), /^today, 8:27\sAM$/u)
  assert.match(shown(dayAndTime(yesterday, now, en)), /^yesterday, 8:27\sPM$/u)
  assert.equal(shown(dayAndTime(yesterday, now, de)), 'gestern, 20:27')
  assert.equal(shown(dayAndTime(before, now, de)), 'Sa., 3. Oktober, 20:27')
  assert.equal(shown(sinceWhen(today, now, de)), '8:27')
  assert.equal(shown(sinceWhen(yesterday, now, de)), 'gestern, 20:27')
})

test('an invite is found in what was pasted as a name', () => {
  assert.equal(inviteIn('Hi, here: <quorum://add/Ab-c_9> see you'), 'quorum://add/Ab-c_9')
  assert.equal(inviteIn('Ada'), undefined)
})

/** Every text, with the shortened name in place of every argument. */
function sentences(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (typeof value === 'function') {
    return [String(Reflect.apply(value, undefined, Array<string>(value.length).fill(shortened)))]
  }
  return Object.values(value as object).flatMap(sentences)
}
