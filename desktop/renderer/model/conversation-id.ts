/** A conversation is known by the PeerId of the friend or by the id of the group, which never look the same. Pure. */
import type { Message } from '#protocol'

const groupId = /^[0-9a-f]{64}$/u

/** With whom a call is about, as the peer takes it. */
export function addressOf(conversation: string): { group: string } | { peer: string } {
  return isGroup(conversation) ? { group: conversation } : { peer: conversation }
}

export function isGroup(conversation: string): boolean {
  return groupId.test(conversation)
}

export function conversationOf({ peer, group }: Pick<Message, 'peer' | 'group'>): string {
  return group ?? peer
}
