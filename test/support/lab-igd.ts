/**
 * UPnP or NAT-PMP for a home router of the lab: miniupnpd, the program that most routers of this kind run, in the
 * router's own namespace. Like the lab it leaves nothing behind, however the test ends: it ends with standard input.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Namespace } from './lab-namespace.ts'
import { until } from './until.ts'

/** Runs a program until standard input is closed. */
const guarded = ['sh', '-c', '"$@" & child=$!; cat; kill $child; wait $child', 'sh']

/** The reason with the command that installs the program, or undefined if it is installed. */
export function igdMissing(): string | undefined {
  const there = spawnSync('miniupnpd', ['--version'], { stdio: 'ignore' }).error == null
  return there ? undefined : 'NOT RUN: a router with UPnP needs a program. Type: apt-get install miniupnpd-nftables'
}

/** The protocol of a router, and the UDP port on which it listens, in the kernel's notation. */
const languages = { UPnP: ':076C ', 'NAT-PMP': ':14E7 ' }
export type Language = keyof typeof languages

/** From now on `router` maps ports for inside hosts that ask in that `language`. `folder`: for its files. */
export async function offersPorts(
  router: Namespace,
  language: Language,
  folder: string,
  owner: AsyncDisposableStack,
): Promise<void> {
  router.nft(`table inet upnp {
    chain opened {}
    chain mapped {}
    chain remapped {}
    chain forward { type filter hook forward priority filter + 1; jump opened; }
    chain prerouting { type nat hook prerouting priority dstnat; jump mapped; }
    chain postrouting { type nat hook postrouting priority srcnat + 1; jump remapped; }
  }`)
  // Mapped ports may pass the router's own rules.
  router.nft('insert rule ip through forward ct status dnat accept')
  const config = join(folder, 'miniupnpd.conf')
  const settings = {
    ext_ifname: 'wan',
    listening_ip: 'net',
    http_port: '0',
    enable_upnp: language === 'UPnP' ? 'yes' : 'no',
    enable_natpmp: language === 'NAT-PMP' ? 'yes' : 'no',
    // A host may map ports only to itself.
    secure_mode: 'yes',
    uuid: '7b2f1c5e-8f0d-4b43-9a55-3f1f3b1d8b10',
    upnp_table_name: 'upnp',
    upnp_nat_table_name: 'upnp',
    upnp_forward_chain: 'opened',
    upnp_nat_chain: 'mapped',
    upnp_nat_postrouting_chain: 'remapped',
  }
  writeFileSync(
    config,
    Object.entries(settings)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  )
  const command = ['miniupnpd', '-d', '-f', config, '-P', join(folder, 'miniupnpd.pid')]
  const [program = '', ...args] = [...router.enter, ...guarded, ...command]
  const child = spawn(program, args, { stdio: ['pipe', 'ignore', 'ignore'] })
  const ended = once(child, 'close')
  owner.defer(async () => {
    child.stdin.end()
    await ended
  })
  const listens = (): boolean => router.run(['cat', `/proc/${router.pid}/net/udp`]).includes(languages[language])
  await until(listens, 'the router listens')
}

/** The number of mapped ports. */
export function portsOpen(router: Namespace): number {
  return router.run(['nft', 'list', 'chain', 'inet', 'upnp', 'mapped']).split(' dnat ').length - 1
}
