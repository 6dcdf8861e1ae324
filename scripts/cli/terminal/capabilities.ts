/** What a terminal can show, derived from its environment variables. Pure. */

type Environment = Readonly<Record<string, string | undefined>>

/** Whether output to a terminal may have colours: https://no-color.org. */
export function showsColor(env: Environment): boolean {
  return env['TERM'] !== 'dumb' && (env['NO_COLOR'] ?? '') === ''
}

/**
 * Whether it shows block characters: if the locale is UTF-8, with the precedence of the variables from locale(7).
 * Windows always shows them.
 */
export function showsUnicode(env: Environment, platform: NodeJS.Platform): boolean {
  if (env['TERM'] === 'dumb') return false
  if (platform === 'win32') return true
  const locale = [env['LC_ALL'], env['LC_CTYPE'], env['LANG']].find((value) => value !== undefined && value !== '')
  return /utf-?8/iu.test(locale ?? '')
}
