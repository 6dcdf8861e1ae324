/** Loaded before a program whose memory is measured (process-samples.ts): writes at each SIGUSR2 what is in use. */
import fs from 'node:fs'
import v8 from 'node:v8'
import { collect } from './collect.ts'

const file = process.env.IN_USE_FILE ?? ''
/** Compiled code, of which there is more the more often a function ran, and no more than the program has functions. */
const code = /code|trusted/

process.on('SIGUSR2', () => void collect().then(write))

function write(): void {
  const objects = v8
    .getHeapSpaceStatistics()
    .filter(({ space_name: name }) => !code.test(name))
    .reduce((sum, { space_used_size: used }) => sum + used, 0)
  fs.appendFileSync(file, `${JSON.stringify({ at: Date.now(), bytes: objects + process.memoryUsage().external })}\n`)
}
