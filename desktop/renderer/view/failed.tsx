/** The profile does not open: why, in words, and what there is to do. */
import { TriangleAlert } from 'lucide-react'
import type { ErrorData } from '#protocol'
import { callShell } from '../state/clients.ts'
import { attempt } from '../state/actions.ts'
import { errorText, useText } from '../state/state.ts'

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
          <button type="button" className="button" onClick={() => void attempt(() => callShell('quit'))}>
            {common.quit}
          </button>
        </div>
      </div>
    </main>
  )
}
