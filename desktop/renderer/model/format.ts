/**
 * Times, sizes and durations in the form of a language, whose tag is `tag`. Each is isolated: within text of the other
 * direction, a number would change places with its unit.
 */
import { byteSize } from '#byte-size'
import { isolate } from '../../text/foreign.ts'
import type { Catalogue } from '../../text/catalogue.ts'

const day = 24 * 60 * 60 * 1000
/** The forms in which the window writes times. */
const forms = {
  clock: { hour: 'numeric', minute: '2-digit' },
  weekday: { weekday: 'long' },
  shortWeekday: { weekday: 'short' },
  day: { weekday: 'short', day: 'numeric', month: 'long' },
  dayOfYear: { weekday: 'short', day: 'numeric', month: 'long', year: 'numeric' },
  shortDay: { day: '2-digit', month: '2-digit', year: '2-digit' },
  full: { dateStyle: 'full', timeStyle: 'short' },
  date: { dateStyle: 'long' },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>

/** Creating a formatter takes longer than rendering the message that needs it. */
const formatters = new Map<string, Intl.DateTimeFormat>()

function formatTime(time: number, form: keyof typeof forms, tag: string): string {
  const key = `${form} ${tag}`
  const formatter = formatters.get(key) ?? new Intl.DateTimeFormat(tag, forms[form])
  formatters.set(key, formatter)
  return isolate(formatter.format(time))
}

export function clock(time: number, tag: string): string {
  return formatTime(time, 'clock', tag)
}

/** The start of the day of `time`, by the local calendar. */
export function dayStart(time: number): number {
  return new Date(time).setHours(0, 0, 0, 0)
}

/** Today, yesterday, a weekday, a date. */
export function dayName(time: number, now: number, text: Catalogue): string {
  const ago = Math.round((dayStart(now) - dayStart(time)) / day)
  if (ago === 0) return text.days.today
  if (ago === 1) return text.days.yesterday
  if (ago > 1 && ago < 7) return formatTime(time, 'weekday', text.tag)
  const sameYear = new Date(time).getFullYear() === new Date(now).getFullYear()
  return formatTime(time, sameYear ? 'day' : 'dayOfYear', text.tag)
}

/** For a list: the time of today, otherwise the day, in the shortest form. */
export function shortWhen(time: number, now: number, text: Catalogue): string {
  const ago = Math.round((dayStart(now) - dayStart(time)) / day)
  if (now - time < 60_000 && now >= time) return text.now
  if (ago <= 0) return clock(time, text.tag)
  if (ago === 1) return text.days.yesterday
  if (ago < 7) return formatTime(time, 'shortWeekday', text.tag)
  return formatTime(time, 'shortDay', text.tag)
}

/** Within a sentence: `today, 8:27 PM`, or the day and the time. */
export function dayAndTime(time: number, now: number, text: Catalogue): string {
  const name = dayName(time, now, text)
  const { today, yesterday } = text.days
  return `${name === today || name === yesterday ? name.toLocaleLowerCase(text.tag) : name}, ${clock(time, text.tag)}`
}

/** The time of today, otherwise also the day. */
export function sinceWhen(time: number, now: number, text: Catalogue): string {
  return dayStart(time) === dayStart(now) ? clock(time, text.tag) : dayAndTime(time, now, text)
}

/** Day and time in full. */
export function fullWhen(time: number, tag: string): string {
  return formatTime(time, 'full', tag)
}

export function dateOnly(time: number, tag: string): string {
  return formatTime(time, 'date', tag)
}

/** An approximate duration, in one unit. */
export function duration(seconds: number, { files }: Catalogue): string {
  if (seconds < 60) return isolate(files.seconds(Math.max(1, Math.round(seconds))))
  if (seconds < 90 * 60) return isolate(files.minutes(Math.round(seconds / 60)))
  return isolate(files.hours(Math.round(seconds / 3600)))
}

/** An amount of data. */
export function size(bytes: number, tag: string): string {
  return isolate(byteSize(bytes, tag))
}

/** An amount of data in each second. */
export function speed(bytesPerSecond: number, { files, tag }: Catalogue): string {
  return isolate(files.speed(byteSize(bytesPerSecond, tag)))
}

/** A delay, below 10 ms with a decimal. */
export function delay(milliseconds: number, { path, tag }: Catalogue): string {
  const number = new Intl.NumberFormat(tag, { maximumFractionDigits: milliseconds < 10 ? 1 : 0 })
  return isolate(path.milliseconds(number.format(milliseconds)))
}
