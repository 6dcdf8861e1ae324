/** What would stop with the window: transfers, waiting messages, the own node. A silent peer adds nothing. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { underWay } from '../../../desktop/main/under-way.ts'
import type { TransferState } from '../../../protocol/index.ts'

type Client = NonNullable<Parameters<typeof underWay>[0]>

test('transfers that move or wait, messages that wait, and a node count; what is over or paused does not', async () => {
  const off = { state: 'off' } as const
  assert.deepEqual(await underWay(client({}), off), [])
  assert.deepEqual(await underWay(client({ transfers: ['done', 'paused', 'offered', 'failed'] }), off), [])
  assert.deepEqual(await underWay(client({ transfers: ['done', 'waiting'] }), off), ['transfers'])
  assert.deepEqual(await underWay(client({ transfers: ['active'], waits: true }), { state: 'running' }), [
    'transfers',
    'messages',
    'node',
  ])
})

test('a peer that is locked, ended or does not answer keeps nobody from closing the window', async () => {
  const refuses = { call: () => Promise.reject(new Error('locked')) } as unknown as Client
  const hangs = { call: () => new Promise(() => undefined) } as unknown as Client
  for (const silent of [undefined, refuses, hangs]) {
    assert.deepEqual(await underWay(silent, { state: 'starting' }), ['node'])
  }
})

function client({ transfers = [], waits = false }: { transfers?: TransferState[]; waits?: boolean }): Client {
  const answers: { [name: string]: unknown } = {
    transfers: transfers.map((state) => ({ state })),
    friends: [
      { peer: 'asked', state: 'requested' },
      { peer: 'bob', state: 'friend' },
    ],
    messages: [
      { direction: 'out', state: waits ? 'queued' : 'sent' },
      { direction: 'in', state: 'read' },
    ],
  }
  return { call: (name: string) => Promise.resolve(answers[name]) } as unknown as Client
}
