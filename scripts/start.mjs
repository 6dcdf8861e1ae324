/**
 * `npm start`: runs Quorum from a checkout. It opens the window if there is a display; otherwise it starts the terminal
 * client and reports why. Both get the arguments: `npm start -- --profile bob`. `--terminal` chooses the terminal
 * client.
 */
import { hasDisplay } from './electron.mjs'
import { launch } from './launch.mjs'

const help = `npm start                  Quorum's window; if there is no display, the terminal client
npm start -- --terminal    the terminal client
npm start -- COMMAND …     a command of quorum: the options below belong behind \`--\`, too

`
/** Options that only the terminal client has. */
const terminalFlags = ['--help', '-h', '--version', '-V', '--ephemeral']
/** Options that are followed by a value. */
const withValue = ['--profile', '--node', '--name', '--listen', '--downloads', '--direct', '--passphrase-file']

const args = process.argv.slice(2)
const terminalChosen = args.includes('--terminal')
const rest = args.filter((arg) => arg !== '--terminal')
const words = rest.filter((arg, index) => !arg.startsWith('-') && !withValue.includes(rest[index - 1] ?? ''))
// The window takes invites only: every other word is a command of the terminal client, or a mistake that it explains.
const forTerminal =
  terminalChosen || rest.some((arg) => terminalFlags.includes(arg)) || words.some((word) => !word.startsWith('quorum:'))

// npm runs this in the checkout, but relative paths in the arguments refer to the folder where the user typed them.
if (process.env.INIT_CWD) process.chdir(process.env.INIT_CWD)
if (forTerminal) {
  const helpWanted = words.length === 0 && ['--help', '-h'].some((flag) => rest.includes(flag))
  await launch('scripts/cli/quorum', { args: rest, before: () => void (helpWanted && process.stdout.write(help)) })
} else if (hasDisplay(process.env, process.platform)) {
  await launch('scripts/dev/desktop', { tools: true, args: rest })
} else {
  const notice = 'No display was found (DISPLAY is not set): starting Quorum in the terminal.\n'
  await launch('scripts/cli/quorum', { args: rest, before: () => void process.stderr.write(notice) })
}
