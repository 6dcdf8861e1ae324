/** Other ways to copy files over the loopback, for comparison: scp to a server of this run, and tar over plain TCP. */
import { execFile, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Certificate } from './file-commands.ts'

/** How often scp is retried while its server starts. */
const maxRetries = 40
/** Milliseconds between two tries. */
const retryDelay = 50

/** Makes a key and a certificate for this run. */
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
  const sshd = ['/usr/sbin/sshd', '/usr/local/sbin/sshd'].find((path) => spawnSync(path, ['-V']).error === undefined)
  if (sshd === undefined) return undefined
  const at = (name: string): string => join(folder, name)
  for (const name of ['host', 'user']) execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', at(name)])
  copyFileSync(at('user.pub'), at('authorized'))
  // With privilege separation, sshd needs this empty folder, owned by root.
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
    await retry(() => scp(at('user.pub'), at('probe')))
    const started = performance.now()
    await scp(from, to)
    return performance.now() - started
  } finally {
    const ended = once(server, 'exit')
    server.kill()
    await ended
  }
}

/** Milliseconds to copy a folder from one tar over plain TCP into another. */
export async function copyByTar(from: string, to: string): Promise<number> {
  mkdirSync(to)
  const server = net.createServer({ allowHalfOpen: true })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const started = performance.now()
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
  const ms = performance.now() - started
  socket.destroy()
  server.close()
  return ms
}

async function retry(work: () => Promise<unknown>): Promise<void> {
  for (let retries = 0; ; retries += 1) {
    try {
      await work()
      return
    } catch (error) {
      if (retries === maxRetries) throw error
      await pause(retryDelay)
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
