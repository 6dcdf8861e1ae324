/**
 * What a person can type: one table of commands with their help, doing what a line says, and Tab completion.
 * Commands only call the peer and say what came of it: what happens later is told by news.ts.
 */
import { QuorumError } from '#protocol'
import { say, sayError } from './client.ts'
import type { Client } from './client.ts'
import { openConversation, sendText } from './conversation.ts'
import { nodeCommand } from './node-command.ts'
import { accept, add, block, decline, invite, listFriends, opened, remove, unblock, verify } from './people-commands.ts'
import { cleanLine } from './sanitize.ts'
import { distance, needed, parseLine } from './typed-line.ts'
import { connectionLines, dayOf, messageBlock, pad, paint, wrap } from './view.ts'

const groups = ['People', 'Talking', 'Reaching each other', 'This program'] as const

export interface Command {
  name: string
  usage: string
  help: string
  group: (typeof groups)[number]
  run: (client: Client, rest: string) => Promise<void> | void
}

/** Messages that a search shows. */
const found = 20

export const commands: readonly Command[] = [
  {
    name: 'friends',
    usage: '',
    help: 'who there is, who is online, what is unread',
    group: 'People',
    run: listFriends,
  },
  {
    name: 'invite',
    usage: '[once]',
    help: 'a link, a code and a QR picture for a friend; once: for one person only',
    group: 'People',
    run: invite,
  },
  {
    name: 'add',
    usage: 'LINK [note]',
    help: 'ask somebody to be your friend, by link, code, handle or PeerId; pasting a link is enough',
    group: 'People',
    run: add,
  },
  { name: 'accept', usage: '[NAME]', help: 'accept a friend request', group: 'People', run: accept },
  { name: 'decline', usage: '[NAME]', help: 'decline it; they are not told', group: 'People', run: decline },
  { name: 'remove', usage: 'NAME', help: 'end a friendship', group: 'People', run: remove },
  { name: 'block', usage: 'NAME', help: 'hear nothing more from somebody', group: 'People', run: block },
  { name: 'unblock', usage: 'NAME', help: 'undo that', group: 'People', run: unblock },
  {
    name: 'verify',
    usage: '[yes|no]',
    help: 'compare 60 digits, to be sure who is at the other end',
    group: 'People',
    run: verify,
  },
  { name: 'open', usage: 'NAME|NUMBER', help: 'choose whom to talk to', group: 'Talking', run: open },
  { name: 'recall', usage: '', help: 'take back the last message that is still queued', group: 'Talking', run: recall },
  { name: 'search', usage: 'TEXT', help: 'find messages, in all conversations', group: 'Talking', run: search },
  {
    name: 'connection',
    usage: '[NAME]',
    help: 'how you are connected, and why not better',
    group: 'Reaching each other',
    run: connection,
  },
  {
    name: 'node',
    usage: '[add|remove X]',
    help: 'the nodes that help friends find you, by address or number; /node run and /node end: one on this machine',
    group: 'Reaching each other',
    run: nodeCommand,
  },
  {
    name: 'name',
    usage: '[NAME]',
    help: 'who you are to others; with a name: change it',
    group: 'This program',
    run: name,
  },
  {
    name: 'handle',
    usage: '[HANDLE]',
    help: 'a short public name at your node; empty: give it up',
    group: 'This program',
    run: handle,
  },
  { name: 'help', usage: '', help: 'this', group: 'This program', run: help },
  {
    name: 'quit',
    usage: '',
    help: 'leave (or Ctrl-D); messages wait until you are back',
    group: 'This program',
    run: quit,
  },
]

/** Does what a line says. Never throws: what fails is said. */
export async function runLine(client: Client, line: string): Promise<void> {
  const typed = parseLine(line)
  try {
    if (typed.kind === 'message') await sendText(client, typed.text)
    if (typed.kind === 'command') {
      const command = findCommand(typed.name)
      if (command === undefined) throw new QuorumError('bad-request', unknownCommand(typed.name))
      await command.run(client, typed.rest)
    }
  } catch (error) {
    sayError(client, error)
  }
}

/** Tab: commands, and names after the commands that take one. */
export function complete(line: string, labels: () => string[]): [matches: string[], completed: string] {
  const spoken = /^\/(?:open|accept|decline|remove|block|unblock|connection) +(.*)$/iu.exec(line)
  if (spoken !== null) {
    const begun = (spoken[1] ?? '').toLowerCase()
    return [labels().filter((label) => label.toLowerCase().startsWith(begun)), spoken[1] ?? '']
  }
  if (!/^\/\S*$/u.test(line)) return [[], line]
  return [
    commands.map(({ name, usage }) => `/${name}${usage === '' ? '' : ' '}`).filter((name) => name.startsWith(line)),
    line,
  ]
}

/** By name or by an unambiguous beginning. */
function findCommand(name: string): Command | undefined {
  const exact = commands.find((command) => command.name === name)
  if (exact !== undefined || name === '') return exact
  const begun = commands.filter((command) => command.name.startsWith(name))
  return begun.length === 1 ? begun[0] : undefined
}

/** One sentence, with the command that was probably meant. */
export function unknownCommand(name: string): string {
  const begun = commands
    .filter((command) => name !== '' && command.name.startsWith(name))
    .map((command) => command.name)
  const close =
    begun.length > 0
      ? begun
      : commands.filter((command) => distance(command.name, name) <= 2).map((command) => command.name)
  const hint = close.length === 0 ? '' : ` Did you mean ${close.map((each) => `/${each}`).join(' or ')}?`
  return `There is no command /${name}.${hint} /help lists them; // begins a message with a slash.`
}

// ---- talking

async function open(client: Client, rest: string): Promise<void> {
  await openConversation(client, client.friends.find(needed(rest, '/open NAME')))
}

async function recall(client: Client): Promise<void> {
  const friend = opened(client)
  const recent = await client.peer.messages({ peer: friend.peer, limit: 100 })
  const queued = recent.findLast((message) => message.direction === 'out' && message.state === 'queued')
  if (queued === undefined) {
    throw new QuorumError('not-found', 'Nothing is queued any more: what has left cannot be taken back.')
  }
  const recalled = await client.peer.recallMessage({ message: queued.id })
  const block = messageBlock(client.screen.look, recalled, '')
  if (!client.screen.replace(recalled.id, block)) say(client, 'Taken back.', 'dim')
}

async function search(client: Client, rest: string): Promise<void> {
  const { screen, friends } = client
  const messages = await client.peer.search({ text: needed(rest, '/search TEXT'), limit: found })
  if (messages.length === 0) say(client, 'Nothing found.', 'dim')
  let under = ''
  for (const message of messages.toReversed()) {
    const label = friends.label(message.peer)
    const heading = `──── ${label}, ${dayOf(message.sentAt)} ────`
    if (heading !== under) screen.print(paint(screen.look, 'dim', heading))
    under = heading
    screen.print(messageBlock(screen.look, message, label))
  }
}

// ---- the rest

async function connection(client: Client, rest: string): Promise<void> {
  const friend = rest === '' ? opened(client) : client.friends.find(rest)
  client.screen.print(connectionLines(client.screen.look, await client.peer.connection({ peer: friend.peer })))
}

async function name(client: Client, rest: string): Promise<void> {
  const self = await (rest === '' ? client.peer.self() : client.peer.setProfile({ name: cleanLine(rest) }))
  const handleNote = self.handle === undefined ? '' : ` (@${cleanLine(self.handle)})`
  say(client, `You are ${cleanLine(self.name)}${handleNote}.`)
  client.screen.print(paint(client.screen.look, 'dim', `  PeerId ${self.peer}`))
}

async function handle(client: Client, rest: string): Promise<void> {
  const self = await client.peer.setProfile({ handle: rest })
  say(client, self.handle === undefined ? 'You have no handle.' : `Your handle is ${cleanLine(self.handle)}.`)
}

function help(client: Client): void {
  const { screen } = client
  const { columns } = screen.look
  const lines = [
    wrap(
      'Type to talk; a line that begins with / is a command. Tab completes, the arrows bring old lines back.',
      columns,
      '',
    ),
  ]
  for (const group of groups) {
    lines.push('', paint(screen.look, 'bold', group))
    for (const command of commands.filter((each) => each.group === group)) {
      const left = pad(`  /${command.name} ${command.usage}`, 26)
      const gap = left.endsWith(' ') ? '' : '  '
      lines.push(wrap(left + gap + command.help, columns, ' '.repeat(26)))
    }
  }
  lines.push('', 'Marks: … queued here   ✓ sent   ✓✓ on their disk   ✓✓ read')
  screen.print(lines.join('\n'))
}

function quit(client: Client): void {
  client.leaving = true
}
