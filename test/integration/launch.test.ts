/**
 * scripts/launch.mjs and install.mjs: a program started through them behaves as if it had been started directly, on a
 * Node that can run it and on an older one that must find another. Several starts at the same time install only once.
 */
import assert from 'node:assert/strict'
import { spawn, spawnSync, type ChildProcess, type StdioOptions } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { installed } from '../../scripts/install.mjs'
import { malloc } from '../../scripts/launch.mjs'
import { nextOf } from '../support/child.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const home = mkdtempSync(join(tmpdir(), 'quorum-launch-'))
after(() => rmSync(home, { recursive: true, force: true }))

const program = `
const [what, value]: string[] = process.argv.slice(2)
if (what === 'exit') process.exit(Number(value))
if (what === 'die') process.kill(process.pid, value as NodeJS.Signals)
if (what === 'show') {
  const { argv, env, execArgv, pid, version } = process
  process.stderr.write(JSON.stringify({ args: argv.slice(2), entry: argv[1], node: version, env, execArgv, pid }))
  process.stdin.pipe(process.stdout)
}
if (what === 'wait') {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(40 + signal.length))
  setInterval(() => {}, 1000)
  process.stdout.write('ready')
}
if (what === 'message') {
  process.on('message', (message) => process.send?.({ received: message }, () => process.disconnect?.()))
  process.send?.('ready')
}
`

/** Makes a checkout with one program; it has no lockfile, so nothing is installed. */
function checkout(name: string): string {
  const folder = join(home, name)
  mkdirSync(join(folder, 'scripts/dev'), { recursive: true })
  for (const file of ['launch.mjs', 'install.mjs', 'run.mjs'])
    cpSync(join(root, 'scripts', file), join(folder, 'scripts', file))
  writeFileSync(join(folder, 'scripts/dev/program.ts'), program)
  writeFileSync(join(folder, 'package.json'), '{"name": "try", "version": "1.0.0", "type": "module"}')
  return folder
}

const plain = checkout('plain')
symlinkSync(join(root, 'node_modules'), join(plain, 'node_modules'))
const run = join(plain, 'scripts/run.mjs')

/** The Nodes of this machine that are too old to run Quorum. */
function olderNodes(): string[] {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin', '/usr/local/bin']
  const files = new Set(
    folders
      .map((folder) => join(folder, 'node'))
      .filter((file) => existsSync(file))
      .map((file) => realpathSync(file)),
  )
  return [...files].filter((file) => Number(versionOf(file).slice(1).split('.')[0]) < 24)
}

function versionOf(file: string): string {
  return spawnSync(file, ['--version'], { encoding: 'utf8' }).stdout.trim()
}

function start(node: string, args: string[], stdio: StdioOptions = 'pipe'): ChildProcess {
  return spawn(node, [run, 'program', ...args], { stdio })
}

async function ended(child: ChildProcess): Promise<{ code: unknown; signal: unknown }> {
  const [code, signal] = (await once(child, 'close')) as unknown[]
  return { code, signal }
}

const older = olderNodes()
const nodes = [process.execPath, ...older]

test('which Nodes are tried', (t) => {
  t.diagnostic(nodes.map((node) => `${versionOf(node)} (${node})`).join(', '))
  if (older.length === 0) t.diagnostic('No Node older than 24 here: starting again on another Node was not tried.')
  assert.ok(nodes.length > 0)
})

for (const node of nodes) {
  const version = versionOf(node)

  test(`${version}: arguments, stdin, stdout and stderr pass through`, async () => {
    const child = start(node, ['show', 'a b', '--flag', ''])
    let [out, err] = ['', '']
    child.stdout?.on('data', (text: Buffer) => (out += text.toString()))
    child.stderr?.on('data', (text: Buffer) => (err += text.toString()))
    const sent = 'line\n'.repeat(100_000)
    child.stdin?.end(sent)
    assert.deepEqual(await ended(child), { code: 0, signal: null })
    assert.equal(out, sent)
    const { args, entry, node: ran } = JSON.parse(err) as { args: string[]; entry: string; node: string }
    assert.deepEqual(args, ['show', 'a b', '--flag', ''])
    assert.equal(realpathSync(entry), realpathSync(join(plain, 'scripts/dev/program.ts')))
    assert.ok(Number(ran.slice(1).split('.')[0]) >= 24)
  })

  test(`${version}: the program has the settings of malloc, if nobody chose others`, () => {
    const ran = (chosen: Record<string, string>) => {
      const { stderr, pid } = spawnSync(node, ['--no-deprecation', run, 'program', 'show'], {
        encoding: 'utf8',
        env: { PATH: process.env.PATH, ...chosen },
      })
      return {
        ...(JSON.parse(stderr) as { env: Record<string, string>; execArgv: string[]; pid: number }),
        started: pid,
      }
    }
    const { env, execArgv, pid, started } = ran({})
    for (const [name, value] of Object.entries(malloc)) assert.equal(env[name], value)
    if (node === process.execPath) assert.deepEqual([execArgv, pid], [['--no-deprecation'], started])
    assert.equal(ran({ MALLOC_ARENA_MAX: '7' }).env['MALLOC_ARENA_MAX'], '7')
  })

  test(`${version}: npm start: help and commands are those of the terminal client, and what it says is said once`, () => {
    const npmStart = (...args: string[]): { status: number | null; stdout: string; stderr: string } => {
      // An address where no display is: a window that was opened anyway would fail.
      const env = { PATH: process.env.PATH, HOME: home, XDG_DATA_HOME: home, DISPLAY: ':no-such-display' }
      return spawnSync(node, [join(root, 'scripts/start.mjs'), ...args], { encoding: 'utf8', env, cwd: home })
    }
    const help = npmStart('--help')
    assert.equal(help.stdout.match(/npm start -- --terminal/g)?.length, 1, help.stdout)
    const commands = /\nCommands:\n([^]*?)\n\n/.exec(help.stdout)?.[1]?.match(/^ {2}[a-z]+/gm)
    assert.ok(commands != null && commands.length >= 5, help.stdout)
    for (const command of commands.map((word) => word.trim()).filter((word) => word !== 'help')) {
      assert.match(npmStart(command, '--help').stdout, new RegExp(`^Usage: quorum ${command}`), command)
    }
    const mistake = npmStart('sned')
    assert.deepEqual([mistake.status, mistake.stdout], [2, ''])
    assert.match(mistake.stderr, /"sned" is not a command/)
    assert.match(mistake.stderr, /quorum --help/)
  })

  test(`${version}: npm start without a display says once that it is in the terminal`, () => {
    const env = { PATH: process.env.PATH, HOME: home, XDG_DATA_HOME: home }
    const { stderr } = spawnSync(node, [join(root, 'scripts/start.mjs'), '--no-such-option'], { encoding: 'utf8', env })
    assert.equal(stderr.match(/No display/g)?.length, 1, stderr)
  })

  test(`${version}: the exit code passes through`, async () => {
    for (const code of [0, 1, 3, 255])
      assert.deepEqual(await ended(start(node, ['exit', String(code)])), { code, signal: null })
  })

  test(`${version}: signals reach the program, which handles them`, async () => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      const child = start(node, ['wait'])
      await nextOf(child, 'data', child.stdout)
      child.kill(signal)
      assert.deepEqual(await ended(child), { code: 40 + signal.length, signal: null }, signal)
    }
  })

  test(`${version}: a program that dies by a signal is reported to die by it`, async () => {
    for (const signal of ['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGABRT']) {
      assert.deepEqual(await ended(start(node, ['die', signal])), { code: null, signal }, signal)
    }
  })

  test(`${version}: kill -9 leaves no process behind`, async () => {
    const child = start(node, ['wait'])
    await nextOf(child, 'data', child.stdout)
    child.kill('SIGKILL')
    // Its stdout closes when the last process that has it open is gone.
    assert.deepEqual(await ended(child), { code: null, signal: 'SIGKILL' })
  })

  test(`${version}: a parent's IPC channel passes through`, async () => {
    const child = start(node, ['message'], ['ignore', 'inherit', 'inherit', 'ipc'])
    const received: unknown[] = []
    child.on('message', (message) => {
      if (received.push(message) === 1) child.send('hello')
    })
    assert.deepEqual(await ended(child), { code: 0, signal: null })
    assert.deepEqual(received, ['ready', { received: 'hello' }])
  })
}

interface Pm2Definition {
  script: string
  env: unknown
  stop_exit_codes: number[]
}

test('the definition for pm2: the same settings of malloc, and incorrect usage is not started again', () => {
  const { apps } = createRequire(import.meta.url)('../../node/pm2.config.cjs') as { apps: Pm2Definition[] }
  const [{ script, env, stop_exit_codes: stops } = assert.fail('no program')] = apps
  assert.deepEqual(env, malloc, 'pm2 starts the node itself, without the launcher that sets them')
  const misused = spawnSync(process.execPath, [script, '--announce', 'node.example.org:4001'])
  assert.deepEqual(stops, [misused.status])
})

/** A checkout with one dependency, a tarball in the same folder: a real installation that needs no network. */
const pristine = checkout('pristine')
mkdirSync(join(pristine, 'dependency'))
writeFileSync(join(pristine, 'dependency/package.json'), '{"name": "dependency", "version": "1.0.0"}')
npm(pristine, 'pack', './dependency')
writeFileSync(
  join(pristine, 'package.json'),
  '{"name": "try", "version": "1.0.0", "type": "module", "dependencies": {"dependency": "file:dependency-1.0.0.tgz"}}',
)
npm(pristine, 'install', '--package-lock-only', '--offline', '--no-audit')

function installable(name: string): string {
  const folder = join(home, name)
  cpSync(pristine, folder, { recursive: true })
  return folder
}

function npm(cwd: string, ...args: string[]): void {
  const { status, stderr } = spawnSync('npm', args, { cwd, encoding: 'utf8' })
  assert.equal(status, 0, stderr)
}

async function startIn(folder: string): Promise<string> {
  const child = spawn(process.execPath, [join(folder, 'scripts/run.mjs'), 'program', 'exit', '0'])
  let output = ''
  child.stderr.on('data', (text: Buffer) => (output += text.toString()))
  assert.deepEqual(await ended(child), { code: 0, signal: null }, output)
  return output
}

test('several starts at the same time install once, and later starts do not install', async () => {
  const folder = installable('together')
  assert.equal(installed(folder, true), false)
  const outputs = await Promise.all([startIn(folder), startIn(folder), startIn(folder)])
  assert.equal(outputs.filter((text) => text.includes('Installing')).length, 1)
  assert.equal(installed(folder, true), true)
  assert.equal(await startIn(folder), '')
  assert.equal(existsSync(join(folder, '.installing')), false)
})

test('after a changed lockfile or an interrupted installation, the next start installs again', async () => {
  const folder = installable('again')
  await startIn(folder)
  rmSync(join(folder, 'node_modules/.package-lock.json'))
  assert.match(await startIn(folder), /Installing/)
  writeFileSync(
    join(folder, 'node_modules/.package-lock.json'),
    '{"packages": {"node_modules/dependency": {"version": "0.9.0"}}}',
  )
  assert.match(await startIn(folder), /Installing/)
})

test('the lock of a killed installation is taken over', async () => {
  const folder = installable('killed')
  const dead = spawn(process.execPath, ['--version'], { stdio: 'ignore' })
  await once(dead, 'close')
  writeFileSync(join(folder, '.installing'), String(dead.pid))
  assert.match(await startIn(folder), /Installing/)
})

test('a failed installation is reported in words, and the program does not start', async () => {
  const folder = installable('failing')
  // npm refuses a lockfile that lacks a dependency of package.json.
  writeFileSync(join(folder, 'package.json'), '{"type": "module", "dependencies": {"dependency": "2.0.0"}}')
  const child = spawn(process.execPath, [join(folder, 'scripts/run.mjs'), 'program', 'exit', '0'])
  let output = ''
  child.stderr.on('data', (text: Buffer) => (output += text.toString()))
  assert.deepEqual(await ended(child), { code: 1, signal: null })
  assert.match(output, /npm could not install/)
  assert.doesNotMatch(output, /at .*install\.mjs/)
  assert.equal(existsSync(join(folder, '.installing')), false)
})
