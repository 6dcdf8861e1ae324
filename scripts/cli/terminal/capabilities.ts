/** What a terminal can show, as far as its environment tells. Pure. */

type Environment = Readonly<Record<string, string | undefined>>

/** Whether output to a terminal may be coloured: https://no-color.org. */
export function showsColor(env: Environment): boolean {
  return env['TERM'] !== 'dumb' && (env['NO_COLOR'] ?? '') === ''
}

/** Whether it shows block characters: a locale of UTF-8, by the order of precedence of locale(7). Windows always does. */
export function showsUnicode(env: Environment, platform: NodeJS.Platform): boolean {
  if (env['TERM'] === 'dumb') return false
  if (platform === 'win32') return true
  const locale = [env['LC_ALL'], env['LC_CTYPE'], env['LANG']].find((value) => value !== undefined && value !== '')
  return /utf-?8/iu.test(locale ?? '')
}
