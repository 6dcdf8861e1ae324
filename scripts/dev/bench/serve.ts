/** The child's side of the IPC channel: serves a table of commands, and ends the process when the parent is gone. */
import { errorToData } from '#protocol'

/** Parameters and results are values that the IPC channel can carry. */
export type CommandTable = Record<string, (params: never) => Promise<unknown>>

export interface Command {
  id: number
  name: string
  params: unknown
}
export type Answer = { id: number; result: unknown } | { id: number; error: string }

export function serve(commands: CommandTable): void {
  const answer = (value: Answer): void => void process.send?.(value)
  process.on('message', ({ id, name, params }: Command) => {
    const command = commands[name] as ((params: unknown) => Promise<unknown>) | undefined
    const result = command === undefined ? Promise.reject(new Error(`No such command: ${name}`)) : command(params)
    result.then(
      (value) => answer({ id, result: value }),
      (error: unknown) => answer({ id, error: errorToData(error).message }),
    )
  })
  process.on('disconnect', () => process.exit())
}
