/** The NAT lab itself: its networks treat TCP as their names state, and it leaves nothing behind, however it ends. */
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync, readFileSync, readlinkSync } from 'node:fs'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { undo } from '../support/cleanup.ts'
import { Lab, type Network } from '../support/lab.ts'
import { Namespace } from '../support/lab-namespace.ts'
import { needsLab } from '../support/lab-needs.ts'
import type { Seen } from '../support/lab-probe.ts'
import { until } from '../support/until.ts'

const probe = fileURLToPath(new URL('../support/lab-probe.ts', import.meta.url))
/** A port that the router of `cone-remapped` has in its table. */
const local = 40_123

/** How a server sees connections from one port behind `network`: at two ports of the server, and at 443. */
async function seenFrom(t: TestContext, lab: Lab, network: Network): Promise<(Seen | undefined)[]> {
  const { space, ip4 } = await lab.server()
  const [program, ...before] = [...space.enter, process.execPath, probe]
  const server = spawn(program, [...before, 'serve', '4001', '4002', '443'], { stdio: ['pipe', 'ignore', 'inherit'] })
  const ended = once(server, 'close')
  undo(t).defer(async () => {
    server.stdin.end()
    await ended
  })
  await until(() => readFileSync(`/proc/${server.pid}/net/tcp6`, 'utf8').includes(':01BB '), 'the server listens')
  const place = await lab.place(network)
  const [file, ...enter] = [...place.space.enter, process.execPath, probe]
  const call = async (port: number): Promise<Seen | undefined> => {
    const { stdout } = await promisify(execFile)(file, [...enter, 'call', ip4, String(port), String(local)])
    return (JSON.parse(stdout) as Seen | null) ?? undefined
  }
  return Promise.all([4001, 4002, 443].map(call))
}

test(
  'each network treats ports and incoming connections as its name states',
  { ...needsLab, concurrency: true },
  async (t) => {
    const lab = await Lab.create(undo(t))
    const kept = (back: string): Seen[] => [4001, 4002, 443].map(() => ({ port: local, back }))
    await Promise.all([
      t.test('open', async () => assert.deepEqual(await seenFrom(t, lab, 'open'), kept('ECONNREFUSED'))),
      ...(['public-firewalled', 'cone', 'double-nat', 'ipv6-open'] as const).map((network) =>
        t.test(network, async () => assert.deepEqual(await seenFrom(t, lab, network), kept('silence'))),
      ),
      t.test('cone-resetting', async () =>
        assert.deepEqual(await seenFrom(t, lab, 'cone-resetting'), kept('ECONNREFUSED')),
      ),
      t.test('cone-remapped', async () => {
        const [one, other] = await seenFrom(t, lab, 'cone-remapped')
        assert.deepEqual(one, other)
        assert.equal(one?.back, 'silence')
        assert.notEqual(one?.port, local)
      }),
      t.test('symmetric', async () => {
        const [one, other] = await seenFrom(t, lab, 'symmetric')
        assert.notEqual(one?.port, other?.port)
        assert.equal(one?.back, 'silence')
      }),
      t.test('443-only', async () => {
        const [one, other, web] = await seenFrom(t, lab, '443-only')
        assert.deepEqual([one, other], [undefined, undefined])
        assert.deepEqual(web, { port: local, back: 'silence' })
      }),
    ])
  },
)

test('a lab whose test is killed leaves nothing behind', needsLab, async (t) => {
  const file = new URL('../support/lab-namespace.ts', import.meta.url).href
  const make = `const { Namespace } = await import(${JSON.stringify(file)})
    console.log((await Namespace.create(new AsyncDisposableStack())).pid)`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', make], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  undo(t).defer(() => void child.kill('SIGKILL'))
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const name = networkOf(`/proc/${line.toString().trim()}/ns/net`)
  assert.ok(name != null && name !== networkOf('/proc/self/ns/net'))
  assert.ok(inUse(name))
  child.kill('SIGKILL')
  await until(() => !inUse(name), 'the namespace has no process left and is removed')
})

test('a namespace ends with its owner', needsLab, async () => {
  const owner = new AsyncDisposableStack()
  const { pid } = await Namespace.create(owner)
  const name = networkOf(`/proc/${pid}/ns/net`)
  assert.ok(name != null)
  await owner.disposeAsync()
  assert.ok(!inUse(name))
})

function inUse(name: string): boolean {
  return globSync('/proc/[0-9]*/ns/net').some((file) => networkOf(file) === name)
}

/** Undefined for a process that has ended. */
function networkOf(file: string): string | undefined {
  try {
    return readlinkSync(file)
  } catch (error) {
    assert.match(String(Reflect.get(Object(error), 'code')), /ENOENT|ESRCH|EACCES/)
    return undefined
  }
}
