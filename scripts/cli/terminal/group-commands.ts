/**
 * Commands about groups: /group with its own commands, /groups, /join. Those of /group but `new` are about the group
 * whose conversation is open. Answers to invitations are in answer-commands.ts, too.
 */
import { QuorumError } from '#protocol'
import type { Group } from '#protocol'
import { say, showPrompt } from './client.ts'
import type { Client } from './client.ts'
import { openGroup } from './conversation.ts'
import { groupChanged } from './group-events.ts'
import { listGroups, refreshGroups } from './group-list.ts'
import { groupHelp, joiningLine, memberLines } from './group-view.ts'
import { cleanLine } from './sanitize.ts'
import { distance, needed, splitWord } from './typed-line.ts'

type Run = (client: Client, rest: string) => Promise<void> | void

const commands: Readonly<Record<string, Run>> = {
  new: found,
  add,
  remove,
  leave,
  members,
  admin,
  rename,
  mute: (client, rest) => mute(client, rest, true),
  unmute: (client, rest) => mute(client, rest, false),
}

/** What Tab completes after `/group `. */
export const groupCommands: readonly string[] = Object.keys(commands)

export async function groupCommand(client: Client, rest: string): Promise<void> {
  const [typed, after] = splitWord(rest)
  const word = typed.toLowerCase()
  if (word === '') {
    client.screen.print(groupHelp(client.screen.look))
    return
  }
  if (!Object.hasOwn(commands, word)) {
    const close = groupCommands.filter((each) => each.startsWith(word) || distance(each, word) <= 2)
    const hint = close.length === 0 ? '' : ` Did you mean ${close.map((each) => `/group ${each}`).join(' or ')}?`
    throw new QuorumError(
      'bad-request',
      `There is no /group ${cleanLine(word)}.${hint} /group alone lists what there is.`,
    )
  }
  await commands[word]?.(client, after)
}

export function groups(client: Client): void {
  listGroups(client)
}

/** `/join`, `/join NAME`. */
export async function join(client: Client, rest: string): Promise<void> {
  await acceptInvitation(client, rest === '' ? onlyInvitation(client, 'join') : client.groups.find(rest))
}

export async function acceptInvitation(client: Client, { group: id }: Group): Promise<void> {
  const { groups: all } = client
  const group = await client.peer.joinGroup({ group: id })
  all.put(group)
  refreshGroups(client)
  showPrompt(client)
  say(
    client,
    joiningLine(group, all.label(id), (peer) => all.person(id, peer)),
    'green',
  )
}

export async function declineInvitation(client: Client, { group: id }: Group): Promise<void> {
  const label = client.groups.label(id)
  await client.peer.declineGroup({ group: id })
  await forgotten(client, id)
  say(client, `Declined ${label}. They are not notified.`)
}

/** The only group that waits for an answer. Errors: `bad-request`. */
function onlyInvitation({ groups: all, current }: Client, command: string): Group {
  const waiting = all.invited()
  const meant = waiting.find(({ group, invitedBy }) => group === current || invitedBy === current)
  if (meant !== undefined) return meant
  const [only] = waiting
  if (only === undefined) throw new QuorumError('bad-request', 'Nobody invites you to a group at the moment.')
  if (waiting.length === 1) return only
  const ways = waiting.slice(0, 5).map(({ group }) => `/${command} ${all.label(group)}`)
  throw new QuorumError('bad-request', `Which one? ${ways.join(' or ')}`)
}

async function found(client: Client, rest: string): Promise<void> {
  const group = await client.peer.createGroup({ name: cleanLine(needed(rest, '/group new NAME')) })
  client.groups.put(group)
  await openGroup(client, group)
  say(client, `${client.groups.label(group.group)} is founded, and you decide who is in.`, 'green')
}

/** `/group add NAME [-- last|all]`. */
async function add(client: Client, rest: string): Promise<void> {
  const { group: id } = openedGroup(client)
  const usage = '/group add NAME [-- none|last|all]'
  const [name, history] = withOption(rest, ['none', 'last', 'all'], usage)
  const friend = client.friends.find(name)
  const label = client.friends.label(friend.peer)
  const given = history === undefined ? {} : { history }
  groupChanged(client, await client.peer.inviteToGroup({ group: id, peer: friend.peer, ...given }))
  const later = friend.online ? '' : ' They are asked when you are both online.'
  say(client, `${label} is invited to ${client.groups.label(id)}, and is in once they agree.${later}`)
}

/** `/group remove NAME [-- undo]`. */
async function remove(client: Client, rest: string): Promise<void> {
  const group = openedGroup(client)
  const [name, undo] = withOption(rest, ['undo'], '/group remove NAME [-- undo]')
  const { peer } = client.groups.member(group, name)
  if (peer === client.self) throw new QuorumError('bad-request', 'To go yourself: /group leave')
  const label = client.groups.person(group.group, peer)
  const done = await client.peer.removeFromGroup({
    group: group.group,
    peer,
    ...(undo !== undefined && { undo: true }),
  })
  groupChanged(client, done)
  say(
    client,
    `${label} is removed: they get nothing more of ${client.groups.label(group.group)}, and keep what they have.`,
  )
}

/** `/group leave [-- forget]`. */
async function leave(client: Client, rest: string): Promise<void> {
  const { group: id } = openedGroup(client)
  const label = client.groups.label(id)
  const [, forget] = withOption(`x ${rest}`, ['forget'], '/group leave [-- forget]')
  if (forget === undefined && rest !== '') throw new QuorumError('bad-request', 'Usage: /group leave [-- forget]')
  const group = await client.peer.leaveGroup({ group: id, ...(forget !== undefined && { forget: true }) })
  if (forget === undefined) groupChanged(client, group)
  else {
    await forgotten(client, id)
    say(client, `You are not in ${label}, and nothing of it is kept here.`)
  }
}

function members(client: Client): void {
  const { groups: all, screen, self } = client
  const group = openedGroup(client)
  if (group.members.length === 0) say(client, 'Who is in is not known before you are.', 'dim')
  else screen.print(memberLines(screen.look, group, self, (peer) => all.person(group.group, peer)))
}

/** `/group admin NAME [RANK]`. */
async function admin(client: Client, rest: string): Promise<void> {
  const group = openedGroup(client)
  const [, name = '', typed] = /^(.*?)(?:\s+(\d{1,4}))?$/su.exec(needed(rest, '/group admin NAME [RANK]')) ?? []
  const { peer } = client.groups.member(group, name)
  const rank = typed === undefined ? group.rank + 1 : Number(typed)
  groupChanged(client, await client.peer.setGroupRole({ group: group.group, peer, rank }))
}

async function rename(client: Client, rest: string): Promise<void> {
  const { group } = openedGroup(client)
  const name = cleanLine(needed(rest, '/group rename NAME'))
  groupChanged(client, await client.peer.renameGroup({ group, name }))
}

async function mute(client: Client, rest: string, muted: boolean): Promise<void> {
  const { group } = rest === '' ? openedGroup(client) : client.groups.find(rest)
  groupChanged(client, await client.peer.muteGroup({ group, muted }))
  const label = client.groups.label(group)
  say(client, muted ? `${label} is muted: /groups shows what is unread.` : `${label} is no longer muted.`)
}

/** The group whose conversation is open. Errors: `bad-request`. */
function openedGroup({ groups: all, current }: Client): Group {
  const group = all.get(current)
  if (group !== undefined) return group
  const next = all.all().length === 0 ? '/group new NAME founds one' : '/open #NAME, or a number of /groups as #1'
  throw new QuorumError('bad-request', `Open a group first: ${next}.`)
}

/** `NAME -- OPTION`. Errors: `bad-request` without a name, or with another option. */
function withOption<O extends string>(rest: string, options: readonly O[], usage: string): [name: string, option?: O] {
  const [, name = '', typed] = /^(.*?)(?:\s+--\s*(\S*))?\s*$/su.exec(rest) ?? []
  needed(name, usage)
  if (typed === undefined) return [name]
  const option = options.find((each) => each === typed.toLowerCase())
  if (option === undefined) throw new QuorumError('bad-request', `Usage: ${usage}`)
  return [name, option]
}

/** What is no longer listed after a call is no longer known here, and its conversation is closed. */
async function forgotten(client: Client, id: string): Promise<void> {
  client.groups.load(await client.peer.groups())
  if (client.current === id && client.groups.get(id) === undefined) client.current = undefined
  refreshGroups(client)
  showPrompt(client)
}
