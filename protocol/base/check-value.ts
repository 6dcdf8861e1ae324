/** Checks what a caller of the library passes, and says in one line what is wrong with it. */
import { z } from 'zod'
import { QuorumError } from './errors.ts'

/**
 * Options whose fields are those of `shape`; all but `required` may be absent or undefined. An unknown one is refused:
 * a misspelt option must not be ignored, least of all one that hides an address. Errors: `bad-request`.
 */
export function checkOptions(call: string, shape: z.ZodRawShape, required: readonly string[], options: object): void {
  // Without types, anything may be passed.
  if (typeof options !== 'object' || options === null) throw new QuorumError('bad-request', `${call}: it needs options`)
  const needed = Object.fromEntries(required.map((name) => [name, true as const]))
  const schema = z.strictObject(shape).partial().required(needed)
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  const { error } = schema.safeParse(Object.fromEntries(given))
  if (error !== undefined) throw new QuorumError('bad-request', issueText(call, error))
}

/** What is wrong with the parameters of `call`. */
export function issueText(call: string, { issues }: z.ZodError): string {
  const [issue] = issues
  const where = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.join('.')}: `
  return `${call}: ${where}${issue?.message ?? 'it does not fit'}`
}

/** An object with a method of that name. */
export function withMethod(name: string, otherwise: string): z.ZodType {
  const has = (value: unknown): boolean =>
    typeof value === 'object' && value !== null && typeof Reflect.get(value, name) === 'function'
  return z.custom(has, otherwise)
}

export const callback = z.custom((value) => typeof value === 'function', 'it is no function')
