/** The state of an own message as a symbol, with words in the tooltip and for screen readers. */
import { Check, CheckCheck, Clock } from 'lucide-react'
import type { Message } from '#protocol'
import { useText } from '../state/state.ts'

/** `words`: what no symbol says is written beside it. */
export function StateMark({ message, words = false }: { message: Message; words?: boolean }) {
  const { states, shortStates, left } = useText().message
  const { state } = message
  if (message.direction === 'in' || state === 'recalled') return null
  if (message.leftAt !== undefined) {
    return (
      <span className="mark sent" title={left.title} role="img" aria-label={left.short}>
        <Check size={14} />
        {words && left.short}
      </span>
    )
  }
  return (
    <span className={`mark ${state}`} title={states[state]} role="img" aria-label={shortStates[state]}>
      {state === 'queued' && <Clock size={13} />}
      {state === 'sent' && <Check size={14} />}
      {state === 'delivered' && <CheckCheck size={15} />}
      {state === 'read' && <CheckCheck size={13} strokeWidth={2.75} />}
    </span>
  )
}
