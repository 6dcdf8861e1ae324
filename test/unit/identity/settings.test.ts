/** The settings that a peer stores about itself. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { createSeed } from '../../../protocol/identity/identity.ts'
import { limits } from '../../../protocol/base/limits.ts'
import { Settings } from '../../../protocol/identity/settings.ts'
import { openMemoryStore } from '../../../protocol/store/memory.ts'
import { alice, bob } from '../../support/people.ts'
import { refused } from '../../support/refused.ts'

function settingsFor(t: TestContext): { settings: Settings; again: () => Settings } {
  const store = openMemoryStore()
  t.after(() => store.close())
  return { settings: new Settings(store), again: () => new Settings(store) }
}

test('the seed is generated once', (t) => {
  const { settings, again } = settingsFor(t)
  const made = settings.seed(createSeed)
  assert.ok(Buffer.from(made).equals(again().seed(() => assert.fail('made twice'))))
})

test('a name is trimmed, stored, replaced and removed', (t) => {
  const { settings, again } = settingsFor(t)
  assert.equal(settings.name(), '')
  settings.rename('  Älice 👋 ')
  assert.equal(again().name(), 'Älice 👋')
  settings.rename('')
  assert.equal(again().name(), '')
  for (const [typed, name] of [
    ['Anna\nPetersen', 'Anna Petersen'],
    ['Anna\r\n', 'Anna'],
    ['\tAnna\v', 'Anna'],
    ['Anna\u2028Petersen', 'Anna Petersen'],
    ['\u00a0Anna\u3000', 'Anna'],
    ['\ufeffAnna', 'Anna'],
    ['👩‍👩‍👧', '👩‍👩‍👧'],
    // Nothing of it can be seen: whoever has it has no name.
    ['\u200b', ''],
    ['\u2800\u2060', ''],
    ['\u202e \u202c', ''],
    ['\u3164', ''],
  ] as const) {
    settings.rename(typed)
    assert.equal(again().name(), name, JSON.stringify(typed))
  }
})

test('a name has a maximum length, and always a valid UTF-8 form', (t) => {
  const { settings } = settingsFor(t)
  settings.rename('n'.repeat(limits.nameCharacters))
  assert.throws(() => settings.rename('n'.repeat(limits.nameCharacters + 1)), refused('too-large'))
  assert.equal(settings.name().length, limits.nameCharacters, 'the refused one changed nothing')
  settings.rename('half \ud83d')
  assert.equal(settings.name(), 'half \ufffd')
})

test('a handle is checked and normalized', (t) => {
  const { settings } = settingsFor(t)
  settings.setHandle(' @Alice_1 ')
  assert.equal(settings.handle(), 'alice_1')
  for (const handle of ['al', 'with space', 'a'.repeat(33), 'k7qf2-m9xt', 'K7QF2M9XT1', 'alice.', '.alice', '...']) {
    assert.throws(() => settings.setHandle(handle), refused('bad-request'), handle)
  }
  settings.setHandle('')
  assert.equal(settings.handle(), '')
})

test('a node is stored once, and removed by its PeerId', (t) => {
  const { settings, again } = settingsFor(t)
  const [one, two] = [`/ip4/192.0.2.1/tcp/4001/p2p/${alice.peer}`, `/ip4/192.0.2.2/tcp/4001/p2p/${bob.peer}`]
  for (const address of [one, two, one]) settings.rememberNode(address)
  assert.deepEqual(again().nodes().toSorted(), [one, two])
  settings.forgetNode(alice.peer)
  assert.deepEqual(again().nodes(), [two])
})

test('the port of the previous run is 0 at the first run', (t) => {
  const { settings, again } = settingsFor(t)
  assert.equal(settings.port(), 0)
  settings.setPort(40_001)
  assert.equal(again().port(), 40_001)
})

test('record sequences increase, even when the clock is set back', (t) => {
  const { settings, again } = settingsFor(t)
  const first = settings.nextRecordSequence(1000.7)
  assert.equal(first, 1000)
  assert.equal(settings.nextRecordSequence(1000), 1001)
  assert.equal(again().nextRecordSequence(5), 1002)
  assert.equal(again().nextRecordSequence(9000), 9000)
})
