import type { State } from './state.ts'

/** The person looks at the conversation with `peer`: it is open, nothing covers it, and the window has the focus. */
export function isReading({ open, view }: Pick<State, 'open' | 'view'>, peer: string): boolean {
  return open === peer && view.kind === 'conversation' && document.hasFocus()
}
