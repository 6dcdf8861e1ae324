/** Files that become unreadable, change or vanish before they are fetched. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { folder } from '../support/cleanup.ts'
import { befriend, startNode, startPeer, until } from '../support/network.ts'
import { becomeNobody } from '../support/nobody.ts'

for (const [size, what] of [
  [1000, 'small'],
  [3_000_000, 'large'],
] as const) {
  test(`a ${what} file that became unreadable fails with a reason on both sides, and is sent when offered again`, async (t) => {
    const around = folder(t)
    const [source, downloads] = [path.join(around, 'source.bin'), path.join(around, 'downloads')]
    const content = randomBytes(size)
    fs.writeFileSync(source, content)
    fs.mkdirSync(downloads)
    const nodes = (await startNode(t)).addresses()
    const [alice, bob] = [await startPeer(t, { nodes }), await startPeer(t, { nodes, downloads })]
    await befriend(alice, bob)
    becomeNobody(t, around)

    const { id } = await alice.sendFiles({ peer: bob.id, paths: [source] })
    await until(async () => (await bob.transfers({})).length === 1, 'the offer arrives')
    fs.chmodSync(source, 0o000)
    await bob.acceptTransfer({ transfer: id })
    for (const peer of [alice, bob]) {
      const failed = async (): Promise<boolean> => (await peer.transfers({}))[0]?.state === 'failed'
      await until(failed, 'both know that it failed')
      assert.equal((await peer.transfers({}))[0]?.error?.code, 'source-changed')
    }
    assert.deepEqual(
      fs.readdirSync(downloads).filter((name) => !name.startsWith('.')),
      [],
    )

    fs.chmodSync(source, 0o600)
    const again = await alice.sendFiles({ peer: bob.id, paths: [source] })
    const offered = async (): Promise<boolean> => (await bob.transfers({})).some((one) => one.id === again.id)
    await until(offered, 'it is offered again')
    await bob.acceptTransfer({ transfer: again.id })
    const done = async (): Promise<boolean> =>
      (await bob.transfers({})).some((one) => one.id === again.id && one.state === 'done')
    await until(done, 'it is fetched')
    assert.deepEqual(fs.readFileSync(path.join(downloads, 'source.bin')), content)
  })
}

test('of a folder in which some changed, all others arrive under their names, both sides name the missing, and those are sent again alone', async (t) => {
  const around = folder(t)
  const [source, downloads] = [path.join(around, 'Project'), path.join(around, 'downloads')]
  for (const made of [source, path.join(source, 'logs'), downloads]) fs.mkdirSync(made)
  const contents = new Map(
    ['a', 'logs/app.log', 'logs/gone', 'logs/kept', 'z'].map((name) => [name, randomBytes(50_000)]),
  )
  contents.set('film', randomBytes(5_000_000))
  contents.set('other film', randomBytes(5_000_000))
  for (const [name, content] of contents) fs.writeFileSync(path.join(source, name), content)
  const locked = path.join(source, 'locked')
  fs.writeFileSync(locked, 'text')
  const nodes = (await startNode(t)).addresses()
  const [alice, bob] = [await startPeer(t, { nodes }), await startPeer(t, { nodes, downloads })]
  await befriend(alice, bob)
  becomeNobody(t, around)
  fs.chmodSync(locked, 0o000)

  const { id, missing } = await alice.sendFiles({ peer: bob.id, paths: [source] })
  const unreadable = { path: 'Project/locked', why: 'unreadable' }
  assert.deepEqual(missing, [unreadable])
  await until(async () => (await bob.transfers({})).length === 1, 'the offer arrives')
  assert.deepEqual((await bob.transfers({}))[0]?.missing, [unreadable])
  for (const peer of [alice, bob]) {
    const found = await peer.search({ text: 'other FILM' })
    assert.deepEqual(
      found.map(({ transfer }) => transfer),
      [id],
      'who sends and who receives find it by the names of its files',
    )
  }
  fs.appendFileSync(path.join(source, 'logs', 'app.log'), 'one line more')
  fs.rmSync(path.join(source, 'logs', 'gone'))
  fs.truncateSync(path.join(source, 'film'), 1)
  await bob.acceptTransfer({ transfer: id })
  const changed = ['Project/film', 'Project/logs/app.log', 'Project/logs/gone']
  for (const peer of [alice, bob]) {
    const transfer = async () => (await peer.transfers({})).find((one) => one.id === id)
    await until(async () => (await transfer())?.state === 'done', 'both know that it is done')
    const { missing, missingCount, bytes, doneBytes, files = [] } = (await transfer()) ?? {}
    assert.deepEqual(missing, [...changed.map((name) => ({ path: name, why: 'changed' })), unreadable])
    assert.deepEqual([missingCount, doneBytes, bytes], [4, 150_000 + 5_000_000, 250_000 + 10_000_000])
    for (const { path: name, size, done } of files) assert.equal(done, changed.includes(name) ? 0 : size)
  }
  const saved = path.join(downloads, 'Project')
  const arrived = ['a', 'logs/kept', 'other film', 'z']
  const isFile = (name: string): boolean => fs.statSync(path.join(saved, name)).isFile()
  assert.deepEqual(fs.readdirSync(saved, { recursive: true, encoding: 'utf8' }).filter(isFile).toSorted(), arrived)
  for (const name of arrived) assert.deepEqual(fs.readFileSync(path.join(saved, name)), contents.get(name))
  assert.deepEqual(fs.readdirSync(downloads), ['Project'])
  const [here] = await bob.transfers({})
  const numberOf = (name: string): number => here?.files.findIndex(({ path: one }) => one === name) ?? -1
  assert.equal((await bob.transferFile({ transfer: id, file: numberOf('Project/z') })).path, path.join(saved, 'z'))
  await assert.rejects(bob.transferFile({ transfer: id, file: numberOf('Project/film') }), { code: 'not-found' })

  await assert.rejects(bob.sendMissing({ transfer: id }), { code: 'bad-request' })
  const again = await alice.sendMissing({ transfer: id })
  assert.deepEqual(
    again.files.map((file) => file.path),
    ['Project/film', 'Project/logs/app.log'],
  )
  assert.deepEqual(again.missing, [unreadable, { path: 'Project/logs/gone', why: 'unreadable' }].toSorted(byPath))
  const offered = async (): Promise<boolean> => (await bob.transfers({})).some((one) => one.id === again.id)
  await until(offered, 'the rest is offered')
  await bob.acceptTransfer({ transfer: again.id })
  const log = path.join(downloads, 'Project (2)', 'logs', 'app.log')
  await until(() => fs.existsSync(log), 'the rest arrives, beside what is there')
  assert.deepEqual(fs.readFileSync(log), fs.readFileSync(path.join(source, 'logs', 'app.log')))
})

function byPath(a: { path: string }, b: { path: string }): number {
  return a.path < b.path ? -1 : 1
}
