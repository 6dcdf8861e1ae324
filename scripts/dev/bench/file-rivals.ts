/** How else a file crosses the loopback: scp to a server of our own, and tar piped over plain TCP. */
import { execFile, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Certificate } from './file-commands.ts'

/** How often scp is tried while its server starts, and between two tries, in milliseconds. */
const tries = 40
const between = 50

/** A key and a certificate for this run. */
export function selfSigned(folder: string): Certificate {
  const [key, cert] = [join(folder, 'tls.key'), join(folder, 'tls.crt')]
  const subject = ['-subj', '/CN=localhost', '-days', '1', '-nodes']
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', ...subject, '-keyout', key, '-out', cert],
    { stdio: 'ignore' },
  )
  return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }
}

/** Milliseconds that `scp FROM TO` takes over the loopback; undefined where OpenSSH’s server is not installed. */
export async function copyByScp(folder: string, from: string, to: string): Promise<number | undefined> {
  const sshd = ['/usr/sbin/sshd', '/usr/local/sbin/sshd'].find((path) => spawnSync(path, ['-V']).error == null)
  if (sshd == null) return undefined
  const at = (name: string): string => join(folder, name)
  for (const name of ['host', 'user']) execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', at(name)])
  copyFileSync(at('user.pub'), at('authorized'))
  // Where privileges are separated, it wants an empty folder of root's.
  if (userInfo().uid === 0) mkdirSync('/run/sshd', { recursive: true })
  const port = await freePort()
  const options = {
    Port: port,
    ListenAddress: '127.0.0.1',
    HostKey: at('host'),
    AuthorizedKeysFile: at('authorized'),
    PidFile: 'none',
    StrictModes: 'no',
    UsePAM: 'no',
    PermitRootLogin: 'yes',
    Subsystem: 'sftp internal-sftp',
  }
  writeFileSync(
    at('sshd_config'),
    Object.entries(options)
      .map(([name, value]) => `${name} ${value}\n`)
      .join(''),
  )
  const server = spawn(sshd, ['-D', '-e', '-f', at('sshd_config')], { stdio: 'ignore' })
  try {
    const trust = ['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-o', 'LogLevel=ERROR']
    const scp = (source: string, target: string) =>
      promisify(execFile)('scp', ['-q', '-P', String(port), '-i', at('user'), ...trust, source, `127.0.0.1:${target}`])
    await untilItWorks(() => scp(at('user.pub'), at('tried')))
    const began = performance.now()
    await scp(from, to)
    return performance.now() - began
  } finally {
    const ended = once(server, 'exit')
    server.kill()
    await ended
  }
}

/** Milliseconds that a folder takes from one tar over plain TCP into another. */
export async function copyByTar(from: string, to: string): Promise<number> {
  mkdirSync(to)
  const server = net.createServer({ allowHalfOpen: true })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const began = performance.now()
  const unpacked = once(server, 'connection').then(async ([socket]: net.Socket[]) => {
    const tar = spawn('tar', ['x', '-C', to], { stdio: ['pipe', 'ignore', 'inherit'] })
    socket?.pipe(tar.stdin)
    await once(tar, 'exit')
    socket?.destroy()
  })
  const socket = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1')
  const tar = spawn('tar', ['c', '-C', from, '.'], { stdio: ['ignore', 'pipe', 'inherit'] })
  tar.stdout.pipe(socket)
  await unpacked
  const ms = performance.now() - began
  socket.destroy()
  server.close()
  return ms
}

async function untilItWorks(work: () => Promise<unknown>): Promise<void> {
  for (let at = 0; ; at += 1) {
    try {
      await work()
      return
    } catch (error) {
      if (at === tries) throw error
      await pause(between)
    }
  }
}

async function freePort(): Promise<number> {
  const server = net.createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
