/**
 * A network namespace of the Linux kernel: interfaces, routes and a firewall separate from those of this machine. It
 * has no name and no file. One process holds it, and that process ends with the test, however the test ends; the kernel
 * removes a namespace with its last process. So nothing is left behind, and a start has nothing to clean up.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'

/** Holds a namespace until its standard input ends, which also happens when this process dies. */
const holder = ['--net', 'sh', '-c', 'echo ready; exec cat']

export class Namespace {
  readonly pid: number
  /** The start of a command line that runs in this namespace. */
  readonly enter: readonly string[]

  private constructor(child: ChildProcess) {
    this.pid = child.pid ?? assert.fail('no namespace: unshare did not start')
    this.enter = ['nsenter', `--net=/proc/${this.pid}/ns/net`]
  }

  /**
   * A new one with only its loopback; `owner` ends it. Errors: refusals of the kernel, with the message of `unshare`.
   */
  static async create(owner: AsyncDisposableStack): Promise<Namespace> {
    const child = spawn('unshare', holder, { stdio: ['pipe', 'pipe', 'inherit'] })
    const ended = once(child, 'close')
    owner.defer(async () => {
      child.stdin.end()
      await ended
    })
    await Promise.race([once(child.stdout, 'data'), ended.then(() => assert.fail('no namespace: unshare ended'))])
    const made = new Namespace(child)
    made.ip('link set lo up')
    return made
  }

  /** Commands of `ip`, as on its command line. */
  ip(...commands: string[]): void {
    this.run(['ip', '-batch', '-'], `${commands.join('\n')}\n`)
  }

  /** Adds rules, in the language of `nft`. */
  nft(rules: string): void {
    this.run(['nft', '-f', '-'], rules)
  }

  /** Sets a kernel parameter below `net`, which is this namespace's own: `set('ipv4/ip_forward', '1')`. */
  set(parameter: string, value: string): void {
    this.run(['tee', `/proc/sys/net/${parameter}`], value)
  }

  /** Runs a command to its end. Errors: with its output when it fails. */
  run(command: readonly string[], input = ''): string {
    const [program = '', ...args] = [...this.enter, ...command]
    return execFileSync(program, args, { input, encoding: 'utf8', stdio: 'pipe' })
  }
}
