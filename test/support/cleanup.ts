/**
 * Cleanup at the end of a test, in reverse order unlike `t.after`: peers stop before their node, processes before their
 * folders are removed.
 */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { TestContext } from 'node:test'

const stacks = new WeakMap<TestContext, AsyncDisposableStack>()

/** The cleanup of `t`: `undo(t).defer(() => …)`. */
export function undo(t: TestContext): AsyncDisposableStack {
  const known = stacks.get(t)
  if (known != null) return known
  const stack = new AsyncDisposableStack()
  stacks.set(t, stack)
  t.after(() => stack.disposeAsync())
  return stack
}

/** A temporary folder for `t`. */
export function folder(t: TestContext): string {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), 'quorum-'))
  undo(t).defer(() => fs.rmSync(made, { recursive: true, force: true }))
  return made
}

/** For code that registers its cleanup with `owner.after`: runs it in the order of `undo`. */
export function stageOwner(t: TestContext): { after(work: () => Promise<void>): void } {
  return { after: (work) => undo(t).defer(work) }
}
