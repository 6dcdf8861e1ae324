/** Who is writing in a conversation. */
import { isolate } from '../../text/foreign.ts'
import { authorName } from '../model/group-display.ts'
import { useApp, useText } from '../state/state.ts'

/** In one sentence; empty if nobody is. */
export function useTyping(conversation: string): string {
  const text = useText()
  return useApp((state) => {
    const typing = state.typing.get(conversation) ?? []
    const [one, other] = typing.map((peer) => isolate(authorName(state, conversation, peer)))
    if (one === undefined) return ''
    if (typing.length > 2) return text.group.typingMany(typing.length)
    return other === undefined ? text.conversation.typing(one) : text.group.typingTwo(one, other)
  })
}

export function TypingLine({ conversation }: { conversation: string }) {
  return (
    <p className="typing-line" aria-live="polite">
      {useTyping(conversation)}
    </p>
  )
}
