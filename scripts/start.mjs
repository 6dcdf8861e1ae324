/**
 * `npm start`: Quorum for a person, from a checkout: the window where there is a screen, else the terminal client, saying
 * so. Arguments go on to either: `npm start -- --profile bob`; `--terminal` chooses the terminal client.
 */
import { hasDisplay } from './electron.mjs'
import { launch } from './launch.mjs'

/** What only the terminal client knows: its commands, and questions about itself. */
const terminalCommands = ['send', 'receive', 'peer', 'passphrase', 'help']
const terminalFlags = ['--help', '-h', '--version', '-V', '--ephemeral']
/** What follows one of these is its value. */
const valued = ['--profile', '--node', '--name', '--listen', '--downloads', '--direct', '--passphrase-file']

const args = process.argv.slice(2)
const asked = args.includes('--terminal')
const rest = args.filter((arg) => arg !== '--terminal')
const words = rest.filter((arg, at) => !arg.startsWith('-') && !valued.includes(rest[at - 1] ?? ''))
const forTerminal =
  asked || rest.some((arg) => terminalFlags.includes(arg)) || terminalCommands.includes(words[0] ?? '')

// npm runs this in the checkout; the paths that follow are meant from where they were typed.
if (process.env.INIT_CWD) process.chdir(process.env.INIT_CWD)
if (forTerminal) {
  await launch('scripts/cli/quorum', { args: rest })
} else if (hasDisplay(process.env, process.platform)) {
  await launch('scripts/dev/desktop', { tools: true, args: rest })
} else {
  process.stderr.write('There is no screen here (DISPLAY is not set): this is Quorum in the terminal.\n')
  await launch('scripts/cli/quorum', { args: rest })
}
