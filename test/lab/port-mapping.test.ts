/** A real router in the NAT lab that maps ports to its private network, by UPnP or NAT-PMP. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { test } from 'node:test'
import { nextOf } from '../support/child.ts'
import { folder, undo } from '../support/cleanup.ts'
import { befriend, HeadlessPeer } from '../support/headless.ts'
import { Lab } from '../support/lab.ts'
import { offersPorts, portsOpen } from '../support/lab-igd.ts'
import { needsIgd } from '../support/lab-needs.ts'
import { labWithNode } from '../support/lab-node.ts'
import { until } from '../support/until.ts'

const anyPort = ['--listen', '/ip4/0.0.0.0/tcp/0']

for (const language of ['UPnP', 'NAT-PMP'] as const) {
  test(
    `behind a router with ${language} a peer is public, and a friend behind a symmetric NAT reaches it directly`,
    {
      ...needsIgd(),
    },
    async (t) => {
      const { lab, stage, node } = await labWithNode(t)
      const nodes = node.addresses
      const [home, away] = [await lab.place('cone'), await lab.place('symmetric')]
      await offersPorts(home.router, language, folder(t), undo(t))
      const start = (name: string, { space }: typeof home, ...args: string[]): Promise<HeadlessPeer> =>
        new HeadlessPeer(stage, name, {
          nodes,
          ephemeral: true,
          args: [...anyPort, ...args],
          through: space.enter,
        }).start()
      const reachable = async (peer: HeadlessPeer): Promise<string> => (await peer.call('self')).reachable

      const begun = performance.now()
      const alice = await start('alice', home)
      await until(async () => (await reachable(alice)) === 'public', 'alice is public')
      t.diagnostic(`public after ${Math.round(performance.now() - begun)} ms`)
      assert.equal(portsOpen(home.router), 1)

      const bob = await start('bob', away)
      await befriend(alice, bob)
      const path = async (): Promise<string> => (await bob.call('connection', { peer: alice.id })).path
      await until(async () => (await path()) === 'direct', 'bob reaches alice directly')
      const { address } = await bob.call('connection', { peer: alice.id })
      assert.ok(address?.startsWith(`/ip4/${home.outside}/tcp/`), `${address} is not alice's router`)
      assert.notEqual(await reachable(bob), 'public')

      await alice.stop()
      assert.equal(portsOpen(home.router), 0, 'who leaves closes the door')
    },
  )
}

test(
  'without UPnP, or with --no-upnp, no port is mapped and no peer is public',
  {
    ...needsIgd(),
  },
  async (t) => {
    const { lab, stage, node } = await labWithNode(t)
    const nodes = node.addresses
    const [home, plain] = [await lab.place('cone'), await lab.place('cone')]
    await offersPorts(home.router, 'UPnP', folder(t), undo(t))
    for (const { space, args } of [
      { space: home.space, args: ['--no-upnp'] },
      { space: home.space, args: ['--direct', 'never'] },
      { space: plain.space, args: [] },
    ]) {
      const all = { nodes, ephemeral: true, args: [...anyPort, ...args], through: space.enter }
      const peer = await new HeadlessPeer(stage, args.join('') || 'plain', all).start()
      const self = () => peer.call('self')
      await until(async () => (await self()).nodes[0]?.state === 'connected', 'it is at its node')
      // No reachability check is requested for a peer that must not be reachable.
      if (!args.includes('never')) await until(async () => (await self()).reachable !== 'unknown', 'it knows')
      assert.notEqual((await self()).reachable, 'public')
      await peer.stop()
      assert.equal(portsOpen(home.router), 0)
    }
  },
)

/** A program that embeds a peer and stops it on a signal: afterwards nothing may keep the process alive. */
const embedder = `
  const { createPeer, openMemoryStore } = await import(${JSON.stringify(new URL('../../protocol/index.ts', import.meta.url).href)})
  const peer = await createPeer({ store: openMemoryStore(), listen: ['/ip4/0.0.0.0/tcp/0'] })
  console.log('started')
  process.stdin.once('data', async () => {
    process.stdin.destroy()
    await peer.stop()
    console.log('stopped')
  })`

test(
  'a peer that stops leaves no socket and no timer, with a router that answers and with one that does not',
  {
    ...needsIgd(),
  },
  async (t) => {
    const lab = await Lab.create(undo(t))
    for (const language of ['UPnP', 'NAT-PMP', undefined] as const) {
      const { space, router } = await lab.place('cone')
      if (language !== undefined) await offersPorts(router, language, folder(t), undo(t))
      const [program, ...args] = [...space.enter, process.execPath, '--input-type=module', '--eval', embedder]
      const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] })
      undo(t).defer(() => void child.kill('SIGKILL'))
      await nextOf(child, 'data', child.stdout)
      if (language !== undefined) await until(() => portsOpen(router) === 1, 'a port is open')
      child.stdin.write('stop')
      await nextOf(child, 'data', child.stdout)
      const stopped = performance.now()
      // A remaining lease timer or socket would keep the process alive permanently.
      await until(() => child.exitCode !== null, 'it ends: nothing keeps it')
      assert.equal(child.exitCode, 0)
      t.diagnostic(
        `${language ?? 'no router'}: ended ${Math.round(performance.now() - stopped)} ms after it had stopped`,
      )
    }
  },
)
