import type { Privacy } from '#protocol'

/** Whether the choices allow the local network to learn that this peer is there (protocol/privacy-rules.ts). */
export function usesLan({ lan, direct }: Pick<Privacy, 'lan' | 'direct'>): boolean {
  return lan && (direct === 'auto' || direct === 'only')
}
