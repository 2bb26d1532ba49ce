import { Command, CommanderError } from 'commander';
import { speakToCommandLine } from '../core/spoken.js';
import { completionCommand } from './completion.js';
import { distanceCommand } from './distance.js';
import { doctorCommand } from './doctor.js';
import { entropyCommand } from './entropy.js';
import { EXIT, reportFailure } from './failure.js';
import { networkCommand } from './network.js';
import { ridgeletCommand } from './ridgelet.js';
import { theoryCommand } from './theory.js';
import { radonCommand } from './radon.js';
import { withScalingDefault } from './scaling.js';
import { trainCommand } from './train.js';
import { transportCommand } from './transport.js';
import { afterFirstRank, launchedRank } from './ranks.js';
import { packageVersion } from './version.js';

/** The command line's whole grammar. */
export function program(): Command {
  const root = new Command('ridgeflow')
    .description('Computes how data moves through deep networks: denoising autoencoders as transport maps.')
    .version(packageVersion(), '-V, --version', 'print the version');

  root.addCommand(transportCommand());
  root.addCommand(trainCommand());
  root.addCommand(networkCommand());
  root.addCommand(ridgeletCommand());
  root.addCommand(theoryCommand());
  root.addCommand(radonCommand());
  root.addCommand(distanceCommand());
  root.addCommand(entropyCommand());
  root.addCommand(doctorCommand());
  root.addCommand(completionCommand(() => root));
  withHabits(root);
  return root;
}

/** What every command does alike: says how it is used, and leaves ending the process to {@link run}. */
function withHabits(command: Command): void {
  command
    .exitOverride()
    .helpOption('-h, --help', 'print this help')
    .showHelpAfterError('(add --help for the options)');
  // What is wrong with the arguments all ranks find: the first says it.
  if ((launchedRank() ?? 0) > 0)
    command.configureOutput({ writeOut: () => undefined, writeErr: () => undefined });
  if (command.commands.length > 0) command.helpCommand('help [command]', 'print the help of a command');
  command.commands.forEach(withHabits);
}

/** Runs the command line; resolves to the exit code. Never throws. */
export async function run(argv: readonly string[]): Promise<number> {
  // A reader that goes away (`ridgeflow … | head`) is no error of ours.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(EXIT.ok);
    throw error;
  });
  try {
    // Both cases of the letter are common; commander takes one.
    const given = argv.map((argument, i) => (i === 2 && argument === '-V' ? '--version' : argument));
    await speakToCommandLine(() => program().parseAsync(withScalingDefault(given)));
    // A command that has done its work may still have found something amiss.
    return typeof process.exitCode === 'number' ? process.exitCode : EXIT.ok;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    await afterFirstRank();
    return reportFailure(error, argv.includes('--debug'));
  }
}
