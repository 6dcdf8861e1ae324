/** The sentences for people: one sentence for each code, the same in the library and in the window. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { en } from '../../../desktop/text/en.ts'
import { advice, reasonSentence } from '../../../protocol/api/advice.ts'

test('each advice is one sentence', () => {
  for (const sentence of Object.values(advice)) assert.match(sentence, /^[A-Z][^.]*\.$/)
})

test('the English of the window has the sentences of the terminal', () => {
  assert.deepEqual(en.path.advice, advice)
})

test('the reason for a relayed path names the node, its limits, and what prevents a direct path', () => {
  const node = 'abc123'
  assert.equal(
    reasonSentence({ code: 'relayed', node, notDirect: 'off' }),
    'You are connected through node abc123, which cannot read what you say; direct paths are switched off.',
  )
  const limited = { bytes: 2048, seconds: 120 }
  const sentence = reasonSentence({ code: 'relayed', node, limited, notDirect: 'no-answer', punch: 'both-routers' })
  assert.match(
    sentence,
    /ends this connection after 2 KiB or 120 seconds; none of their addresses answers directly, and /,
  )
  assert.match(sentence, /your router and theirs seem to change ports/)
  assert.match(reasonSentence({ code: 'relayed', node, limited: {}, notDirect: 'off' }), /after a while;/)
})

test('the reason without a path is the last failure, or that there was none yet', () => {
  const failure = 'they are offline, or no path to them works'
  assert.match(reasonSentence({ code: 'failed', failure }), /^You are not connected: they are offline.*keeps trying/)
  assert.equal(reasonSentence({ code: 'connecting' }), 'Connecting.')
  assert.match(reasonSentence({ code: 'not-friends' }), /not friends/)
})
