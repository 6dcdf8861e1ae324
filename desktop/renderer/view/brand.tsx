/** The logo of Quorum, three connected dots, and its name. */
import { useText } from '../state/state.ts'

function Logo({ size = 24 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" fill="none" aria-hidden="true">
      <path d="M12 6.5 6.5 16.5h11z" stroke="currentColor" strokeWidth="2" strokeLinejoin="round" />
      <circle cx="12" cy="5.5" r="3.5" fill="currentColor" />
      <circle cx="5.5" cy="17" r="3.5" fill="currentColor" />
      <circle cx="18.5" cy="17" r="3.5" fill="currentColor" />
    </svg>
  )
}

export function Brand({ steps }: { steps?: string }) {
  const { appName } = useText()
  return (
    <div className="brand">
      <Logo />
      <strong>{appName}</strong>
      {steps !== undefined && <span className="steps">{steps}</span>}
    </div>
  )
}
