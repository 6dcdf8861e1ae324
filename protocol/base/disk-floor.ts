/** How much of a disk is left for the person's own work: what others send is not taken below. */
import { MiB } from './units.ts'

export const diskFloor = 64 * MiB
/** Of a small disk. */
export const diskFloorShare = 0.05

/** `free`, `total`: bytes. */
export function isDiskFull({ free, total }: { free: number; total: number }): boolean {
  return free < Math.min(diskFloor, total * diskFloorShare)
}
