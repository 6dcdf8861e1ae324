/**
 * The progress of a transfer in one line: `████████░░░░  62 %  1.2 of 1.9 GB  34 MB/s  20 s left`. It fits a given
 * width by leaving out the least important parts. Each part keeps its position while the numbers change.
 */
import stringWidth from 'string-width'
import { leftCells, leftOf, partOf, speedCells, speedOf } from './amounts.ts'
import { pad, paint } from './view.ts'
import type { Look, Paint } from './view.ts'

export interface Progress {
  /** Bytes. */
  done: number
  total: number
  /** 0 while no data arrives. */
  bytesPerSecond: number
  etaSeconds?: number | undefined
}

/** Cells of the bar itself. A shorter bar shows too little, a longer one shows nothing more. */
const shortestBar = 8
const longestBar = 36
const gap = '  '
const percentCells = '100 %'.length

/** The characters of a bar and around it. */
const strokes = {
  unicode: { full: '█', empty: '░', open: '', close: '' },
  ascii: { full: '#', empty: '-', open: '[', close: ']' },
}

/** At most `columns` cells wide. `color`: the colour of the finished part. */
export function progressLine(look: Look, columns: number, progress: Progress, color: Paint = 'green'): string {
  const { done, total, bytesPerSecond, etaSeconds } = progress
  const amount = partOf(done, total)
  const speed = bytesPerSecond > 0 ? speedOf(bytesPerSecond) : ''
  const left = etaSeconds === undefined ? '' : leftOf(etaSeconds)
  // Room is reserved for the parts that come and go, so that the bar keeps its length from start to end.
  const parts = [
    { text: percent(done, total), cells: percentCells },
    { text: amount, cells: stringWidth(amount) },
    { text: speed, cells: speedCells },
    { text: left, cells: leftCells },
  ]
  const taken = (): number => parts.reduce((cells, part) => cells + gap.length + part.cells, 0)
  // The speed goes before the remaining time, which matters more to a waiting person. Then goes the amount.
  for (const index of [2, 2, 1]) if (columns - taken() < shortestBar) parts.splice(index, 1)
  const room = columns - taken()
  const line = parts
    .map(({ text, cells }) => pad(text, cells))
    .join(gap)
    .trimEnd()
  if (room < shortestBar) return shortest(line.trim(), columns)
  return `${bar(look, Math.min(room, longestBar), total === 0 ? 1 : done / total, color)}${gap}${line}`
}

/** `  9 %`. 100 only when everything is done. */
function percent(done: number, total: number): string {
  const whole = total === 0 ? 100 : Math.min(100, Math.floor((done / total) * 100))
  return `${whole} %`.padStart(percentCells)
}

/** A percentage alone, where a bar has no room. Half of one would read as another: narrower than it, only `…`. */
function shortest(text: string, columns: number): string {
  const fitting = [text, text.replace(' ', '')].find((one) => one.length <= columns)
  return fitting ?? '…'
}

function bar(look: Look, cells: number, fraction: number, color: Paint): string {
  const { full, empty, open, close } = look.unicode ? strokes.unicode : strokes.ascii
  const room = cells - open.length - close.length
  const filled = Math.max(0, Math.min(room, Math.floor(fraction * room)))
  return open + paint(look, color, full.repeat(filled)) + paint(look, 'dim', empty.repeat(room - filled)) + close
}
