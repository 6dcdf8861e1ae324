/** After a lock no process of the window has a key or the passphrase in its memory (docs/threats.md 70). */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { createPeer, openSqliteStore } from '../../protocol/index.ts'
import { readKeyFile, unguardKey } from '../../protocol/store/key.ts'
import { folder } from '../support/cleanup.ts'
import { endDisplay } from '../support/display.ts'
import { needsMemory, occurrences, processTree, roleOf } from '../support/memory-scan.ts'
import { answerQuestions } from '../support/questions.ts'
import { until } from '../support/until.ts'
import { openWindow } from '../support/window.ts'
import type { Window } from '../support/window.ts'

after(endDisplay)

const passphrase = 'correct horse battery staple 8472'
const nextPassphrase = 'another horse, another staple 55'
/** So many characters are found by chance nowhere. */
const telling = 12

test('63: no process has a key or a passphrase after locking and after a new passphrase', needsMemory, async (t) => {
  const profile = join(folder(t), 'ada')
  const secrets = await guardedProfile(profile)
  const window = await openWindow(t, { profile })
  const { page } = window

  await unlock(window, passphrase)
  const open = found(window, secrets)
  t.diagnostic(`while open: ${describe(open)}`)
  for (const secret of ['seed', 'dataKey', 'sealing']) {
    assert.ok(
      open.some(({ role, counts }) => role === 'peer' && (counts[secret] ?? 0) > 0),
      `the search finds what is there: ${secret}`,
    )
  }
  await privacySettings(window)
  await page.getByRole('button', { name: 'Lock now' }).click()
  await nothingLeft(window, secrets)

  await unlock(window, passphrase)
  await privacySettings(window)
  for (const [label, value] of [
    ['Current passphrase', passphrase],
    ['New passphrase', nextPassphrase],
    ['Repeat new passphrase', nextPassphrase],
  ] as const) {
    await page.getByLabel(label, { exact: true }).click()
    await page.keyboard.type(value)
  }
  await answerQuestions(window, 'Use passphrase')
  await page.getByRole('button', { name: 'Change passphrase' }).click()
  await nothingLeft(window, secrets)
  await unlock(window, nextPassphrase)
  assert.deepEqual(window.complaints, [])
})

async function unlock({ page }: Window, secret: string): Promise<void> {
  await page.getByRole('heading', { name: 'Quorum is locked' }).waitFor()
  await page.getByLabel('Passphrase').click()
  // One key at a time, as a person types: the driver's `fill` would send the whole text through the main process.
  await page.keyboard.type(secret)
  await page.keyboard.press('Enter')
  await page.getByRole('navigation').waitFor()
}

async function privacySettings({ page }: Window): Promise<void> {
  await page.keyboard.press('Control+,')
  await page.getByRole('button', { name: 'Privacy' }).click()
}

/** The window is locked, and the processes that had the secrets have ended. */
async function nothingLeft(window: Window, secrets: Secrets): Promise<void> {
  await window.page.getByRole('heading', { name: 'Quorum is locked' }).waitFor()
  let left = found(window, secrets)
  const clean = (): boolean => left.every(({ counts }) => Object.values(counts).every((count) => count === 0))
  await until(
    () => {
      if (!clean()) left = found(window, secrets)
      return clean()
    },
    () => `nothing is left: ${describe(left)}`,
  )
}

type Secrets = Record<string, Buffer>
type Found = { role: string; counts: Record<string, number> }[]

function found({ app }: Window, secrets: Secrets): Found {
  const main = app.process().pid ?? assert.fail('the program does not run')
  return processTree(main).map((pid) => ({ role: roleOf(pid), counts: occurrences(pid, secrets) }))
}

function describe(all: Found): string {
  const lines = all.map(({ role, counts }) => {
    const some = Object.entries(counts).filter(([, count]) => count > 0)
    return `${role}: ${some.map(([name, count]) => `${name} ${count}`).join(', ') || 'nothing'}`
  })
  return lines.join('; ')
}

/** Creates a profile as the window does, and returns its secrets in every form in which they may be in memory. */
async function guardedProfile(directory: string): Promise<Secrets> {
  const first = await openSqliteStore({ directory, passphrase })
  const node = '/ip4/127.0.0.1/tcp/9/p2p/12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp'
  const peer = await createPeer({ store: first, name: 'Ada', nodes: [], listen: [] })
  // With a node and a name the first run is over; an invite makes the sealing key.
  await peer.addNode({ address: node })
  await peer.invite({})
  await peer.stop()
  const store = await openSqliteStore({ directory, passphrase })
  const seed = Buffer.from(store.setting('seed') ?? assert.fail('there is no seed'))
  const { secretKey, hybrid } = store.sealingKeys()[0] ?? assert.fail('there is no sealing key')
  const hybridSeed = Buffer.from(hybrid?.seed ?? assert.fail('it has no hybrid half'))
  store.close()
  const file = readKeyFile(join(directory, 'store.key')) ?? assert.fail('there is no key file')
  const dataKey = await unguardKey(file, passphrase)
  return {
    seed,
    'seed as text': Buffer.from(seed.toString('base64url')),
    sealing: Buffer.from(secretKey),
    'hybrid sealing': hybridSeed,
    dataKey,
    passphrase: Buffer.from(passphrase),
    'next passphrase': Buffer.from(nextPassphrase),
    // Chromium has the text of a field in UTF-16, at every change: already the beginning would tell.
    'begin of the passphrase in UTF-16': Buffer.from(passphrase.slice(0, telling), 'utf16le'),
    'begin of the next passphrase in UTF-16': Buffer.from(nextPassphrase.slice(0, telling), 'utf16le'),
  }
}
