/**
 * What the terminal says when groups change: an invitation, and what this person is in a group, always; who comes, goes
 * and decides only in the open conversation. Presence changes only the prompt and the list.
 */
import type { Group } from '#protocol'
import { say, sayError, showPrompt } from './client.ts'
import type { Client } from './client.ts'
import { openGroup } from './conversation.ts'
import { refreshGroups } from './group-list.ts'
import { changeLines, invitedLine, standingLine } from './group-view.ts'

/** Invitations that are shown by name. More of them become one line with a count. */
const invitationsByName = 3

export function invitedToGroup(client: Client, group: Group): void {
  const { groups } = client
  groups.put(group)
  refreshGroups(client)
  showPrompt(client)
  const waiting = groups.invited().length
  if (waiting > invitationsByName) {
    say(client, `${waiting} groups wait for your answer. /groups lists them.`, 'yellow', 'invitations')
    return
  }
  const label = groups.label(group.group)
  const line = invitedLine(group, label, (peer) => groups.person(group.group, peer))
  say(client, line, 'yellow', `invited ${group.group}`)
}

/** An event of the group, or the answer to a call about it. */
export function groupChanged(client: Client, group: Group): void {
  const { groups, self } = client
  const before = groups.put(group)
  refreshGroups(client)
  showPrompt(client)
  if (before === undefined) return
  const label = groups.label(group.group)
  const name = (peer: string): string => groups.person(group.group, peer)
  const opened = group.group === client.current
  const came = groups.arrived(before, group, self)
  if (before.state !== group.state) sayStanding(client, before, group, label)
  if (!opened) return
  for (const line of changeLines({ before, group, came, self, label, name })) say(client, line, 'dim')
  if (before.history !== group.history && before.state === group.state)
    say(client, `Messages no longer count, or count again: /open ${label} shows those that do.`, 'dim', 'history')
}

/** What this person is in the group has changed. */
function sayStanding(client: Client, before: Group, group: Group, label: string): void {
  const isIn = group.state === 'member' || group.state === 'frozen'
  const wasIn = before.state === 'member' || before.state === 'frozen'
  if (isIn && !wasIn) {
    if (client.current === undefined) {
      openGroup(client, group).catch((error: unknown) => sayError(client, error))
      return
    }
    const next = group.group === client.current ? 'Just type.' : `/open ${label} to talk.`
    say(client, `You are in ${label} now. ${next}`, 'green')
    return
  }
  if (group.state === 'invited') return
  const standing =
    group.state === 'member'
      ? `In ${label} there is an admin again.`
      : standingLine(group, label, (peer) => client.groups.person(group.group, peer))
  if (standing !== undefined) say(client, standing, group.state === 'removed' ? 'red' : 'dim')
}
