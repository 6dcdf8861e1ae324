/** The list of groups on the screen, updated in place while it is visible, as that of people is. */
import stringWidth from 'string-width'
import { say } from './client.ts'
import type { Client } from './client.ts'
import { groupLine } from './group-view.ts'

const listKey = 'groups'

/** Prints the list that the numbers of `/open #2` refer to. */
export function listGroups(client: Client): void {
  if (client.groups.all().length === 0) {
    say(client, 'No groups yet. /group new NAME founds one, then /group add NAME invites friends.')
    return
  }
  client.screen.print(groupLines(client), listKey)
}

/** Updates the list in place if it is still on the screen. */
export function refreshGroups(client: Client): void {
  if (client.groups.all().length > 0) client.screen.replace(listKey, groupLines(client))
}

function groupLines({ groups, screen, current }: Client): string {
  const all = groups.list()
  const cells = Math.max(...all.map(({ group }) => stringWidth(groups.label(group))))
  return all
    .map((group, index) =>
      groupLine(screen.look, {
        number: index + 1,
        group,
        label: groups.label(group.group),
        cells,
        unread: group.group === current ? 0 : group.unread,
        name: (peer) => groups.person(group.group, peer),
      }),
    )
    .join('\n')
}
