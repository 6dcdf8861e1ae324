/** Settings, Nodes: which part of a typed address is wrong, and why a node is not reached, in the person's language. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { after, test } from 'node:test'
import { en } from '../../desktop/text/en.ts'
import { folder, undo } from '../support/cleanup.ts'
import { endDisplay } from '../support/display.ts'
import { startNode } from '../support/network.ts'
import { bob } from '../support/people.ts'
import { windowWithFriend } from '../support/people-at-windows.ts'

after(endDisplay)

test('an address with a typo is refused with the part that is wrong, and an SSH server is named', async (t) => {
  const ssh = net.createServer((socket) => socket.on('error', () => undefined).write('SSH-2.0-Some\r\n'))
  ssh.listen(0, '127.0.0.1')
  await once(ssh, 'listening')
  undo(t).defer(() => void ssh.close())
  const { port } = ssh.address() as net.AddressInfo
  const address = `/ip4/127.0.0.1/tcp/${port}/p2p/${bob.peer}`

  const { page } = (await windowWithFriend(t, folder(t), 'Susan')).window
  await page.keyboard.press('Control+,')
  await page.getByRole('navigation', { name: 'Settings' }).getByRole('button', { name: en.settings.nodes }).click()
  const field = page.getByLabel(en.settings.nodeAdd)
  for (const [typed, part] of [
    ['node.example.org:4001', 'form'],
    [address.replace('127.0.0.1', '127.0.0'), 'host'],
    [address.replace(`/${port}/`, '/99999/'), 'port'],
    [address.replace('/tcp/', '/udp/'), 'transport'],
    [`${address}.`, 'peer'],
  ] as const) {
    await field.fill(typed)
    await field.press('Enter')
    await page.getByText(en.settings.nodeWrong[part]).waitFor()
    assert.equal(await field.getAttribute('aria-invalid'), 'true')
  }
  await field.fill(`  ${address} `)
  await field.press('Enter')
  await page.getByText(en.settings.nodeProblems.ssh).waitFor()
  assert.equal(await page.getByText(address).count(), 1)
})

test('a node that does not accept this peer is shown as such, not as one that cannot be reached', async (t) => {
  const [address = ''] = (await startNode(t, { admits: () => false })).addresses()
  const { page } = (await windowWithFriend(t, folder(t), 'Susan')).window
  await page.keyboard.press('Control+,')
  await page.getByRole('navigation', { name: 'Settings' }).getByRole('button', { name: en.settings.nodes }).click()
  const field = page.getByLabel(en.settings.nodeAdd)
  await field.fill(address)
  await field.press('Enter')
  await page.getByText(en.settings.nodeProblems['not-admitted']).waitFor()
  await page.getByText(en.settings.nodeNotAdmitted, { exact: true }).waitFor()
})
