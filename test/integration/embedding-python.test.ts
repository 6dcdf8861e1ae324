/** The client in Python of docs/embedding.md, run unchanged: it talks with a peer in the test. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { root } from '../../scripts/dev/checks.ts'
import { onPath } from '../../scripts/dev/system-packages.ts'
import { folder, undo } from '../support/cleanup.ts'
import { loopback, startPeer, until } from '../support/network.ts'

const document = readFileSync(join(root, 'docs', 'embedding.md'), 'utf8')
const bot = /^```python\n([^]*?)^```$/mu.exec(document)?.[1] ?? assert.fail('there is no client in Python')
const needsPython = { skip: onPath('python3') ? false : 'NOT RUN: there is no python3' }

test('the echo bot in Python of docs/embedding.md answers a friend, and survives a restart', needsPython, async (t) => {
  const place = folder(t)
  writeFileSync(join(place, 'bot.py'), bot)
  // `quorum`, as an installed package has it on PATH.
  const command = `#!/bin/sh\nexec '${process.execPath}' '${join(root, 'scripts', 'quorum.mjs')}' "$@"\n`
  writeFileSync(join(place, 'quorum'), command)
  chmodSync(join(place, 'quorum'), 0o755)
  const start = async () => {
    const child = spawn('python3', ['bot.py', '--listen', loopback], {
      cwd: place,
      env: { ...process.env, PATH: `${place}${delimiter}${process.env['PATH']}` },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const ended = once(child, 'close')
    undo(t).defer(async () => {
      child.kill('SIGKILL')
      await ended
    })
    const link = await Promise.race([once(createInterface({ input: child.stdout }), 'line'), ended])
    return { child, ended, link: String(link[0]) }
  }
  const first = await start()
  const peer = await startPeer(t, { name: 'Ann' })
  const { peer: id } = await peer.requestFriend({ to: first.link })
  const echoed = async (text: string): Promise<void> => {
    const sent = await peer.sendMessage({ peer: id, text })
    await until(
      async () => (await peer.messages({ peer: id })).some((one) => one.replyTo === sent.id && one.text === text),
      'it is sent back',
    )
  }
  const friends = async (): Promise<boolean> => (await peer.friends())[0]?.state === 'friend'
  await until(friends, 'the bot accepts')
  await echoed('Grüße, 世界 🌍\nsecond line')

  first.child.kill('SIGKILL')
  await first.ended
  await until(async () => (await peer.friends())[0]?.online === false, 'the bot is gone')
  // Until the process of the killed bot has closed the profile, no other can open it.
  await until(async () => (await start()).link.startsWith('quorum:'), 'the bot has started')
  await until(async () => (await peer.friends())[0]?.online === true, 'the bot is back')
  await echoed('again')
})
