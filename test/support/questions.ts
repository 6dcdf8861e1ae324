/** Answers the questions that the main process asks the person, and remembers them. */
import { until } from './until.ts'
import type { Window } from './window.ts'

export interface Asked {
  message: string
  detail: string
  buttons: string[]
  defaultId: number
  cancelId: number
}

/**
 * From now on, `answer` is chosen in each dialog that has such a button; Cancel in every other one. Returns the dialogs
 * since then.
 */
export async function answerQuestions({ app }: Pick<Window, 'app'>, answer: string): Promise<() => Promise<Asked[]>> {
  await app.evaluate(({ dialog }, action) => {
    const asked: Asked[] = []
    Object.assign(globalThis, { asked })
    dialog.showMessageBox = (...given: unknown[]) => {
      const options = given.at(-1) as Omit<Asked, 'buttons'> & { buttons?: string[] }
      // A dialog that only tells something has no buttons of its own.
      const { message, detail, buttons = [], defaultId, cancelId } = options
      asked.push({ message, detail, buttons, defaultId, cancelId })
      const response = buttons.includes(action) ? buttons.indexOf(action) : cancelId
      return Promise.resolve({ response, checkboxChecked: false })
    }
  }, answer)
  return () => app.evaluate(() => (globalThis as unknown as { asked: Asked[] }).asked)
}

/** Waits until this was asked, once. */
export async function askedOnce(asked: () => Promise<Asked[]>, message: string): Promise<Asked> {
  let found: Asked[] = []
  await until(async () => {
    found = (await asked()).filter((one) => one.message === message)
    return found.length > 0
  }, `"${message}" is asked`)
  const [first] = found
  if (first === undefined || found.length > 1) throw new Error(`"${message}" was asked ${found.length} times`)
  return first
}

/** From now on, the system's dialogs for files are answered with these paths, in order; an empty one cancels. */
export async function answerDialogs({ app }: Pick<Window, 'app'>, answers: string[]): Promise<void> {
  await app.evaluate(({ dialog }, given) => {
    const left = [...given]
    const next = (): string => left.shift() ?? ''
    Object.assign(dialog, {
      showSaveDialog: async () => {
        const filePath = next()
        return { canceled: filePath === '', filePath }
      },
      showOpenDialog: async () => {
        const file = next()
        return { canceled: file === '', filePaths: file === '' ? [] : [file] }
      },
    })
  }, answers)
}
