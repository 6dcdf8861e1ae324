/** The unit of systemd: every key is one that systemd 252 of Debian 12 knows, and it starts the node. */
import assert from 'node:assert/strict'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { folder, undo } from '../support/cleanup.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const unit = path.join(root, 'node', 'quorum-node.service')
const lines = fs
  .readFileSync(unit, 'utf8')
  .split('\n')
  .flatMap((line) => (/^\w+=/.test(line) ? [line] : []))
const settings = lines.map((line) => line.split('=', 1)[0] ?? '')
const valueOf = (key: string): string => lines[settings.indexOf(key)]?.slice(key.length + 1) ?? assert.fail(key)

/** The version of systemd that brought a setting: its manual says so from version 240 on; 0 for those before. */
const since: Record<string, number> = {
  ProtectHostname: 242,
  RestrictSUIDSGID: 242,
  ProtectKernelLogs: 244,
  ProtectClock: 245,
  ProtectProc: 247,
  ...Object.fromEntries(
    `Description After Wants EnvironmentFile Environment ExecStart ExecReload DynamicUser StateDirectory StateDirectoryMode UMask
     LimitNOFILE TimeoutStopSec Restart RestartPreventExitStatus RestartSec NoNewPrivileges CapabilityBoundingSet
     LockPersonality PrivateDevices PrivateTmp ProtectControlGroups ProtectHome ProtectKernelModules
     ProtectKernelTunables ProtectSystem RestrictAddressFamilies RestrictNamespaces RestrictRealtime
     SystemCallArchitectures SystemCallFilter SystemCallErrorNumber WantedBy`
      .split(/\s+/)
      .map((name) => [name, 0]),
  ),
}

test('systemd 252 knows every setting of the unit', () => {
  assert.ok(settings.length > 20)
  for (const name of settings) assert.ok((since[name] ?? Infinity) <= 252, `${name}: since which version?`)
})

const analyzes = spawnSync('systemd-analyze', ['--version']).status === 0
const needsSystemd = { skip: analyzes ? false : 'NOT RUN: there is no systemd-analyze' }

test('systemd has nothing to say about the unit', needsSystemd, () => {
  const { stderr } = spawnSync('systemd-analyze', ['verify', unit], { encoding: 'utf8' })
  // It loads the units that this one names, too.
  assert.deepEqual(
    stderr.split('\n').filter((line) => line.includes(path.basename(unit))),
    [],
  )
})

test('its command starts the node, with options from the environment', async (t) => {
  const [env, node, program, ...rest] = valueOf('ExecStart').split(' ')
  assert.deepEqual([env, node, rest], ['/usr/bin/env', 'node', []])
  const [name = '', usual] = valueOf('Environment').split('=')
  assert.deepEqual([name, usual], ['QUORUM_NODE_DATA', `/var/lib/${valueOf('StateDirectory')}`])
  const command = program?.replace('/opt/quorum', root) ?? ''
  const child = spawn(process.execPath, [command], {
    env: {
      PATH: process.env['PATH'],
      [name]: folder(t),
      QUORUM_NODE_JSON: 'true',
      QUORUM_NODE_LISTEN: '/ip4/127.0.0.1/tcp/0',
      QUORUM_NODE_HTTP: '127.0.0.1:0',
      QUORUM_NODE_ANNOUNCE: '/dns4/node.example.org/tcp/4001',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  undo(t).defer(async () => {
    child.kill('SIGKILL')
    await ended
  })
  const [ready] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  assert.match(ready, /"addresses":\["\/dns4\/node\.example\.org\/tcp\/4001\/p2p\/12D3/)
  child.kill('SIGTERM')
  assert.deepEqual(await ended, [0, null])
})

test('it is in the package', () => {
  const packed = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: root,
    encoding: 'utf8',
  })
  assert.match(packed, /"node\/quorum-node\.service"/)
})
