/**
 * A network namespace of the Linux kernel: a machine with interfaces, routes and a firewall of its own, and none of
 * ours. It has no name and no file. A process holds it, which ends when the test that started it does, however that
 * ends; with its last process the kernel removes it. So there are no leftovers, and nothing to sweep up at a start.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'

/** Holds a namespace until its standard input ends: this process's death is enough. */
const holder = ['--net', 'sh', '-c', 'echo ready; exec cat']

export class Namespace {
  readonly pid: number
  /** What a command line begins with to run in here. */
  readonly enter: readonly string[]

  private constructor(child: ChildProcess) {
    this.pid = child.pid ?? assert.fail('no namespace: unshare did not start')
    this.enter = ['nsenter', `--net=/proc/${this.pid}/ns/net`]
  }

  /**
   * A new one, with nothing but its loopback; `owner` ends it. Errors: what the kernel refuses, in `unshare`'s words.
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

  /** Runs a command to its end. Errors: with what it said when it fails. */
  run(command: readonly string[], input = ''): string {
    const [program = '', ...args] = [...this.enter, ...command]
    return execFileSync(program, args, { input, encoding: 'utf8', stdio: 'pipe' })
  }
}
