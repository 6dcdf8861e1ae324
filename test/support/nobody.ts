/** This process as a user who may not read everything: root may, whatever the permissions say. */
import fs from 'node:fs'
import path from 'node:path'
import type { TestContext } from 'node:test'
import { undo } from './cleanup.ts'

/** The user `nobody` of Debian. */
const nobody = 65_534

/** Until the test ends. Changes the owner of `around` and of everything below it. */
export function becomeNobody(t: TestContext, around: string): void {
  if (process.geteuid?.() !== 0) return
  for (const name of ['', ...fs.readdirSync(around, { recursive: true, encoding: 'utf8' })]) {
    fs.lchownSync(path.join(around, name), nobody, nobody)
  }
  process.seteuid?.(nobody)
  undo(t).defer(() => process.seteuid?.(0))
}
