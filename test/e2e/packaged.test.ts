/**
 * Hostile 60, and Quorum as people install it: the content of the package, the protection of the program against
 * misuse, and a first conversation with it.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chownSync,
  existsSync,
  globSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { FuseState, FuseV1Options, getCurrentFuseWire } from '@electron/fuses'
import { importBackup, version } from '#protocol'
import { execute } from '../../scripts/dev/checks.ts'
import { libraryPackages } from '../../scripts/dev/system-packages.ts'
import { archived } from '../support/archive.ts'
import { folder } from '../support/cleanup.ts'
import { display, endDisplay } from '../support/display.ts'
import { firstConversation } from '../support/first-conversation.ts'
import { until } from '../support/network.ts'
import { introduce } from '../support/people-at-windows.ts'
import { answerDialogs } from '../support/questions.ts'
import { dist, makePackage, noPackage, removePackage } from '../support/package.ts'
import { openWindow } from '../support/window.ts'

after(endDisplay)
after(removePackage)

/** Debian's unprivileged user. Chromium has no sandbox for root: tests run by root start the program as this user. */
const nobody = { uid: 65_534, gid: 65_534 }

/** The program as it is shipped, in its sandbox, with a new profile; it ends when its standard input does. */
async function startShipped(program: string, home: string, args: readonly string[], env: NodeJS.ProcessEnv) {
  const { NODE_TEST_CONTEXT: _outer, ...own } = process.env
  const asRoot = process.getuid?.() === 0
  if (asRoot) chownSync(home, nobody.uid, nobody.gid)
  const child = spawn(program, ['--profile', join(home, 'me'), ...args], {
    // Where this user may write, whatever the mode of the machine's own folder is.
    env: { ...own, HOME: home, TMPDIR: home, DISPLAY: await display(), QUORUM_TETHER: 'stdin', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(asRoot ? nobody : {}),
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (said += text))
  const ended = once(child, 'close')
  return {
    said: () => said,
    running: () => child.exitCode === null && child.signalCode === null,
    end: async () => {
      child.stdin.end()
      await ended
      return child.exitCode
    },
  }
}

test('npm run dist prints its usage, and refuses unknown arguments', async () => {
  const [help, unknown] = await Promise.all([dist(['--help']), dist(['--fast'])])
  assert.ok(help.ok)
  for (const word of ['Usage: npm run dist', '--unofficial', '--out', 'release/']) assert.ok(help.output.includes(word))
  assert.equal(unknown.ok, false)
  assert.match(unknown.output, /--fast/u)
})

test('no release is made with an unverified Electron', { skip: noPackage }, async (t) => {
  const out = join(folder(t), 'release')
  const electron = join(folder(t), 'electron')
  writeFileSync(electron, '', { mode: 0o755 })
  const { ok, output } = await dist(['--out', out], { QUORUM_ELECTRON: electron })
  assert.equal(ok, false)
  assert.match(output, /^No release is made of this Electron, which nobody verified/u)
  assert.equal(existsSync(out), false)
})

test('the Debian package states its purpose, its needs, and that it is unofficial', { skip: noPackage }, async () => {
  const { deb } = await makePackage()
  const { output } = await execute('dpkg-deb', ['--field', deb])
  const fields = Object.fromEntries(
    [...output.matchAll(/^([\w-]+): (.*(?:\n .*)*)$/gmu)].map(([, name = '', value = '']) => [name, value]),
  )
  assert.equal(fields['Package'], 'quorum-desktop')
  assert.equal(fields['Version'], `${version}~unofficial`)
  assert.match(deb, /_[\d.]+~unofficial_\w+\.deb$/u)
  assert.match(fields['Description'] ?? '', /^NOT FOR RELEASE/u)
  const needs = (fields['Depends'] ?? '').split(', ')
  for (const name of [...libraryPackages, 'libsecret-1-0', 'libnotify4']) assert.ok(needs.includes(name), name)
  assert.match(needs[0] ?? '', /^libc6 \(>= 2\.\d\d\)$/u)
})

test('the Debian package installs into its own folders for all users, owned by root', { skip: noPackage }, async () => {
  const { deb, tree } = await makePackage()
  const { output } = await execute('dpkg-deb', ['--contents', deb])
  const entries = output
    .trim()
    .split('\n')
    .map((line) => {
      const [, mode = '', owner = '', path = ''] =
        /^(\S{10}) (\S+) +\S+ +\S+ \S+ \.\/(.*)$/u.exec(line) ?? assert.fail(line)
      return { mode, owner, path }
    })
  assert.deepEqual(new Set(entries.map(({ owner }) => owner)), new Set(['root/root']))
  const files = entries.filter(({ mode, path }) => !mode.startsWith('d') && !path.startsWith('opt/Quorum/'))
  assert.deepEqual(
    new Set(files.map(({ path }) => path)),
    new Set([
      'usr/bin/quorum-desktop -> ../../opt/Quorum/quorum',
      'usr/share/applications/quorum-desktop.desktop',
      'usr/share/doc/quorum-desktop/copyright',
      'usr/share/icons/hicolor/512x512/apps/quorum-desktop.png',
      'usr/share/icons/hicolor/scalable/apps/quorum-desktop.svg',
    ]),
  )
  const special = entries.filter(({ mode }) => !/^(?:d|-|l)(?:rwxr-xr-x|rw-r--r--|rwxrwxrwx)$/u.test(mode))
  assert.deepEqual(special, [{ mode: '-rwsr-xr-x', owner: 'root/root', path: 'opt/Quorum/chrome-sandbox' }])
  assert.ok(existsSync(join(tree, 'usr/bin', readlinkSync(join(tree, 'usr/bin/quorum-desktop')))))

  const entry = readFileSync(join(tree, 'usr/share/applications/quorum-desktop.desktop'), 'utf8')
  for (const line of [
    'Name=Quorum',
    'Icon=quorum-desktop',
    'Exec=/opt/Quorum/quorum %U',
    'MimeType=x-scheme-handler/quorum;',
  ]) {
    assert.ok(entry.split('\n').includes(line), line)
  }
  assert.match(entry, /^Categories=Network;/mu)
})

test(
  'the archive contains the app and nothing else of the checkout; only machine code is stored beside it',
  { skip: noPackage },
  async () => {
    const { folder: program } = await makePackage()
    const resources = join(program, 'resources')
    const files = archived(join(resources, 'app.asar'))
    const tops = new Set(files.map(({ path }) => path.split('/')[0]))
    assert.deepEqual(tops, new Set(['icons', 'main', 'node', 'node_modules', 'package.json', 'peer', 'window']))
    const strangers = files.filter(({ path }) => /\.(?:ts|tsx|map|c|cc|cpp|h|md|gypi?)$|(?:^|\/)tests?[./]/u.test(path))
    assert.deepEqual(strangers, [])
    const outside = files.filter(({ unpacked }) => unpacked).map(({ path }) => path)
    assert.deepEqual(
      new Set(outside.map((path) => basename(path).replace(/linux-\w+(?:-gnu)?/u, 'here'))),
      new Set(['blake.here.node', 'here.node', 'sodium-native.node']),
    )
    const beside = join(resources, 'app.asar.unpacked')
    const there = globSync('**/*.*', { cwd: beside }).filter((path) => lstatSync(join(beside, path)).isFile())
    assert.deepEqual(new Set(there), new Set(outside))
    assert.equal(existsSync(join(resources, 'default_app.asar')), false)
    const terms = readFileSync(join(program, 'THIRD-PARTY.txt'), 'utf8')
    for (const name of ['libp2p', 'react', 'sodium-native', '@fontsource-variable/inter']) {
      assert.match(terms, new RegExp(`^${name} \\d`, 'mu'))
    }
  },
)

test('the fuses are set in the executable', { skip: noPackage }, async () => {
  const { shipped } = await makePackage()
  const wire = await getCurrentFuseWire(shipped)
  const on = [FuseV1Options.EnableCookieEncryption, FuseV1Options.OnlyLoadAppFromAsar]
  const off = [
    FuseV1Options.RunAsNode,
    FuseV1Options.EnableNodeOptionsEnvironmentVariable,
    FuseV1Options.EnableNodeCliInspectArguments,
    FuseV1Options.LoadBrowserProcessSpecificV8Snapshot,
    FuseV1Options.GrantFileProtocolExtraPrivileges,
  ]
  for (const fuse of on) assert.equal(wire[fuse], FuseState.ENABLE, FuseV1Options[fuse])
  for (const fuse of off) assert.equal(wire[fuse], FuseState.DISABLE, FuseV1Options[fuse])
})

test(
  '60: the shipped program starts, does not act as Node, and allows neither debugging nor injected code',
  { skip: noPackage },
  async (t) => {
    const { shipped } = await makePackage()
    const home = folder(t)
    const store = join(home, 'me', 'store.db')
    const planted = join(home, 'planted.cjs')
    writeFileSync(planted, `require('node:fs').writeFileSync(${JSON.stringify(join(home, 'ran'))}, '')`)
    const quorum = await startShipped(shipped, home, ['--inspect=0', '--listen', '/ip4/127.0.0.1/tcp/0'], {
      ELECTRON_RUN_AS_NODE: '1',
      NODE_OPTIONS: `--require ${planted}`,
    })
    const log = (name: string): string => {
      const file = join(home, 'me', 'logs', name)
      return existsSync(file) ? readFileSync(file, 'utf8') : ''
    }
    const open = (): boolean => log('quorum.log').includes('the profile is open')
    await until(() => open() || !quorum.running(), 'the profile is opened')
    assert.equal(await quorum.end(), 0, quorum.said())
    assert.ok(existsSync(store), quorum.said())
    // Both processes write their log outside of the archive, too.
    assert.match(log('window.log'), /the window opens[^]*the window ends/u)
    assert.doesNotMatch(quorum.said(), /Debugger listening/u)
    assert.equal(existsSync(join(home, 'ran')), false)
  },
)

test('60: a program in place of the archive is not run', { skip: noPackage }, async (t) => {
  const { shipped } = await makePackage()
  const home = folder(t)
  const resources = join(dirname(shipped), 'resources')
  const [archive, aside, instead] = [join(resources, 'app.asar'), join(resources, 'aside'), join(resources, 'app')]
  mkdirSync(instead)
  writeFileSync(join(instead, 'package.json'), '{ "main": "main.cjs" }')
  writeFileSync(
    join(instead, 'main.cjs'),
    `require('node:fs').writeFileSync(${JSON.stringify(join(home, 'ran'))}, ''); process.exit(0)`,
  )
  renameSync(archive, aside)
  try {
    const quorum = await startShipped(shipped, home, [], {})
    await quorum.end()
  } finally {
    renameSync(aside, archive)
  }
  assert.equal(existsSync(join(home, 'ran')), false)
})

test('first run to first message with the packaged program', { skip: noPackage }, async (t) => {
  const { driven } = await makePackage()
  await firstConversation(t, driven)
})

test('the packaged program makes a backup, in its thread', { skip: noPackage }, async (t) => {
  const { driven } = await makePackage()
  const home = folder(t)
  const window = await openWindow(t, { profile: join(home, 'me'), program: driven })
  const { page } = window
  await introduce(window, 'Ada')
  await page.getByRole('button', { name: 'Use this computer' }).click()
  await page.getByRole('button', { name: 'Start talking' }).click()
  const file = join(home, 'quorum.backup')
  await answerDialogs(window, [file])
  await page.keyboard.press('Control+,')
  await page.getByRole('navigation', { name: 'Settings' }).getByRole('button', { name: 'Storage' }).click()
  await page.getByRole('button', { name: 'Back up…' }).click()
  await page.getByRole('button', { name: 'Choose where to save…' }).click()
  const words = page.getByRole('list', { name: '24 words' }).getByRole('listitem')
  await words.last().waitFor()
  const directory = join(home, 'restored')
  await importBackup({ directory, path: file, words: (await words.allTextContents()).join(' ') })
  assert.ok(existsSync(join(directory, 'store.db')))
})

test('everything on the screen comes from the package', { skip: noPackage }, async (t) => {
  const { driven, folder: program } = await makePackage()
  const { app } = await openWindow(t, { profile: join(folder(t), 'me'), program: driven })
  const seen = await app.evaluate(({ app: it }) => ({
    packaged: it.isPackaged,
    from: it.getAppPath(),
    version: it.getVersion(),
  }))
  assert.deepEqual(seen, {
    packaged: true,
    from: join(program, 'resources', 'app.asar'),
    version: `${version}-unofficial`,
  })
})
