/**
 * `npm start`: runs Quorum from a checkout. It opens the window if there is a display; otherwise it starts the terminal
 * client and reports why. Both get the arguments: `npm start -- --profile bob`. `--terminal` chooses the terminal
 * client.
 */
import { hasDisplay } from './electron.mjs'
import { launch } from './launch.mjs'

/** Commands and options that only the terminal client has. */
const terminalCommands = ['send', 'receive', 'peer', 'passphrase', 'help']
const terminalFlags = ['--help', '-h', '--version', '-V', '--ephemeral']
/** Options that are followed by a value. */
const withValue = ['--profile', '--node', '--name', '--listen', '--downloads', '--direct', '--passphrase-file']

const args = process.argv.slice(2)
const terminalChosen = args.includes('--terminal')
const rest = args.filter((arg) => arg !== '--terminal')
const words = rest.filter((arg, index) => !arg.startsWith('-') && !withValue.includes(rest[index - 1] ?? ''))
const forTerminal =
  terminalChosen || rest.some((arg) => terminalFlags.includes(arg)) || terminalCommands.includes(words[0] ?? '')

// npm runs this in the checkout, but relative paths in the arguments refer to the folder where the user typed them.
if (process.env.INIT_CWD) process.chdir(process.env.INIT_CWD)
if (forTerminal) {
  await launch('scripts/cli/quorum', { args: rest })
} else if (hasDisplay(process.env, process.platform)) {
  await launch('scripts/dev/desktop', { tools: true, args: rest })
} else {
  process.stderr.write('No display was found (DISPLAY is not set): starting Quorum in the terminal.\n')
  await launch('scripts/cli/quorum', { args: rest })
}
