/**
 * A process that restores a backup in a folder, or opens the profile there, and kills itself with -9 before the
 * n-th step: arguments are the folder, the file, its words, and n. A step is a call that changes a file, of Node or of
 * the database. Prints how many steps there were, if it ends.
 */
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
// Without the network, which takes most of the time that such a process needs; loaded before steps are counted.
import { Database } from '../../protocol/store/database.ts'
import { restoreStore } from '../../protocol/store/restore.ts'
import { openSqliteStore } from '../../protocol/store/sqlite.ts'

const [directory = '', path = '', words = '', last = ''] = process.argv.slice(2)
let steps = 0

/** Makes each call of these methods a step. */
function count(target: object, names: readonly string[]): void {
  for (const name of names) {
    const original = Reflect.get(target, name) as (...args: unknown[]) => unknown
    const counted = function (this: unknown, ...args: unknown[]): unknown {
      steps += 1
      if (steps === Number(last)) process.kill(process.pid, 'SIGKILL')
      return Reflect.apply(original, this, args)
    }
    Reflect.set(target, name, counted)
  }
}

const handle = await fs.promises.open(path, 'r')
count(Object.getPrototypeOf(handle) as object, ['appendFile', 'sync'])
await handle.close()
count(fs, ['mkdirSync', 'openSync', 'writeFileSync', 'writeSync', 'fsyncSync', 'renameSync', 'rmSync', 'rmdirSync'])
syncBuiltinESMExports()
count(Database.prototype, ['run', 'exec', 'rekey', 'close'])

if (words === '') {
  const store = await openSqliteStore({ directory })
  store.close()
} else {
  await restoreStore({ directory, path, secret: { words }, replace: true })
}
process.stdout.write(`${steps}\n`)
