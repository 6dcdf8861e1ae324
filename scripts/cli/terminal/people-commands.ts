/** Commands about people: invite, add, remove, block, take more of, verify. Answers are in answer-commands.ts. */
import { QuorumError, splitNote } from '#protocol'
import type { Friend } from '#protocol'
import { renderUnicodeCompact } from 'uqr'
import { say, showPrompt } from './client.ts'
import type { Client } from './client.ts'
import { useOwnNode } from './node-command.ts'
import { needed } from './typed-line.ts'
import { heldLine, paint, safetyLines } from './view.ts'

/** Rows that /invite prints below the QR code: a link of several rows, the code, and what to do. */
const rowsBelowPicture = 12

export async function invite(client: Client, rest: string): Promise<void> {
  if (rest !== '' && rest !== 'once') throw new QuorumError('bad-request', 'Usage: /invite or /invite once')
  const { screen } = client
  await useOwnNode(client)
  const { link, code } = await client.peer.invite({ once: rest === 'once' })
  const picture = renderUnicodeCompact(link, { ecc: 'L', border: 1 }).split('\n')
  const width = picture[0]?.length ?? 0
  if (!screen.terminal) {
    screen.print(`link: ${link}\ncode: ${code}`)
    return
  }
  const fits = width < screen.look.columns && picture.length + rowsBelowPicture < screen.rows
  if (fits) {
    // White on black, whatever the colours of the terminal: a camera needs the dark squares dark.
    screen.print(picture.map((row) => (screen.look.color ? `\u001b[97;40m${row}\u001b[0m` : row)).join('\n'))
  }
  // Not wrapped: a link with line breaks cannot be copied.
  screen.print(`${link}\n${paint(screen.look, 'dim', 'or read aloud:')} ${paint(screen.look, 'bold', code)}`)
  const recipient = rest === 'once' ? 'one friend' : 'friends'
  say(
    client,
    `Give the link to ${recipient} over a channel you trust. They paste it into Quorum, then you type /accept.`,
    'dim',
  )
  if (!fits) {
    const rows = picture.length + rowsBelowPicture + 1
    say(client, `In a terminal of ${width + 1} columns and ${rows} rows it is shown as a QR code, too.`, 'dim')
  }
}

export async function add(client: Client, rest: string): Promise<void> {
  const { to, note } = splitNote(rest)
  if (to === '')
    throw new QuorumError('bad-request', 'Usage: /add LINK (or a code, handle or PeerId), then a note if you like')
  const before = new Map(client.friends.all().map(({ peer, state }) => [peer, state]))
  const friend = await client.peer.requestFriend(note === '' ? { to } : { to, note })
  client.friends.put(friend)
  const label = client.friends.label(friend.peer)
  say(client, askedLine(friend, label, before.get(friend.peer)), friend.askedAt === undefined ? 'green' : undefined)
}

/** What the request has done. `before`: their state until then; undefined: nobody who is listed. */
function askedLine({ state, askedAt }: Friend, label: string, before: Friend['state'] | undefined): string {
  const later = 'You are told when they accept, even if one of you is offline until then.'
  if (state !== 'friend') return `Asked ${label}. ${later}`
  if (askedAt !== undefined) {
    return `You and ${label} are friends, but not connected. Asked again, in case they removed you. ${later}`
  }
  const now = before === 'friend' ? `You and ${label} are friends already.` : `${label} is your friend.`
  return `${now} /open ${label} to talk.`
}

export async function remove(client: Client, rest: string): Promise<void> {
  const friend = client.friends.find(needed(rest, '/remove NAME'))
  const label = client.friends.label(friend.peer)
  client.friends.put(await client.peer.removeFriend({ peer: friend.peer }))
  leave(client, friend)
  say(client, `${label} is no longer a friend. They are not told. ${howToAsk(friend)}`)
}

export async function block(client: Client, rest: string): Promise<void> {
  const friend = client.friends.find(needed(rest, '/block NAME'))
  const label = client.friends.label(friend.peer)
  client.friends.put(await client.peer.blockPeer({ peer: friend.peer }))
  leave(client, friend)
  say(client, `${label} is blocked. /unblock ${label} undoes that.`)
}

export async function unblock(client: Client, rest: string): Promise<void> {
  const friend = client.friends.find(needed(rest, '/unblock NAME'))
  const unblocked = await client.peer.unblockPeer({ peer: friend.peer })
  client.friends.put(unblocked)
  const label = client.friends.label(friend.peer)
  const hints: Partial<Record<Friend['state'], string>> = {
    friend: 'You are friends, as before.',
    incoming: `They still wait for your answer: /accept ${label} or /decline ${label}`,
  }
  say(client, `${label} is no longer blocked. ${hints[unblocked.state] ?? howToAsk(friend)}`)
}

function howToAsk({ peer }: Friend): string {
  return `To ask them: /add ${peer}`
}

export async function more(client: Client, rest: string): Promise<void> {
  const friend = client.friends.find(needed(rest, '/more NAME'))
  const label = client.friends.label(friend.peer)
  if (friend.held === undefined) return say(client, `Nothing of ${label} waits.`)
  const { held } = await client.peer.receiveMore({ peer: friend.peer })
  if (held === undefined) say(client, `What ${label} wrote comes now.`)
  // Another reason was said when it changed.
  else if (held === friend.held) say(client, heldLine(held, label), 'yellow')
}

export async function verify(client: Client, rest: string): Promise<void> {
  const answer = rest.toLowerCase()
  const friend = answer === '' || answer === 'yes' || answer === 'no' ? opened(client) : client.friends.find(rest)
  const label = client.friends.label(friend.peer)
  if (answer === 'yes' || answer === 'no') {
    client.friends.put(await client.peer.verifyFriend({ peer: friend.peer, verified: answer === 'yes' }))
    say(client, answer === 'yes' ? `${label} is verified.` : `${label} is not verified.`)
    return
  }
  const safety = await client.peer.safetyNumber({ peer: friend.peer })
  client.screen.print(safetyLines(client.screen.look, safety))
  say(
    client,
    `Compare these digits with ${label}, face to face or on the phone. If they are the same on both sides: /verify yes`,
    'dim',
  )
}

/** The friend whose conversation is open. Errors: `bad-request`. */
export function opened(client: Client): Friend {
  const friend = client.current === undefined ? undefined : client.friends.get(client.current)
  if (client.groups.get(client.current) !== undefined)
    throw new QuorumError('bad-request', 'This is a group, and that is for one friend: /open NAME first')
  if (friend === undefined) throw new QuorumError('bad-request', 'Open a conversation first: /open NAME')
  return friend
}

function leave(client: Client, friend: Friend): void {
  if (client.current === friend.peer) client.current = undefined
  showPrompt(client)
}
