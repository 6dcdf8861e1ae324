/**
 * Hole punching between real kernel NATs: when a relayed conversation becomes direct, and the reported reason if not.
 */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { stageOwner, undo } from '../support/cleanup.ts'
import { befriend, HeadlessNode, HeadlessPeer, talking } from '../support/headless.ts'
import { Lab, type Network } from '../support/lab.ts'
import { needsLab } from '../support/lab-needs.ts'
import { Stage } from '../support/line-process.ts'
import { until } from '../support/until.ts'

const repetitions = 10
/** Milliseconds between two messages of a busy conversation. */
const pace = 100
/** Messages each way after the path has changed: they continue until well after the old path is closed. */
const wellAfter = 120

test('two homes behind cone routers become direct, ten times out of ten', needsLab, async (t) => {
  const { ann, ben } = await friends(t, 'cone', 'cone')
  await direct(ann, ben)
  const seconds: number[] = []
  for (let repetition = 0; repetition < repetitions; repetition += 1) {
    // The sides take turns in dialling the circuit.
    const one = repetition % 2 === 0 ? ann : ben
    await one.stop()
    await one.start()
    await talking(ann, ben)
    const begun = performance.now()
    await direct(ann, ben)
    seconds.push((performance.now() - begun) / 1000)
  }
  assert.deepEqual((await ann.call('connection', { peer: ben.id })).tried.at(-1), {
    kind: 'punch',
    outcome: 'connected',
  })
  t.diagnostic(`seconds from online to direct: ${seconds.map((one) => one.toFixed(2)).join(' ')}`)
})

test(
  'while a conversation moves to the direct path, no message is lost, duplicated or reordered',
  needsLab,
  async (t) => {
    const { ann, ben } = await friends(t, 'cone', 'cone-remapped')
    await direct(ann, ben)
    await ben.stop()
    await ben.start()
    await talking(ann, ben)
    const sent: string[] = []
    const paths = new Set<string>()
    for (let after = 0; after < wellAfter;) {
      const text = `message ${sent.length}`
      await Promise.all([ann.send(ben, text), ben.send(ann, text)])
      sent.push(text)
      const { path } = await ann.call('connection', { peer: ben.id })
      paths.add(path)
      if (path === 'direct') after += 1
      await pause(pace)
    }
    const last = sent.at(-1) ?? ''
    await Promise.all([delivered(ann, ben, last), delivered(ben, ann, last)])
    assert.deepEqual([...paths], ['relayed', 'direct'])
    assert.deepEqual(await received(ann, ben), sent)
    assert.deepEqual(await received(ben, ann), sent)
  },
)

test('two homes behind symmetric routers stay relayed and report why', needsLab, async (t) => {
  const { ann, ben } = await friends(t, 'symmetric', 'symmetric')
  for (const [one, other] of [
    [ann, ben],
    [ben, ann],
  ] as const) {
    await until(async () => {
      const { path, reason, tried } = await one.call('connection', { peer: other.id })
      assert.equal(path, 'relayed')
      if (reason.includes('your router')) assert.deepEqual(tried.at(-1), { kind: 'punch', outcome: 'failed' })
      return reason.includes('your router and theirs seem to change ports')
    }, `${one.name} says why`)
  }
  await ann.send(ben, 'still here')
  await delivered(ann, ben, 'still here')
})

/** Two friends, each behind a network, and a node that both know. */
async function friends(
  t: TestContext,
  ...[one, other]: [Network, Network]
): Promise<{ ann: HeadlessPeer; ben: HeadlessPeer }> {
  const lab = await Lab.create(undo(t))
  const stage = new Stage(stageOwner(t))
  const { space, ip4 } = await lab.server()
  const listen = [`/ip4/${ip4}/tcp/4001`]
  // A node does not announce a public address until it is configured.
  const setup = { listen, args: ['--announce', ...listen], through: space.enter }
  const { addresses: nodes } = await new HeadlessNode(stage, 'node', setup).start()
  const [ann, ben] = await Promise.all(
    (
      [
        ['ann', one],
        ['ben', other],
      ] as const
    ).map(async ([name, network]) => {
      const { enter } = (await lab.place(network)).space
      return new HeadlessPeer(stage, name, { nodes, args: ['--listen', '/ip4/0.0.0.0/tcp/0'], through: enter }).start()
    }),
  )
  assert.ok(ann && ben)
  await befriend(ann, ben)
  return { ann, ben }
}

async function direct(one: HeadlessPeer, other: HeadlessPeer): Promise<void> {
  let last: unknown
  await until(
    async () => {
      last = await Promise.all([one.call('connection', { peer: other.id }), other.call('connection', { peer: one.id })])
      return (last as { path: string }[]).every(({ path }) => path === 'direct')
    },
    () => `a direct path; the last was ${JSON.stringify(last)}`,
  )
}

async function delivered(from: HeadlessPeer, to: HeadlessPeer, text: string): Promise<void> {
  await until(async () => {
    const sent = (await from.history(to)).filter(({ direction }) => direction === 'out').at(-1)
    return sent?.text === text && sent.state === 'delivered'
  }, `${text} is delivered`)
}

async function received(by: HeadlessPeer, from: HeadlessPeer): Promise<string[]> {
  return (await by.history(from)).filter(({ direction }) => direction === 'in').map(({ text }) => text)
}
