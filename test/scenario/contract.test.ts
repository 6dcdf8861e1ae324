/**
 * The headless contract as clients rely on it: the shape of every answer and event, which input is refused and how, and
 * how the process ends. Shapes are repeated here on purpose: a change in the code must not change them. Fields may be
 * added; those listed stay.
 */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { existsSync, globSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { z } from 'zod'
import { callParams, errorCodes, type PeerEvent, type Transfer } from '#protocol'
import { folder } from '../support/cleanup.ts'
import { HeadlessNode, HeadlessPeer, talking } from '../support/headless.ts'
import { Stage, type LineProcess } from '../support/line-process.ts'
import { until } from '../support/until.ts'

const peerId = z.string().regex(/^12D3Koo[1-9A-HJ-NP-Za-km-z]{45}$/)
const time = z.number().int().min(1_600_000_000_000)
const path = z.enum(['direct', 'relayed', 'none'])
const privacy = z.object({
  direct: z.enum(['auto', 'verified', 'never', 'only']),
  lan: z.boolean(),
  upnp: z.boolean(),
  mdns: z.boolean(),
  readReceipts: z.boolean(),
  typingMarks: z.boolean(),
})
const self = z.object({
  peer: peerId,
  name: z.string(),
  nodes: z.array(
    z.object({
      address: z.string(),
      peer: peerId,
      state: z.enum(['connected', 'connecting', 'unreachable']),
      reserved: z.boolean(),
      fullUntil: time.optional(),
      problem: z.string().optional(),
      rttMs: z.number().min(0).optional(),
    }),
  ),
  listen: z.array(z.string().startsWith('/ip')),
  reachable: z.enum(['public', 'private', 'unknown']),
  privacy,
})
const friend = z.object({
  peer: peerId,
  name: z.string().min(1),
  handle: z.string().optional(),
  state: z.enum(['requested', 'incoming', 'friend', 'blocked', 'removed']),
  note: z.string().optional(),
  verified: z.boolean(),
  online: z.boolean(),
  path,
  addedAt: time,
  lastSeen: time.optional(),
  held: z.enum(['too-much', 'disk-full']).optional(),
  askedAt: time.optional(),
})
const connection = z.object({
  path,
  transport: z.string().optional(),
  address: z.string().startsWith('/ip').optional(),
  via: peerId.optional(),
  rttMs: z.number().min(0).optional(),
  since: time.optional(),
  reason: z.string().regex(/^[A-Z].*\.$/),
  tried: z.array(
    z.object({
      kind: z.enum(['public', 'lan', 'relay']),
      outcome: z.enum(['connected', 'not-needed', 'silent', 'refused', 'no-route', 'wrong-peer', 'away', 'failed']),
    }),
  ),
  advice: z
    .string()
    .regex(/^[A-Z].*\.$/)
    .optional(),
})
const groupId = z.string().regex(/^[0-9a-f]{64}$/)
const messageDraft = z.object({ peer: peerId, text: z.string(), replyTo: z.uuid().optional() })
const message = z.object({
  id: z.uuid(),
  peer: peerId,
  direction: z.enum(['in', 'out']),
  text: z.string(),
  sentAt: time,
  receivedAt: time.optional(),
  state: z.enum(['queued', 'sent', 'delivered', 'read', 'recalled']),
  replyTo: z.uuid().optional(),
  unknown: z.literal(true).optional(),
  seq: z.number().int().min(1),
  group: groupId.optional(),
  author: peerId.optional(),
  invitation: z
    .object({ group: groupId, name: z.string().min(1), members: z.array(z.string()), count: z.number().int().min(1) })
    .optional(),
})
const group = z.object({
  group: groupId,
  name: z.string().min(1),
  state: z.enum(['invited', 'member', 'left', 'removed', 'frozen']),
  joining: z.literal(true).optional(),
  rank: z.number().int().min(0),
  founder: z.union([peerId, z.literal('')]),
  members: z.array(
    z.object({
      peer: peerId,
      name: z.string().min(1),
      rank: z.number().int().min(0),
      online: z.boolean(),
      friend: z.boolean(),
    }),
  ),
  invitedBy: peerId.optional(),
  invitation: z.object({ members: z.array(z.string()), count: z.number().int().min(1) }).optional(),
  removedBy: peerId.optional(),
  unread: z.number().int().min(0),
  muted: z.boolean(),
  createdAt: time,
  history: z.number().int().min(0),
})
const transfer = z.object({
  id: z.uuid(),
  peer: peerId,
  direction: z.enum(['in', 'out']),
  state: z.enum(['offered', 'waiting', 'active', 'paused', 'done', 'declined', 'cancelled', 'failed']),
  name: z.string().min(1),
  note: z.string().optional(),
  count: z.number().int().min(1),
  roots: z.number().int().min(1),
  files: z.array(z.object({ path: z.string().min(1), size: z.number().int().min(0), done: z.number().int().min(0) })),
  bytes: z.number().int().min(0),
  doneBytes: z.number().int().min(0),
  missing: z
    .array(
      z.object({ path: z.string().min(1), why: z.enum(['unreadable', 'name', 'size', 'link', 'special', 'changed']) }),
    )
    .optional(),
  missingCount: z.number().int().min(1).optional(),
  bytesPerSecond: z.number().min(0),
  etaSeconds: z.number().min(0).optional(),
  savedTo: z.string().optional(),
  error: z.object({ code: z.enum(errorCodes), message: z.string().min(1) }).optional(),
})
const error = z.strictObject({ code: z.enum(errorCodes), message: z.string().min(1), part: z.string().optional() })
const knowledge = z.object({
  peer: peerId,
  hasRecord: z.boolean(),
  connectedSince: time,
  observedAddress: z.string(),
  reserved: z.boolean(),
  held: z.array(z.object({ bytes: z.number(), heldSince: time })),
  mailbox: z.object({ tickets: z.number(), parcels: z.number(), bytes: z.number(), heldSince: z.number() }),
  invites: z.number(),
})
const eventShapes: Record<string, z.ZodType> = {
  ready: z.object({ peer: peerId, name: z.string(), version: z.string().regex(/^\d+\.\d+\.\d+/) }),
  'node-state': self.shape.nodes.element,
  'friend-request': friend,
  'friend-changed': friend,
  'path-changed': connection.extend({ peer: peerId }),
  'privacy-changed': privacy,
  'backup-progress': z.object({ done: z.number().int().min(1), total: z.number().int().min(1) }),
  'message-received': message,
  'message-changed': message,
  typing: z.object({ peer: peerId, group: groupId.optional(), active: z.boolean() }),
  'group-invited': group,
  'group-changed': group,
  'transfer-offered': transfer,
  'transfer-changed': transfer,
  warning: error.extend({ peer: peerId.optional() }),
}

const stranger = '12D3KooWLJtG8fd2hkQzTn96MrLvThmnNQjTUFZwGEsLRz5EmSzc'

describe('the headless contract', () => {
  const stage = new Stage({ after })
  const node = new HeadlessNode(stage)
  const asked = new Set<string>()
  const happened: PeerEvent[] = []
  const alice = new HeadlessPeer(stage, 'alice')
  const bob = new HeadlessPeer(stage, 'bob')

  before(async () => {
    await node.start()
    for (const peer of [alice, bob]) {
      peer.setup = { nodes: node.addresses }
      peer.onEvent = (event) => void happened.push(event)
    }
    await Promise.all([alice.start(), bob.start()])
  })

  /** Calls Alice; her answer must have this shape. */
  async function answers<Shape extends z.ZodType>(
    call: string,
    params: unknown,
    shape: Shape,
  ): Promise<z.infer<Shape>> {
    asked.add(call)
    const result = await alice.ask(call, params)
    const checked = shape.safeParse(result)
    assert.ok(checked.success, `${call}: ${JSON.stringify(result)}: ${checked.error?.message}`)
    return checked.data
  }

  /** One is sent, accepted, done and listed; another is declined, a third cancelled. */
  async function transfersAnswer(): Promise<void> {
    const file = join(stage.folder, 'letter.txt')
    await writeFile(file, 'Dear Bob')
    const offer = async (): Promise<string> => {
      const sent = await answers('sendFiles', { peer: bob.id, paths: [file], note: 'read this' }, transfer)
      assert.deepEqual([sent.state, sent.bytes, sent.files], ['offered', 8, [{ path: 'letter.txt', size: 8, done: 0 }]])
      await bob.event('transfer-offered', ({ id }) => id === sent.id)
      return sent.id
    }
    const becomes = (state: Transfer['state'], id: string): Promise<Transfer> =>
      bob.event('transfer-changed', (one) => one.id === id && one.state === state)
    const first = await offer()
    await bob.call('acceptTransfer', { transfer: first, directory: join(stage.folder, 'got') })
    const { savedTo = '' } = await becomes('done', first)
    assert.equal(await readFile(savedTo, 'utf8'), 'Dear Bob')
    const { path: source } = await answers('transferFile', { transfer: first, file: 0 }, z.object({ path: z.string() }))
    assert.equal(source, file)
    assert.equal((await bob.call('transferFile', { transfer: first, file: 0 })).path, savedTo)
    const second = await offer()
    assert.equal(await bob.refusal('transferFile', { transfer: second, file: 0 }), 'not-found')
    assert.equal((await bob.call('declineTransfer', { transfer: second })).state, 'declined')
    const third = await offer()
    assert.equal((await answers('pauseTransfer', { transfer: third }, transfer)).state, 'offered')
    await answers('resumeTransfer', { transfer: third }, transfer)
    assert.equal((await answers('cancelTransfer', { transfer: third }, transfer)).state, 'cancelled')
    await becomes('cancelled', third)
    const folder = join(stage.folder, 'folder')
    await mkdir(folder)
    for (const name of ['kept', 'log']) await writeFile(join(folder, name), 'text')
    const fourth = await answers('sendFiles', { peer: bob.id, paths: [folder] }, transfer)
    await bob.event('transfer-offered', ({ id }) => id === fourth.id)
    await writeFile(join(folder, 'log'), 'other text')
    await bob.call('acceptTransfer', { transfer: fourth.id, directory: join(stage.folder, 'got') })
    const lost = [{ path: 'folder/log', why: 'changed' }]
    const { missing, missingCount } = await becomes('done', fourth.id)
    assert.deepEqual([missing, missingCount], [lost, 1])
    const isDone = (one: Transfer): boolean => one.id === fourth.id && one.state === 'done'
    assert.deepEqual((await alice.event('transfer-changed', isDone)).missing, lost)
    const again = await answers('sendMissing', { transfer: fourth.id }, transfer)
    assert.deepEqual(again.files, [{ path: 'folder/log', size: 10, done: 0 }])
    await bob.event('transfer-offered', ({ id }) => id === again.id)
    assert.equal((await bob.call('declineTransfer', { transfer: again.id })).state, 'declined')
    const all = await answers('transfers', { peer: bob.id }, z.array(transfer))
    assert.deepEqual(
      all.map(({ id }) => id),
      [first, second, third, fourth.id, again.id],
    )
    assert.deepEqual(await answers('transfers', { after: second, limit: 1 }, z.array(transfer)), all.slice(2, 3))
    assert.deepEqual(await answers('transfer', { transfer: third }, transfer), all[2])
    const numbered = z.strictObject({ file: z.int(), path: z.string(), size: z.int(), done: z.int() })
    const listed = await answers('transferFiles', { transfer: first, limit: 1000 }, z.array(numbered))
    assert.deepEqual(listed, [{ file: 0, path: 'letter.txt', size: 8, done: 8 }])
    assert.equal(await alice.refusal('transfer', { transfer: randomUUID() }), 'not-found')
    for (const call of ['acceptTransfer', 'declineTransfer'] as const) {
      asked.add(call)
      assert.equal(await alice.refusal(call, { transfer: randomUUID() }), 'not-found')
    }
    assert.equal(
      await alice.refusal('sendFiles', { peer: bob.id, paths: [join(stage.folder, 'nothing')] }),
      'not-found',
    )
  }

  /** One is founded, joined, talked in, and left by a removal; another is declined. Alice and Bob can talk. */
  async function groupsAnswer(): Promise<void> {
    const founded = await answers('createGroup', { name: 'Trip' }, group)
    assert.deepEqual([founded.name, founded.state, founded.founder, founded.unread], ['Trip', 'member', alice.id, 0])
    const of = { group: founded.group }
    await answers('sendMessage', { ...of, text: 'before him' }, message)
    assert.equal((await answers('inviteToGroup', { ...of, peer: bob.id, history: 'all' }, group)).members.length, 1)
    const asked = await bob.event('group-invited')
    assert.deepEqual([asked.state, asked.invitedBy, asked.invitation?.count], ['invited', alice.id, 1])
    const [invitation] = (await alice.call('messages', { peer: bob.id })).slice(-1)
    const named = { ...of, name: 'Trip', members: ['Alice Ä.'], count: 1 }
    assert.deepEqual([invitation?.text, invitation?.invitation], ['', named])
    assert.equal((await bob.call('joinGroup', of)).joining, true)
    await alice.event('group-changed', ({ members }) => members.length === 2)
    await bob.event('group-changed', ({ state }) => state === 'member')
    const theirs = await bob.call('sendMessage', { ...of, text: 'I am in' })
    const received = await alice.event('message-received', ({ id }) => id === theirs.id)
    assert.deepEqual([received.group, received.author, received.direction], [founded.group, bob.id, 'in'])
    assert.equal((await answers('group', of, group)).unread, 1)
    await answers('markRead', { ...of, upTo: theirs.id }, z.null())
    assert.equal((await answers('groups', {}, z.array(group)))[0]?.unread, 0)
    const said = await answers('messages', { ...of, limit: 5 }, z.array(message))
    assert.deepEqual(
      said.map(({ text }) => text),
      ['before him', 'I am in'],
    )
    assert.deepEqual(await answers('message', { message: theirs.id }, message), said[1])
    assert.equal((await answers('search', { text: 'am', ...of }, z.array(message)))[0]?.id, theirs.id)
    assert.equal((await answers('search', { text: 'before' }, z.array(message)))[0]?.group, founded.group)
    await answers('typing', { ...of, active: true }, z.null())
    assert.equal((await answers('setGroupRole', { ...of, peer: bob.id, rank: 2 }, group)).members[1]?.rank, 2)
    await bob.event('group-changed', ({ rank }) => rank === 2)
    assert.equal((await answers('renameGroup', { ...of, name: 'The sea' }, group)).name, 'The sea')
    assert.equal((await answers('muteGroup', { ...of, muted: true }, group)).muted, true)
    const wrong: [string, object, string][] = [
      ['sendMessage', { text: 'x' }, 'bad-request'],
      ['sendMessage', { ...of, peer: bob.id, text: 'x' }, 'bad-request'],
      ['sendMessage', { ...of, text: 'x', replyTo: randomUUID() }, 'not-found'],
      ['sendMessage', { ...of, text: 'x'.repeat(65_537) }, 'too-large'],
      ['createGroup', { name: ' ' }, 'bad-request'],
      ['createGroup', { name: 'x'.repeat(65) }, 'bad-request'],
      ['renameGroup', { ...of, name: '\n' }, 'bad-request'],
      ['inviteToGroup', { ...of, peer: bob.id }, 'bad-request'],
      ['inviteToGroup', { ...of, peer: stranger }, 'not-friend'],
      ['inviteToGroup', { ...of, peer: bob.id, history: 'some' }, 'bad-request'],
      ['joinGroup', of, 'bad-request'],
      ['declineGroup', of, 'bad-request'],
      ['setGroupRole', { ...of, peer: stranger, rank: 1 }, 'not-found'],
      ['setGroupRole', { ...of, peer: alice.id, rank: 1 }, 'bad-request'],
      ['setGroupRole', { ...of, peer: bob.id, rank: -1 }, 'bad-request'],
      ['setGroupRole', { ...of, peer: bob.id, rank: 1001 }, 'bad-request'],
      ['removeFromGroup', { ...of, peer: stranger }, 'not-found'],
      ['removeFromGroup', { ...of, peer: alice.id }, 'bad-request'],
    ]
    for (const [call, params, code] of wrong)
      assert.equal(await alice.refusal(call as 'group', params as never), code, `${call} ${JSON.stringify(params)}`)
    const about: [string, object][] = [
      ['group', {}],
      ['inviteToGroup', { peer: bob.id }],
      ['joinGroup', {}],
      ['declineGroup', {}],
      ['leaveGroup', {}],
      ['removeFromGroup', { peer: bob.id }],
      ['setGroupRole', { peer: bob.id, rank: 1 }],
      ['renameGroup', { name: 'x' }],
      ['muteGroup', { muted: true }],
      ['sendMessage', { text: 'x' }],
      ['messages', {}],
      ['markRead', { upTo: 1 }],
    ]
    for (const [call, params] of about) {
      const refused = (id: string): Promise<string> => alice.refusal(call as 'group', { ...params, group: id } as never)
      assert.equal(await refused('0'.repeat(64)), 'not-found', call)
      assert.equal(await refused('Trip'), 'bad-request', call)
    }
    assert.equal(await bob.refusal('setGroupRole', { ...of, peer: alice.id, rank: 3 }), 'bad-request')
    assert.equal(await bob.refusal('removeFromGroup', { ...of, peer: alice.id }), 'bad-request')
    assert.equal((await answers('removeFromGroup', { ...of, peer: bob.id, undo: true }, group)).members.length, 1)
    const out = await bob.event('group-changed', ({ state }) => state === 'removed')
    assert.deepEqual([out.removedBy, out.rank], [alice.id, 0])
    assert.equal(await bob.refusal('sendMessage', { ...of, text: 'x' }), 'bad-request')
    assert.equal(await bob.refusal('renameGroup', { ...of, name: 'x' }), 'bad-request')
    assert.equal((await answers('leaveGroup', of, group)).state, 'left')
    assert.equal((await answers('messages', of, z.array(message))).length, 2)
    await answers('leaveGroup', { ...of, forget: true }, group)
    assert.deepEqual(await answers('groups', {}, z.array(group)), [])
    const theirGroup = await bob.call('createGroup', { name: 'Books' })
    for (const answer of ['declineGroup', 'joinGroup'] as const) {
      await bob.call('inviteToGroup', { group: theirGroup.group, peer: alice.id })
      await until(async () => (await alice.call('groups')).length === 1, 'she is invited')
      const answered = await answers(answer, { group: theirGroup.group }, group)
      assert.equal(answered.state, answer === 'joinGroup' ? 'invited' : 'left')
    }
    await alice.event('group-changed', ({ group: id, state }) => id === theirGroup.group && state === 'member')
  }

  test('every call answers in its shape', async () => {
    await alice.event('node-state', ({ reserved }) => reserved)
    const known = await answers('self', {}, self)
    assert.deepEqual([known.peer, known.name, known.nodes[0]?.address], [alice.id, 'alice', node.addresses[0]])
    assert.equal((await answers('setProfile', { name: 'Alice Ä.', handle: 'alice' }, self)).name, 'Alice Ä.')
    const invite = z.object({
      link: z.string().startsWith('quorum://add/'),
      code: z.string().regex(/^[0-9A-Z]{5}-[0-9A-Z]{5}$/),
    })
    await answers('invite', { once: true, expiresIn: 60_000 }, invite)

    // Requested, withdrawn, requested again and crossed: every call about people, in a sensible order.
    const { link } = await bob.call('invite', {})
    const author = z.strictObject({
      kind: z.literal('invite'),
      peer: z.literal(bob.id),
      name: z.literal('bob'),
      expired: z.literal(false),
    })
    await answers('recipient', { to: `He says: <${link}>` }, author)
    const requested = await answers('requestFriend', { to: link, note: 'hi' }, friend)
    assert.deepEqual([requested.state, requested.note, requested.name], ['requested', 'hi', 'bob'])
    await bob.event('friend-request')
    assert.equal((await answers('removeFriend', { peer: bob.id }, friend)).state, 'removed')
    await bob.call('declineFriend', { peer: alice.id })
    await bob.call('requestFriend', { to: 'alice', note: 'yes?' })
    await alice.event('friend-request', ({ note }) => note === 'yes?')
    assert.equal((await answers('declineFriend', { peer: bob.id }, friend)).state, 'removed')
    const again = await alice.call('invite', {})
    await bob.call('requestFriend', { to: again.link, note: 'really?' })
    await alice.event('friend-request', ({ note }) => note === 'really?')
    assert.equal((await answers('acceptFriend', { peer: bob.id }, friend)).state, 'friend')
    await answers('recipient', { to: link }, author.extend({ known: z.literal('friend') }))
    await answers(
      'recipient',
      { to: again.link },
      author.extend({ peer: z.literal(alice.id), name: z.string(), known: z.literal('self') }),
    )
    await answers(
      'recipient',
      { to: 'code: k7qf2 m9xtd' },
      z.strictObject({ kind: z.literal('code'), needsNode: z.literal(false), lan: z.literal(true) }),
    )
    await Promise.all([alice.sees(bob), bob.sees(alice)])
    const [listed] = await answers('friends', {}, z.array(friend))
    await answers('removedFriends', {}, z.array(friend).length(0))
    assert.equal((await answers('friend', { peer: bob.id }, friend)).peer, bob.id)
    assert.ok(listed?.online && listed.lastSeen != null && listed.path !== 'none')

    const number = z.object({ number: z.string().regex(/^(\d{5} ){11}\d{5}$/), verified: z.boolean() })
    const safety = await answers('safetyNumber', { peer: bob.id }, number)
    assert.equal(safety.number, (await bob.call('safetyNumber', { peer: alice.id })).number)
    assert.equal((await answers('verifyFriend', { peer: bob.id, verified: true }, friend)).verified, true)
    assert.equal((await answers('safetyNumber', { peer: bob.id }, number)).verified, true)
    const reached = await answers('connection', { peer: bob.id }, connection)
    assert.ok(reached.since != null && reached.transport === 'tcp' && reached.address != null)
    assert.notEqual((await answers('connect', { peer: bob.id }, connection)).path, 'none')

    const sent = await answers('sendMessage', { peer: bob.id, text: 'one' }, message)
    assert.deepEqual([sent.peer, sent.direction, sent.text, sent.seq], [bob.id, 'out', 'one', 1])
    const reply = await bob.call('sendMessage', { peer: alice.id, text: 'two', replyTo: sent.id })
    await alice.event('message-received', ({ id }) => id === reply.id)
    const [first, second] = await answers('messages', { peer: bob.id, limit: 10 }, z.array(message))
    assert.deepEqual(await answers('message', { message: second?.id }, message), second)
    assert.deepEqual(await answers('messages', { peer: bob.id, after: first?.id, limit: 1 }, z.array(message)), [
      second,
    ])
    assert.deepEqual([first?.id, second?.id, second?.replyTo], [sent.id, reply.id, sent.id])
    assert.ok(second?.receivedAt != null && first?.receivedAt == null)
    await answers('markRead', { peer: bob.id, upTo: reply.id }, z.null())
    await answers('markRead', { peer: bob.id, upTo: 1 }, z.null())
    assert.equal((await answers('search', { text: 'tw', peer: bob.id, limit: 5 }, z.array(message)))[0]?.id, reply.id)
    const draft = { peer: bob.id, text: 'unfin', replyTo: reply.id }
    await answers('setDraft', draft, z.null())
    assert.deepEqual(await answers('drafts', {}, z.array(messageDraft)), [draft])
    const withFiles = { peer: bob.id, paths: ['/home/a/film.mkv'] }
    await answers('setDraftFiles', withFiles, z.null())
    const draftFiles = z.array(z.strictObject({ peer: peerId, paths: z.array(z.string()) }))
    assert.deepEqual(await answers('draftFiles', {}, draftFiles), [withFiles])
    await answers('typing', { peer: bob.id, active: true }, z.null())
    await bob.event('typing')
    await transfersAnswer()
    await groupsAnswer()
    await bob.stop()
    await alice.sees(bob, false)
    const waiting = await answers('sendMessage', { peer: bob.id, text: 'three', replyTo: reply.id }, message)
    assert.deepEqual([waiting.state, waiting.replyTo], ['queued', reply.id])
    assert.equal((await answers('recallMessage', { message: waiting.id }, message)).state, 'recalled')
    const unreached = await answers('connection', { peer: bob.id }, connection)
    assert.equal(unreached.path, 'none')
    assert.equal((await answers('receiveMore', { peer: bob.id }, friend)).held, undefined)
    await answers('leaveMessages', {}, z.null())
    assert.equal((await answers('blockPeer', { peer: bob.id }, friend)).state, 'blocked')
    assert.equal((await answers('unblockPeer', { peer: bob.id }, friend)).state, 'friend')

    const [address = ''] = node.addresses
    const known2 = await answers('nodeKnowledge', { node: address }, knowledge)
    assert.deepEqual([known2.peer, known2.hasRecord, known2.reserved], [alice.id, true, true])
    await answers('forgetMe', { node: address }, z.null())
    const file = join(stage.folder, 'backup')
    const backup = z.object({ path: z.literal(file), bytes: z.number().int().min(1), words: z.string() })
    assert.equal((await answers('exportBackup', { path: file }, backup)).words.split(' ').length, 24)
    const state = z.strictObject({
      lastAt: time.optional(),
      remind: z.boolean(),
      weekly: z.strictObject({ directory: z.string(), lastAt: time, error: error.optional() }).optional(),
      words: z.string().optional(),
    })
    assert.equal((await answers('backups', {}, state)).weekly, undefined)
    assert.equal((await answers('dismissBackupReminder', {}, state)).remind, false)
    const weekly = await answers('startWeeklyBackups', { directory: stage.folder }, state)
    assert.deepEqual([weekly.weekly?.directory, weekly.words?.split(' ').length], [stage.folder, 24])
    assert.equal((await answers('stopWeeklyBackups', {}, state)).weekly, undefined)
    assert.deepEqual((await answers('removeNode', { address }, self)).nodes, [])
    assert.equal((await answers('addNode', { address }, self)).nodes.length, 1)
    const chosen = await answers('setPrivacy', { direct: 'never', mdns: false, typingMarks: false }, self)
    assert.deepEqual([chosen.privacy.direct, chosen.privacy.typingMarks, chosen.listen], ['never', false, []])
  })

  test('invalid parameters are refused: missing, unknown, of another type, too long', async () => {
    const wrong: [string, unknown, string][] = [
      ['selfie', {}, 'bad-request'],
      ['constructor', {}, 'bad-request'],
      ['__proto__', {}, 'bad-request'],
      ['subscribe', {}, 'bad-request'],
      ['self', { extra: 1 }, 'bad-request'],
      ['self', [], 'bad-request'],
      ['self', 'text', 'bad-request'],
      ['sendMessage', {}, 'bad-request'],
      ['sendMessage', { peer: stranger }, 'bad-request'],
      ['sendMessage', { peer: stranger, text: '' }, 'bad-request'],
      ['sendMessage', { peer: stranger, text: 5 }, 'bad-request'],
      ['sendMessage', { peer: stranger, text: 'x', replyto: 'y' }, 'bad-request'],
      ['sendMessage', { peer: stranger, text: 'x' }, 'not-friend'],
      ['messages', { peer: stranger, limit: 0 }, 'bad-request'],
      ['messages', { peer: stranger, limit: 1001 }, 'bad-request'],
      ['messages', { peer: stranger, limit: 1.5 }, 'bad-request'],
      ['markRead', { peer: stranger, upTo: -1 }, 'bad-request'],
      ['friend', { peer: stranger }, 'not-found'],
      ['markRead', { peer: stranger, upTo: 1 }, 'not-found'],
      ['acceptFriend', { peer: stranger }, 'not-found'],
      ['connection', { peer: stranger }, 'not-found'],
      ['verifyFriend', { peer: stranger, verified: 'yes' }, 'bad-request'],
      ['blockPeer', { peer: 'nobody' }, 'bad-request'],
      ['blockPeer', { peer: alice.id }, 'bad-request'],
      ['safetyNumber', { peer: 'nobody' }, 'bad-request'],
      ['recipient', { to: 'no such thing!' }, 'bad-request'],
      ['requestFriend', { to: stranger, note: 'x'.repeat(501) }, 'bad-request'],
      ['requestFriend', { to: 'x'.repeat(5000) }, 'bad-request'],
      ['setProfile', { name: 'x'.repeat(65) }, 'bad-request'],
      ['setProfile', { handle: 'Not A Handle' }, 'bad-request'],
      ['invite', { expiresIn: 0 }, 'bad-request'],
      ['invite', { once: 'yes' }, 'bad-request'],
      ['addNode', { address: '/ip4/127.0.0.1/tcp/1' }, 'bad-request'],
      ['addNode', { address: 'nonsense' }, 'bad-request'],
      ['addNode', { address: `/ip4/127.0.0.1/tcp/1/p2p/${stranger}.` }, 'bad-request'],
      ['removeNode', { address: `/ip4/127.0.0.1/tcp/1/p2p/${stranger}` }, 'not-found'],
      ['nodeKnowledge', { node: stranger }, 'not-found'],
      ['recallMessage', { message: 'x' }, 'not-found'],
    ]
    for (const [call, params, code] of wrong) {
      const outcome: unknown = await alice.ask(call, params).catch((refusal: unknown) => refusal)
      assert.equal(
        (outcome as { code?: unknown }).code,
        code,
        `${call} ${JSON.stringify(params)}: ${JSON.stringify(outcome)}`,
      )
    }
    assert.equal((await alice.call('self')).name, 'Alice Ä.')
  })

  test('the longest text is accepted, one byte more is refused', async () => {
    await bob.start()
    await bob.call('removeFriend', { peer: alice.id })
    // To Alice he is a friend, so she need not decide.
    await bob.call('requestFriend', { to: alice.id })
    await talking(alice, bob)
    const longest = '€'.repeat(21_845) + '!'
    await alice.send(bob, longest)
    await bob.has(alice, longest, 'delivered')
    assert.equal(await alice.refusal('sendMessage', { peer: bob.id, text: `${longest}!` }), 'too-large')
    // A string without a UTF-8 form still arrives as text, the same on both sides.
    const odd = await alice.send(bob, 'a lone \ud800 half, a \u0000 and a \u001b[2J')
    assert.equal(odd.text, 'a lone \ufffd half, a \u0000 and a \u001b[2J')
    await bob.has(alice, odd.text, 'delivered')
  })

  test('every event had its shape', () => {
    const seen = new Set<string>()
    for (const { event, data } of happened) {
      seen.add(event)
      const checked = eventShapes[event]?.safeParse(data)
      assert.ok(checked?.success, `${event}: ${JSON.stringify(data)}: ${checked?.error?.message}`)
    }
    for (const event of Object.keys(eventShapes)) {
      if (event !== 'typing' && event !== 'warning') assert.ok(seen.has(event), `no ${event} was seen`)
    }
  })

  test('erase answers, then the process ends with 0, and the profile cannot be opened any more', async (t) => {
    const profile = join(folder(t), 'profile')
    const lines = await started('--profile', profile)
    assert.ok(existsSync(join(profile, 'store.key')))
    lines.mayEnd().write('{"id":"gone","call":"erase"}\n')
    assert.equal(await lines.ended, 0)
    assert.deepEqual(JSON.parse(lines.lines.at(-1) ?? ''), { id: 'gone', result: { nodes: [], folders: [] } })
    assert.deepEqual(globSync('{store,lock}*', { cwd: profile }), [])
    asked.add('erase')
  })

  test('stop answers, then the process ends with 0', async () => {
    const lines = await started('--ephemeral')
    lines.mayEnd().write('{"id":"last","call":"stop"}\n')
    assert.equal(await lines.ended, 0)
    assert.deepEqual(JSON.parse(lines.lines.at(-1) ?? ''), { id: 'last', result: null })
    asked.add('stop')
    assert.deepEqual([...asked].toSorted(), Object.keys(callParams).toSorted(), 'a call is not tested')
  })

  /** A ready headless peer, for tests that look only at its lines. */
  async function started(...args: string[]): Promise<LineProcess> {
    const lines = stage.start('peer', ['--listen', '/ip4/127.0.0.1/tcp/0', ...args])
    await lines.line('ready')
    return lines
  }

  test('ready is the first line', async () => {
    const lines = await started('--ephemeral', '--name', 'first', ...node.addresses.flatMap((one) => ['--node', one]))
    await lines.line('a node state', (line) => line.includes('node-state'))
    const first = JSON.parse(lines.lines[0] ?? '') as { event: string; data: { name: string } }
    assert.deepEqual([first.event, first.data.name], ['ready', 'first'])
    eventShapes['ready']?.parse(first.data)
    lines.endInput()
    assert.equal(await lines.ended, 0)
    assert.equal(lines.err, '')
  })

  const malformed: { what: string; line: string | Uint8Array; id: unknown }[] = [
    { what: 'no JSON', line: 'hello\n', id: null },
    { what: 'half an object', line: '{"id": 1, "call"\n', id: null },
    { what: 'a list', line: '[1]\n', id: null },
    { what: 'null', line: 'null\n', id: null },
    { what: 'no id', line: '{"call": "self"}\n', id: null },
    { what: 'an id that is none', line: '{"id": {}, "call": "self"}\n', id: null },
    { what: 'no call', line: '{"id": 7}\n', id: 7 },
    { what: 'a call that is no name', line: '{"id": "seven", "call": 7}\n', id: 'seven' },
    { what: 'no UTF-8', line: Buffer.from([0x22, 0xff, 0xfe, 0x22, 0x0a]), id: null },
    { what: 'a line of 2 MiB', line: `{"id": 1, "call": "${'x'.repeat(2 * 1024 * 1024)}"}\n`, id: null },
  ]

  test('a malformed line gets bad-request, and the process continues', async () => {
    const lines = await started('--ephemeral')
    for (const { what, line, id } of malformed) {
      const known = lines.lines.length
      lines.write(line)
      await until(() => lines.lines.length > known, what)
      const answer = z.strictObject({ id: z.any(), error }).parse(JSON.parse(lines.lines[known] ?? ''))
      assert.deepEqual([answer.id, answer.error.code], [id, 'bad-request'], what)
    }
    // An empty line is ignored; a line may end with CR LF and arrive in pieces.
    const known = lines.lines.length
    lines.write('\n  \n\r\n{"id": 8, "ca')
    lines.write('ll": "friends"}\r\n')
    await lines.line('the answer', (one) => one.startsWith('{"id":8'))
    assert.deepEqual(lines.lines.slice(known), ['{"id":8,"result":[]}'])
    lines.endInput()
    assert.equal(await lines.ended, 0)
  })

  test('the end of input, SIGINT and SIGTERM end it with 0, and calls before the end are answered', async () => {
    const ended = await started('--ephemeral')
    ended.write('{"id": 1, "call": "self"}\n{"id": 2, "call": "friends"}')
    ended.endInput()
    assert.equal(await ended.ended, 0)
    const answered = ended.lines.slice(1).map((line) => (JSON.parse(line) as { id: number }).id)
    assert.deepEqual(new Set(answered), new Set([1, 2]))
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      const lines = await started('--profile', join(stage.folder, signal))
      // A node that does not answer leaves a call pending: the process does not wait for it.
      lines.write(
        '{"id": 1, "call": "addNode", "params": {"address": "/ip4/127.0.0.1/tcp/1/p2p/12D3KooWLJtG8fd2hkQzTn96MrLvThmnNQjTUFZwGEsLRz5EmSzc"}}\n',
      )
      lines.write('{"id": 2, "call": "requestFriend", "params": {"to": "AAAAA-AAAAA"}}\n')
      await lines.line('an answer', (line) => line.startsWith('{"id":1'))
      lines.signal(signal)
      assert.equal(await lines.ended, 0, signal)
      assert.equal(lines.err, '')
    }
  })

  test('bad usage is one line and exit code 2, and touches nothing', async () => {
    const profile = ['--profile', join(stage.folder, 'never-made')]
    const bad: ['peer' | 'quorum', string[]][] = [
      ['quorum', ['peer', ...profile]],
      ['quorum', ['pear']],
      ['peer', []],
      ['peer', ['--profile']],
      ['peer', ['--profile', '']],
      ['peer', [...profile, '--unknown']],
      ['peer', [...profile, 'stray']],
      ['peer', [...profile, '--direct', 'sometimes']],
      ['peer', [...profile, '--passphrase-file', join(stage.folder, 'missing')]],
      ['peer', ['--ephemeral', '--node', 'nowhere']],
      ['peer', ['--ephemeral', '--name', 'x'.repeat(65)]],
      ['peer', ['--ephemeral', '--listen', 'nowhere']],
    ]
    const started = bad.map(([program, args]) => ({ args, lines: stage.start(program, args).mayEnd() }))
    for (const { args, lines } of started) {
      assert.equal(await lines.ended, 2, `${args.join(' ')}: ${lines.lines.join()} ${lines.err}`)
      assert.match(lines.err, /^quorum: [^\n]+\n$/, args.join(' '))
      assert.deepEqual(lines.lines, [], args.join(' '))
    }
    assert.ok(!existsSync(join(stage.folder, 'never-made')))
  })
})
