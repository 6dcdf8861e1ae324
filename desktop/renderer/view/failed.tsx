/** The profile does not open: the reason, and the button to quit. */
import { TriangleAlert } from 'lucide-react'
import type { ErrorData } from '#protocol'
import { callMain } from '../state/clients.ts'
import { errorText, useText } from '../state/state.ts'
import { attempt } from '../state/toasts.ts'

export function Failed({ error }: { error: ErrorData }) {
  const { failed, common } = useText()
  return (
    <main className="page">
      <div className="card" role="alert">
        <header>
          <h1>{failed.title}</h1>
          <p>{failed.intro}</p>
        </header>
        <p className="notice bad">
          <TriangleAlert size={20} aria-hidden="true" />
          <span>{errorText(error)}</span>
        </p>
        <div className="buttons end">
          <button type="button" className="button" onClick={() => void attempt(() => callMain('quit'))}>
            {common.quit}
          </button>
        </div>
      </div>
    </main>
  )
}
