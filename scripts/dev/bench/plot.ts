/** Draws in a terminal how something grew over time: one line for each series, all on one scale of time. */

const blocks = '▁▂▃▄▅▆▇█'
const columns = 60

/** `at`: when one more was there, in milliseconds from the start. */
export interface Growth {
  name: string
  at: readonly number[]
}

/** `whole`: how many there would be in the end. */
export function plotGrowth(title: string, whole: number, all: readonly Growth[]): string {
  const longest = Math.max(1, ...all.flatMap(({ at }) => at))
  const width = Math.max(...all.map(({ name }) => name.length))
  const line = ({ name, at }: Growth): string => {
    const end = Math.max(0, ...at)
    const drawn = Array.from({ length: columns }, (_, column) => {
      const from = (column * longest) / columns
      const share = at.filter((time) => time <= from).length / whole
      return from > end ? ' ' : blocks[Math.min(blocks.length - 1, Math.floor(share * blocks.length))]
    }).join('')
    return `  ${name.padEnd(width)} ${drawn} ${at.length} in ${(end / 1000).toFixed(1)} s`
  }
  return [title, ...all.map(line)].join('\n')
}
