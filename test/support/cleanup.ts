/**
 * What a test started is ended with it, last first, unlike `t.after`: peers leave before their node, processes before
 * their folders.
 */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { TestContext } from 'node:test'

const stacks = new WeakMap<TestContext, AsyncDisposableStack>()

/** The undoing of everything that `t` did: `undo(t).defer(() => …)`. */
export function undo(t: TestContext): AsyncDisposableStack {
  const known = stacks.get(t)
  if (known != null) return known
  const stack = new AsyncDisposableStack()
  stacks.set(t, stack)
  t.after(() => stack.disposeAsync())
  return stack
}

/** A folder of its own for `t`. */
export function folder(t: TestContext): string {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), 'quorum-'))
  undo(t).defer(() => fs.rmSync(made, { recursive: true, force: true }))
  return made
}

/** For what wants to be cleaned up by `owner.after`: in the order of `undo`. */
export function stageOwner(t: TestContext): { after(work: () => Promise<void>): void } {
  return { after: (work) => undo(t).defer(work) }
}
