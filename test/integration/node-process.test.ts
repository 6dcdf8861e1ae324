/**
 * The node as a process, as an operator or pm2 runs it: ready line, HTTP, signals, restarts, and the error messages
 * for a data folder that is damaged, full or in use.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { pathToFileURL } from 'node:url'
import { nextOf } from '../support/child.ts'
import { folder, undo } from '../support/cleanup.ts'
import { anyPort, nodeProgram, ready, runNode, type Running } from '../support/node-process.ts'
import { fillDisk, needsMount, smallDisk } from '../support/small-disk.ts'

function start(t: TestContext, data: string): Running {
  return runNode(t, ['--json', '--data', data, ...anyPort])
}

/** The error text of a refused start. Checks that it is one line about the data folder and that the exit code is 1. */
async function refusal(running: Running, data: string): Promise<string> {
  assert.equal(await running.ended, 1)
  assert.equal(running.out(), '')
  const said = running.err().trimEnd()
  assert.ok(said.startsWith(`quorum-node: the data folder ${data} `), said)
  assert.ok(!said.includes('\n'), said)
  return said
}

test('it reports that it is ready, answers HTTP, and stops cleanly at SIGTERM', async (t) => {
  const data = path.join(folder(t), 'made', 'by-it')
  const node = start(t, data)
  const { peer, addresses, http } = await ready(node)
  assert.match(peer, /^12D3KooW/)
  assert.ok(addresses.length > 0)
  for (const address of addresses) assert.match(address, new RegExp(`^/ip4/127\\.0\\.0\\.1/tcp/\\d+/p2p/${peer}$`))
  for (const at of ['/healthz', '/readyz', '/']) assert.equal((await fetch(http + at)).status, 200, at)
  const metrics = await (await fetch(`${http}/metrics`)).text()
  assert.match(metrics, /^quorum_connections 0$/m)
  const page = await (await fetch(http)).text()
  assert.ok(!page.includes(peer))
  assert.equal(fs.statSync(data).mode & 0o777, 0o700)
  for (const name of fs.readdirSync(data)) assert.equal(fs.statSync(path.join(data, name)).mode & 0o077, 0, name)
  node.child.kill('SIGTERM')
  assert.equal(await node.ended, 0)
  assert.equal(node.out().trimEnd().split('\n').length, 1)
  assert.ok(!node.err().includes(peer))
})

test('the environment cannot make libp2p log PeerIds and addresses', async (t) => {
  const node = runNode(t, ['--json', '--data', folder(t), ...anyPort], { debug: 'libp2p*' })
  await ready(node)
  node.child.kill('SIGTERM')
  assert.equal(await node.ended, 0)
  for (const line of node.err().trimEnd().split('\n')) assert.doesNotThrow(() => JSON.parse(line) as unknown, line)
})

test('its identity stays the same after a stop and after a kill', async (t) => {
  const data = folder(t)
  const first = start(t, data)
  const { peer } = await ready(first)
  first.child.kill('SIGINT')
  assert.equal(await first.ended, 0)
  const second = start(t, data)
  assert.equal((await ready(second)).peer, peer)
  second.child.kill('SIGKILL')
  assert.equal(await second.ended, 'SIGKILL')
  const third = start(t, data)
  assert.equal((await ready(third)).peer, peer)
})

test('after a kill at any moment of its first start, the next start succeeds', async (t) => {
  const data = folder(t)
  const file = (name: string) => fs.existsSync(path.join(data, name))
  for (const moment of [() => fs.readdirSync(data).length > 0, () => file('held.db'), () => file('node.key')]) {
    const node = start(t, data)
    while (!moment()) await new Promise((resolve) => setImmediate(resolve))
    node.child.kill('SIGKILL')
    await node.ended
  }
  await ready(start(t, data))
})

test('a second process on the same data is refused, and the first continues to work (threats.md 44)', async (t) => {
  const data = folder(t)
  const { http } = await ready(start(t, data))
  assert.match(await refusal(start(t, data), data), /in use by another quorum-node/)
  assert.equal((await fetch(`${http}/readyz`)).status, 200)
})

for (const name of ['node.key', 'held.db']) {
  test(`a damaged ${name} is refused and not touched (threats.md 43)`, async (t) => {
    const data = folder(t)
    const node = start(t, data)
    await ready(node)
    node.child.kill('SIGTERM')
    await node.ended
    const file = path.join(data, name)
    fs.writeFileSync(file, 'damaged')
    assert.match(await refusal(start(t, data), data), new RegExp(`damaged ${name}`))
    assert.equal(fs.readFileSync(file, 'utf8'), 'damaged')
  })
}

test(
  'a full disk is refused at the start, and reported at /readyz while running (threats.md 35)',
  needsMount,
  async (t) => {
    const data = smallDisk(t, '24m')
    let free = fillDisk(data)
    assert.match(await refusal(start(t, data), data), /no space left/)
    assert.deepEqual(fs.readdirSync(data), ['ballast'])
    free()

    const node = start(t, data)
    const { peer, http } = await ready(node)
    free = fillDisk(data)
    const full = await fetch(`${http}/readyz`)
    assert.deepEqual([full.status, await full.text()], [503, 'disk-full\n'])
    await fetch(`${http}/readyz`)
    assert.equal(node.err().match(/takes no more data \(disk-full\)/g)?.length, 1)
    assert.equal((await fetch(`${http}/healthz`)).status, 200)
    node.child.kill('SIGTERM')
    assert.equal(await node.ended, 0)
    assert.match(await refusal(start(t, data), data), /no space left/)
    free()
    assert.equal((await ready(start(t, data))).peer, peer)
  },
)

test('a data folder that cannot be created is refused with one line', async (t) => {
  const file = path.join(folder(t), 'file')
  fs.writeFileSync(file, '')
  await refusal(start(t, file), file)
  const below = path.join(file, 'below')
  await refusal(start(t, below), below)
  // A folder that exists, and in which nothing can be made.
  if (os.platform() === 'linux') await refusal(start(t, '/proc/quorum'), '/proc/quorum')
})

test('incorrect usage ends the process under a process manager, whose channel would keep it alive', async (t) => {
  // As the wrapper of pm2: it listens to its channel before it loads the program.
  const wrapper = `process.on('message', () => {}); await import(${JSON.stringify(pathToFileURL(nodeProgram).href)})`
  const args = ['--input-type=module', '--eval', wrapper, '--', '--announce', 'node.example.org:4001']
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
  undo(t).defer(() => void child.kill('SIGKILL'))
  assert.deepEqual((await nextOf(child, 'exit')).slice(0, 1), [2])
})

/** Runs the node behind what `script`, in a shell, does first. */
const behind = (script: string): string[] => ['sh', '-c', `${script} exec "$0" "$@"`]

test(
  'a log that cannot be written ends nothing',
  { skip: process.platform !== 'linux' && 'no /dev/full' },
  async (t) => {
    const node = runNode(t, ['--json', '--log-level', 'debug', '--data', folder(t), ...anyPort], {
      as: behind('exec 2>/dev/full;'),
    })
    const { http } = await ready(node)
    assert.equal((await fetch(`${http}/healthz`)).status, 200)
    node.child.kill('SIGTERM')
    assert.equal(await node.ended, 0)
  },
)

test(
  'without a working folder, it says so in one line',
  { skip: process.platform === 'win32' && 'not there' },
  async (t) => {
    const gone = path.join(folder(t), 'gone')
    fs.mkdirSync(gone)
    const node = runNode(t, ['--json', ...anyPort], { as: behind(`cd '${gone}' && rmdir '${gone}' &&`) })
    assert.equal(await node.ended, 2)
    assert.match(node.err(), /^quorum-node: the working folder was removed[^\n]+\n$/u)
  },
)

test('incorrect usage gives one line and exit code 2; --help and --version exit with 0', async (t) => {
  const bad = runNode(t, ['--listen', 'nowhere', '--htpp', 'x'])
  assert.equal(await bad.ended, 2)
  assert.match(bad.err(), /^quorum-node: [^\n]+\n$/)
  const help = runNode(t, ['--help'])
  assert.equal(await help.ended, 0)
  assert.match(help.out(), /Examples:/)
  const version = runNode(t, ['--version'])
  assert.equal(await version.ended, 0)
  assert.match(version.out(), /^\d+\.\d+\.\d+\n$/)
})

async function takenPort(t: TestContext): Promise<number> {
  const taken = net.createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  undo(t).defer(() => void taken.close())
  return (taken.address() as net.AddressInfo).port
}

test('what prevents it from listening is said in one line: a port in use, an address of another machine', async (t) => {
  const data = folder(t)
  const port = await takenPort(t)
  for (const [address, reason] of [
    [`/ip4/127.0.0.1/tcp/${port}`, new RegExp(`port ${port} is used by another program`)],
    [`/ip4/127.0.0.1/tcp/${port}/ws`, /used by another program/],
    ['/ip4/192.0.2.1/tcp/4001', /does not have that address.*--listen.*--announce/],
  ] as const) {
    const node = runNode(t, ['--json', '--data', data, '--listen', address, '--http', '127.0.0.1:0'])
    assert.equal(await node.ended, 1)
    assert.match(node.err(), /^quorum-node: [^\n]+\n$/)
    assert.ok(node.err().includes(address), node.err())
    assert.match(node.err(), reason)
  }
})

test('of several addresses, the one that it cannot listen on is named', async (t) => {
  const port = await takenPort(t)
  const listen = ['--listen', '/ip4/127.0.0.1/tcp/0', '--listen', `/ip4/127.0.0.1/tcp/${port}`]
  const node = runNode(t, ['--json', '--data', folder(t), ...listen, '--http', '127.0.0.1:0'])
  assert.equal(await node.ended, 1)
  assert.match(node.err(), new RegExp(`cannot listen on /ip4/127.0.0.1/tcp/${port}: port ${port} is used`))
})

const firstFree =
  os.platform() === 'linux' ? Number(fs.readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start')) : 0
const needsPrivileged = { skip: firstFree > 1 ? false : 'NOT RUN: this system keeps no port for privileged programs' }

test('a port that the system keeps for privileged programs is said to be one', needsPrivileged, async (t) => {
  const port = firstFree - 1
  const args = ['--json', '--data', folder(t), '--listen', `/ip4/127.0.0.1/tcp/${port}`, '--http', '127.0.0.1:0']
  // Root without the capability is as anybody else.
  const node = runNode(t, args, { as: os.userInfo().uid === 0 ? ['setpriv', '--bounding-set=-net_bind_service'] : [] })
  assert.equal(await node.ended, 1)
  assert.match(node.err(), new RegExp(`port ${port} for privileged programs.*CAP_NET_BIND_SERVICE`))
})

test('HTTP takes the next free port when another program uses its own, and the log says so', async (t) => {
  const port = await takenPort(t)
  const node = runNode(t, [
    '--json',
    '--data',
    folder(t),
    '--listen',
    '/ip4/127.0.0.1/tcp/0',
    '--http',
    `127.0.0.1:${port}`,
  ])
  const { http } = await ready(node)
  assert.ok(Number(new URL(http).port) > port, http)
  assert.equal((await fetch(`${http}/readyz`)).status, 200)
  assert.match(node.err(), new RegExp(`HTTP is at port \\d+: another program uses ${port}`))
})

test('on a terminal it prints the line to paste', async (t) => {
  const node = runNode(t, ['--data', folder(t), ...anyPort])
  while (!node.out().includes('Ctrl-C')) await nextOf(node.child, 'data', node.child.stdout)
  assert.match(node.out(), /^ {4}\/ip4\/127\.0\.0\.1\/tcp\/\d+\/p2p\/12D3KooW\w+$/m)
})

test('it notifies its process manager that it is ready, and stops on request or after the manager exits', async (t) => {
  const data = folder(t)
  const args = ['--json', '--data', data, ...anyPort]
  const managed = runNode(t, args, { ipc: true })
  assert.deepEqual((await nextOf(managed.child, 'message'))[0], 'ready')
  managed.child.send('shutdown')
  assert.equal(await managed.ended, 0)
  const orphan = runNode(t, args, { ipc: true })
  await nextOf(orphan.child, 'message')
  orphan.child.disconnect()
  assert.equal(await orphan.ended, 0)
})
