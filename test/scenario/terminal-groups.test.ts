/**
 * Groups in the terminal client, as people use them: founded, joined, talked in, renamed, left; three peers of which
 * two are no friends; names that could be somebody else's; and, in a real terminal, who is there and who is writing.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { Friend, Group } from '#protocol'
import { folder } from '../support/cleanup.ts'
import type { LineProcess } from '../support/line-process.ts'
import { startNode, startPeer, until, type TestPeer } from '../support/network.ts'
import { onLoopback, plain, startInTerminal, startPiped } from '../support/terminal.ts'

const inTerminal = { skip: process.platform === 'linux' ? false : 'a terminal is lent by script(1) of util-linux' }
/** Nothing of it may reach a terminal. */
const hostile = '\u001b[2J\u202e\u001b]0;title\u0007'

test('three people found a group, join it and talk; who is removed, and who leaves, gets nothing more', async (t) => {
  const { nodes, home, cem } = await stage(t)
  const start = (name: string): LineProcess => startPiped(t, args(home, name, nodes))
  let ada = start('Ada')
  await says(ada, 'you are Ada')
  await becomeFriends(ada, cem, 'cem')
  const ben = start('Ben')
  await says(ben, 'you are Ben')
  ada.write('/invite\n')
  const link = (await says(ada, 'link: quorum://add/')).slice('link: '.length)
  ben.write(`${link}\n`)
  await says(ada, 'Ben wants to be your friend.')
  ada.write('/accept Ben\n')
  await says(ben, 'Ada has accepted.')
  for (const [process, name] of [
    [ada, 'Ben'],
    [ben, 'Ada'],
  ] as const)
    await says(process, `${name} is online.`)

  ada.write('/group add Ben\n')
  await says(ada, '! Open a group first: /group new NAME founds one.')
  ada.write('/group\n/group nwe\n/group new\n')
  await says(ada, '/group add NAME')
  await says(ada, '! There is no /group nwe. Did you mean /group new?')
  await says(ada, '! Usage: /group new NAME')
  ada.write('/group new Trip\n')
  await says(ada, '──── #Trip ────')
  await says(ada, '#Trip is founded')
  ada.write('before they came\n')
  await says(ada, 'you: before they came')
  ada.write('/send nothing.txt\n')
  await says(ada, '! This is a group, and that is for one friend')
  ada.write('/group add Ben -- all\n')
  await says(ben, 'Ada invites you to the group #Trip (in it: Ada). /join #Trip or /decline #Trip')
  ben.write('/groups\n/join\n')
  await says(ben, ' #1  #Trip  ? invited  by Ada; in it: Ada')
  await says(ben, 'You have agreed to join #Trip.')
  await says(ben, 'You are in #Trip now. /open #Trip to talk.')
  await says(ada, 'Ben is in now.')
  await until(() => ben.lines.some((line) => line.includes('New in #Trip: 1 unread.')), 'history is unread')
  ben.write('/open trip\n')
  await says(ben, 'Ada: before they came')

  ada.write('/group add cem\n')
  const { group } = await invited(cem)
  await cem.joinGroup({ group })
  await says(ada, 'cem is in now.')
  await says(ben, 'cem is in now.')
  await until(async () => (await cem.group({ group })).state === 'member', 'cem knows it, too')
  await cem.sendMessage({ group, text: `before ${hostile} after` })
  for (const process of [ada, ben]) await says(process, 'cem: before  after')
  ben.write('hello from Ben\n')
  await says(ada, 'Ben: hello from Ben')
  await until(
    async () =>
      (await cem.messages({ group })).some(({ text, state }) => text === 'hello from Ben' && state !== 'read'),
    'Cem, who is no friend of Ben, has it',
  )
  ben.write('/group members\n')
  assert.match(await says(ben, 'founder'), /^ {2}Ada +…\w{6} {2}founder, online$/u)
  assert.match(await says(ben, 'no friend of yours'), /^ {2}cem /u)
  assert.match(await says(ben, '(you)'), /^ {2}Ben \(you\) +…\w{6}$/u)
  ben.write('/group remove cem\n')
  await says(ben, '! Only who stands above them in this group may decide that')
  ada.write('/group admin Ben\n')
  await says(ada, 'Ben is now admin of rank 1.')
  await says(ben, 'You are now admin of rank 1.')
  ben.write('/group rename The sea\n')
  for (const process of [ada, ben]) await says(process, 'The group is called #The sea now, no longer “Trip”.')

  // What is written while another conversation is open is counted, and read when the group is opened.
  ada.write('/open Ben\n')
  await says(ada, '──── Ben ────')
  await cem.sendMessage({ group, text: 'are you there?' })
  await says(ada, 'New in #The sea: 1 unread. /open #The sea')
  ada.write('/search there\n')
  await says(ada, 'cem: are you there?')
  assert.ok(ada.lines.some((line) => line.startsWith('──── #The sea, ')))
  ada.write('/group\n/open #1\n/group mute\n')
  await says(ada, '#The sea is muted')
  assert.equal(ada.lines.filter((line) => line.includes('cem: are you there?')).length, 2)

  ben.write('/group remove cem -- now\n/group remove cem -- undo\n')
  await says(ben, '! Usage: /group remove NAME [-- undo]')
  await says(ben, 'cem is removed: they get nothing more of #The sea')
  await says(ada, 'cem is no longer in.')
  await until(async () => (await cem.group({ group })).state === 'removed', 'Cem learns it')
  ben.write('without Cem\n')
  await says(ada, 'Ben: without Cem')
  assert.equal((await cem.messages({ group })).length, 3)

  ben.write('/group leave\n')
  await says(ben, 'You have left #The sea.')
  await says(ada, 'Ben is no longer in.')
  ben.write('too late\n')
  await says(ben, '! You are not in this group')
  ben.write('/group leave -- forget\n/groups\n')
  await says(ben, 'You are not in #The sea, and nothing of it is kept here.')
  await says(ben, 'No groups yet.')

  ada.endInput()
  assert.equal(await ada.ended, 0, ada.err)
  ada = start('Ada')
  await says(ada, ' #1  #The sea  1 member, 1 online  muted')
  await says(ada, '──── #The sea ────')
  await says(ada, 'cem: before  after')
  for (const bad of ['\u001b', '\u202e', 'title']) assert.ok(!(ada.out + ben.out).includes(bad), JSON.stringify(bad))
})

test('an invitation is declined, or is one of several; a name is never taken for another', async (t) => {
  const { nodes, home, cem } = await stage(t)
  const ada = startPiped(t, args(home, 'Ada', nodes))
  await says(ada, 'you are Ada')
  await becomeFriends(ada, cem, 'cem')
  const adaAt = await friendOf(cem)
  const invite = async (name: string): Promise<string> => {
    const { group } = await cem.createGroup({ name })
    await cem.inviteToGroup({ group, peer: adaAt.peer })
    return group
  }
  const alike = await invite(`C${hostile}em`)
  await says(ada, 'cem invites you to the group #Cem (in it: cem). /join #Cem or /decline #Cem')
  await says(ada, 'cem: (invites you to the group “Cem”)')
  ada.write('/open cem\n')
  await says(ada, '! That could be cem or #Cem. Put @ before a person, # before a group')
  ada.write('/open @cem\n')
  await says(ada, '──── cem ────')
  ada.write('/open Emc\n/open #cem\n')
  await says(ada, '! Neither a person nor a group is called “Emc”.')
  await says(ada, '──── #Cem ────')
  ada.write('hello?\n')
  await says(ada, '! You are not in this group')
  await invite('Books')
  await says(ada, 'to the group #Books')
  ada.write('/open @cem\n/decline #cem\n')
  await says(ada, 'Declined #Cem. They are not notified.')
  ada.write('/accept\n')
  await says(ada, 'You are in #Books now.')
  ada.write('/join\n/decline\n')
  await says(ada, '! Nobody invites you to a group at the moment.')
  await says(ada, '! Nothing waits for an answer.')
  // Another group of that name: both have the end of their ids.
  const second = await invite('Books')
  const named = `#Books (group …${second.slice(-6)})`
  await says(ada, `to the group ${named} (in it: cem).`)
  ada.write(`/open books\n/decline ${named}\n`)
  assert.match(await says(ada, '! That could be #Books (group …'), /\) or #Books \(group …\w{6}\)\. Put @ before/u)
  await says(ada, `Declined ${named}.`)
  assert.equal((await cem.groups()).find(({ group }) => group === alike)?.members.length, 1)
})

test('the prompt shows who is in a group, who is online and who is writing', inTerminal, async (t) => {
  const { nodes, home, cem } = await stage(t)
  const dan = await startPeer(t, { nodes, name: 'dan' })
  const terminal = startInTerminal(t, args(home, 'Ada', nodes))
  await terminal.sees('you are Ada')
  for (const peer of [cem, dan]) {
    const { link } = await peer.invite({})
    terminal.enter(link)
    await terminal.sees('Asked ')
    const { peer: asks } = await friendOf(peer)
    await peer.acceptFriend({ peer: asks })
    const { name } = await peer.self()
    await terminal.sees(`${name} has accepted.`)
    terminal.enter(`/open ${name}`)
    await terminal.sees(`${name} ●`)
  }
  terminal.enter('/group new Trip')
  await terminal.sees('#Trip 1 member, 1 online ›')
  for (const peer of [cem, dan]) {
    terminal.enter(`/group add ${(await peer.self()).name}`)
    const { group } = await invited(peer)
    await peer.joinGroup({ group })
  }
  await terminal.sees('#Trip 3 members, 3 online ›')
  const [group] = await cem.groups()
  assert.ok(group)
  // A mark that comes before the members are linked is lost, as it may be.
  const write = async (text: string, ...writing: TestPeer[]): Promise<void> =>
    until(
      async () => {
        for (const peer of writing) await peer.typing({ group: group.group, active: true })
        return plain(terminal.output).includes(text)
      },
      () => `${text} in ${plain(terminal.output)}`,
    )
  await write('cem is typing… ›', cem)
  await write('cem and dan are typing… ›', cem, dan)
  await cem.sendMessage({ group: group.group, text: 'here' })
  await terminal.sees('cem: here')
  await write('dan is typing… ›', dan)
  terminal.type('half a li')
  await until(() => cem.events.some(({ event, data }) => event === 'typing' && 'group' in data), 'Ada is writing')
  terminal.enter('ne')
  await terminal.sees('you: half a line ✓✓')
  await dan.leaveGroup({ group: group.group })
  await terminal.sees('dan is no longer in.')
  await terminal.sees('#Trip 2 members, 2 online ›')
  terminal.type('\u0004')
  await terminal.ends(0)
})

async function stage(t: TestContext): Promise<{ nodes: string[]; home: string; cem: TestPeer }> {
  const nodes = (await startNode(t)).addresses()
  return { nodes, home: folder(t), cem: await startPeer(t, { nodes, name: 'cem' }) }
}

function args(home: string, name: string, nodes: readonly string[]): string[] {
  return ['--profile', join(home, name), '--name', name, '--node', nodes[0] ?? '', ...onLoopback]
}

async function becomeFriends(process: LineProcess, peer: TestPeer, name: string): Promise<void> {
  process.write(`${(await peer.invite({})).link}\n`)
  await peer.acceptFriend({ peer: (await friendOf(peer)).peer })
  // Only then each knows that the other's Quorum knows groups.
  await says(process, `${name} is online.`)
  await until(async () => (await friendOf(peer)).online, 'both are online')
}

/** The friend of that peer, once there is one. */
async function friendOf(peer: TestPeer): Promise<Friend> {
  await until(async () => (await peer.friends()).length > 0, 'somebody asks')
  return (await peer.friends())[0] ?? assert.fail()
}

/** The group to which the peer is invited, once it is. */
async function invited(peer: TestPeer): Promise<Group> {
  await until(async () => (await peer.groups()).some(({ state }) => state === 'invited'), 'an invitation')
  return (await peer.groups()).find(({ state }) => state === 'invited') ?? assert.fail()
}

function says(process: LineProcess, text: string): Promise<string> {
  return process.line(JSON.stringify(text), (line) => line.includes(text))
}
