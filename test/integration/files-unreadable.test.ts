/** A file that becomes unreadable before it is fetched. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { folder, undo } from '../support/cleanup.ts'
import { befriend, startNode, startPeer, until } from '../support/network.ts'

/** The user `nobody` of Debian. */
const nobody = 65_534

/**
 * root may read everything, so this process changes its user until the test ends. Changes the owner below `around`.
 */
function becomeNobody(t: TestContext, around: string): void {
  if (process.geteuid?.() !== 0) return
  for (const name of ['', ...fs.readdirSync(around, { recursive: true, encoding: 'utf8' })]) {
    fs.chownSync(path.join(around, name), nobody, nobody)
  }
  process.seteuid?.(nobody)
  undo(t).defer(() => process.seteuid?.(0))
}

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
