/** What somebody in the same network can do with codes (docs/threats.md 93 to 95). */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { limits } from '../../protocol/base/limits.ts'
import { identityFromSeed } from '../../protocol/identity/identity.ts'
import { inviteToLink, ParkedInvite } from '../../protocol/identity/invite-link.ts'
import { answerFor, questionFor, slotText } from '../../protocol/net/lan/slot-records.ts'
import { netLimits } from '../../protocol/net/limits.ts'
import { lanStranger } from '../support/lan-stranger.ts'
import { startPeer, until } from '../support/network.ts'
import { dns } from '../support/text-decoders.ts'

const question = (slot: string): Buffer => dns.encode({ type: 'query', ...questionFor(slot) })

test('hostile 93: a flood of questions, true, false and malformed: one answer a second, and the code works', async (t) => {
  const [stranger, alice, bob] = [await lanStranger(t), await startPeer(t), await startPeer(t)]
  const { code } = await alice.invite({})
  const slot = slotText((await ParkedInvite.fromCode(code)).lanSlot)
  const genuine = question(slot)
  const counts = Buffer.from(genuine)
  counts.writeUInt32BE(0xffffffff, 8)
  // The name is a pointer to itself (RFC 1035, section 4.1.4).
  const loop = Buffer.concat([genuine.subarray(0, 12), Buffer.from([0xc0, 12, 0, 16, 0, 1])])
  const long = dns.encode({ type: 'response', ...answerFor(slot, Buffer.alloc(limits.parkedInvite + 1)) })
  const kinds = [genuine, counts, loop, long, randomBytes(50), Buffer.alloc(0), genuine.subarray(0, -3)]
  await until(async () => {
    await stranger.send(genuine)
    return stranger.answered(slot).length > 0
  }, 'the first question is answered')
  const begun = performance.now()
  const before = stranger.answered(slot).length
  for (let n = 0; n < 2000; n += 1) {
    await stranger.send(
      n % 2 === 0 ? (kinds[(n / 2) % kinds.length] ?? genuine) : question(randomBytes(16).toString('hex')),
    )
  }
  const { tokens, per } = netLimits.slotAnswers
  const answers = stranger.answered(slot).length - before
  const most = tokens + ((performance.now() - begun) * tokens) / per
  assert.ok(answers <= most, `${answers} answers, at most ${most}`)
  await until(async () => {
    const asked = await bob.requestFriend({ to: code }).catch(() => undefined)
    return asked?.peer === alice.id
  }, 'the code works after it')
})

test('hostile 93: whoever knows the slot at a node, as its operator does, cannot ask for it in the network', async (t) => {
  const [stranger, alice] = [await lanStranger(t), await startPeer(t)]
  const { slot, lanSlot } = await ParkedInvite.fromCode((await alice.invite({})).code)
  await until(async () => (await stranger.search(lanSlot)).length > 0, 'it is answered under its own slot')
  assert.deepEqual(await stranger.search(slot), [])
})

test('hostile 94: rubbish in the place of an answer, however early and much of it, keeps no code from working', async (t) => {
  const [stranger, alice, bob] = [await lanStranger(t), await startPeer(t), await startPeer(t)]
  const { code } = await alice.invite({})
  const parked = await ParkedInvite.fromCode(code)
  const noLink = parked.seal('quorum://add/nothing')
  let rubbish = 0
  stranger.onAsked((slot) => {
    if (slot !== slotText(parked.lanSlot)) return
    for (const sealed of [randomBytes(300), Buffer.alloc(0), noLink, Buffer.alloc(limits.parkedInvite)]) {
      stranger.answer(slot, sealed)
      rubbish += 1
    }
  })
  assert.equal((await bob.requestFriend({ to: code })).peer, alice.id)
  assert.ok(rubbish > 0)
})

test('hostile 94: whoever overheard a code and answers with an own link is noticed, and nobody is asked', async (t) => {
  const [stranger, alice, bob] = [await lanStranger(t), await startPeer(t), await startPeer(t)]
  const { code } = await alice.invite({})
  const parked = await ParkedInvite.fromCode(code)
  const { lanSlot } = parked
  await until(async () => (await stranger.search(lanSlot)).length > 0, 'she answers')
  const mallory = await identityFromSeed(randomBytes(32))
  const content = { name: 'Alice', nodes: [], addresses: [], token: randomBytes(16), expiresAt: Date.now() + 3_600_000 }
  const sealed = parked.seal(inviteToLink(mallory, content))
  stranger.onAsked((slot) => slot === slotText(lanSlot) && stranger.answer(slot, sealed))
  await assert.rejects(bob.requestFriend({ to: code }), { code: 'verification-failed' })
  assert.deepEqual(await bob.friends(), [])
})

test('hostile 95: question and answer contain neither code nor link nor PeerId', async (t) => {
  const [stranger, alice, bob] = [await lanStranger(t), await startPeer(t, { name: 'Alice' }), await startPeer(t)]
  const { code, link } = await alice.invite({})
  const parked = await ParkedInvite.fromCode(code)
  const slot = slotText(parked.lanSlot)
  await bob.requestFriend({ to: code })
  await until(() => stranger.answered(slot).length > 0, 'the answer was heard')
  const [sealed = new Uint8Array()] = stranger.answered(slot)
  const seen = Buffer.concat([question(slot), sealed]).toString('latin1')
  for (const secret of [code, code.replace('-', ''), link.slice(13, 40), alice.id, 'Alice', slotText(parked.slot)]) {
    assert.ok(!seen.includes(secret), secret)
  }
  assert.match(parked.open(sealed), /^quorum:\/\/add\//u)
  const other = await ParkedInvite.fromCode(code.replace(/.$/u, (last) => (last === '0' ? '1' : '0')))
  assert.throws(() => other.open(sealed), { code: 'bad-invite' })
})
