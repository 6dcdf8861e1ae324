/** Short notices at the bottom of the window, and the actions whose errors become one. */
import { errorText, store } from './state.ts'
import type { Toast } from './state.ts'

/** Milliseconds for which a toast is shown. */
const shownFor = 5000
/** The same for a toast with a button: a person must read it, reach the button and press it. */
const shownWithActionFor = 20_000

let nextId = 1

/** Runs `work`; shows its error as a toast. Returns whether there was none. */
export async function attempt(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work()
    return true
  } catch (error) {
    toast(errorText(error), 'bad')
    return false
  }
}

export function toast(text: string, tone: 'calm' | 'bad' = 'calm', action?: Toast['action']): void {
  const id = nextId
  nextId += 1
  const added: Toast = { id, text, tone, ...(action === undefined ? {} : { action }) }
  // The same once more takes the place of the earlier one.
  const others = store.get().toasts.filter((one) => one.text !== text || one.tone !== tone)
  store.set({ toasts: [...others.slice(-2), added] })
  setTimeout(() => dismiss(id), action === undefined ? shownFor : shownWithActionFor)
}

function dismiss(id: number): void {
  store.set((state) => ({ toasts: state.toasts.filter((one) => one.id !== id) }))
}
