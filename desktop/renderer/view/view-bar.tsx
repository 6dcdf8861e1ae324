/** The bar above a view that takes the place of the conversation: its title, and the way back. */
import { X } from 'lucide-react'
import { openView } from '../state/actions.ts'
import { useText } from '../state/state.ts'
import { IconButton } from './controls.tsx'

export function ViewBar({ title }: { title: string }) {
  const { common } = useText()
  return (
    <header className="bar">
      <h2 className="who">{title}</h2>
      <IconButton label={common.close} onClick={() => openView({ kind: 'conversation' })}>
        <X size={20} />
      </IconButton>
    </header>
  )
}
