/** What the terminal says when much of a group comes at once, and when a group changes. */
import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test, type TestContext } from 'node:test'
import type { Message } from '#protocol'
import { runTerminal } from '../../../scripts/cli/terminal/main.ts'
import { FakePeer, susan, trip } from '../../support/fake-peer.ts'
import { until } from '../../support/until.ts'

const pathContext = { home: '/home/b', cwd: '/desk', platform: 'linux' } as const

/** A client without a terminal, with the conversation with Susan open. */
async function client(t: TestContext, fake: FakePeer) {
  const [input, output] = [new PassThrough(), new PassThrough()]
  let said = ''
  output.setEncoding('utf8').on('data', (text: string) => (said += text))
  const looks = { terminal: false, color: false, unicode: true }
  const known = { version: '1', folder: undefined, userName: 'own', pathContext, now: () => 0 }
  const ended = runTerminal({
    peer: fake.peer,
    input,
    output,
    ...looks,
    ...known,
    signal: new AbortController().signal,
  })
  t.after(async () => {
    input.end()
    await ended
  })
  const says = (text: string): Promise<void> =>
    until(
      () => said.includes(text),
      () => `${text} in ${said}`,
    )
  await says('──── Susan ────')
  return { says, said: () => said, type: (line: string) => input.write(`${line}\n`) }
}

function message(number: number): Message {
  const said = { direction: 'in', sentAt: 0, state: 'delivered', text: `text ${number}`, seq: number } as const
  return { id: `id ${number}`, peer: susan.peer, group: trip.group, author: susan.peer, ...said }
}

function come(fake: FakePeer, from: number, count: number): void {
  for (let number = from; number < from + count; number += 1)
    fake.emit({ event: 'message-received', data: message(number) })
}

test('of a group that is not open, what comes at once is one line; a muted one gets none', async (t) => {
  const fake = new FakePeer()
  fake.groups = [{ ...trip, unread: 30 }]
  const { says, said, type } = await client(t, fake)
  come(fake, 1, 30)
  await says('New in #Trip: 30 unread. /open #Trip')
  come(fake, 31, 30)
  fake.groups = [{ ...trip, unread: 61, muted: true }]
  type('/open trip')
  await says('──── #Trip ────')
  type('/open @Susan')
  await until(() => said().split('──── Susan ────').length === 3, 'Susan is opened again')
  come(fake, 61, 1)
  await until(
    () => type('/groups') && said().includes('61 unread  muted'),
    () => `it is counted: ${said()}`,
  )
  assert.equal(said().split('New in').length, 2)
})

test('in the open group a few messages are shown, and of very many only how many came', async (t) => {
  const fake = new FakePeer()
  fake.groups = [trip]
  const { says, said, type } = await client(t, fake)
  type('/open #trip')
  await says('──── #Trip ────')
  come(fake, 1, 20)
  await says('Susan: text 20')
  come(fake, 21, 64)
  await says('64 messages came at once. /open #Trip shows the last.')
  come(fake, 90, 1)
  await says('Susan: text 90')
  assert.equal(said().split('Susan: text').length, 22)
  fake.emit({ event: 'group-changed', data: { ...trip, history: 1 } })
  await says('Messages no longer count, or count again: /open #Trip')
  fake.emit({ event: 'group-changed', data: { ...trip, history: 1, state: 'removed', removedBy: susan.peer } })
  await says('Susan has removed you from #Trip.')
})
