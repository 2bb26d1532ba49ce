import { Argument, Command, type Option } from 'commander';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

const EXAMPLES = `
Examples:
  source <(ridgeflow completion bash)   in ~/.bashrc
  source <(ridgeflow completion zsh)    in ~/.zshrc, after compinit
  ridgeflow completion fish > ~/.config/fish/completions/ridgeflow.fish`;

/** `ridgeflow completion`. `root` gives the whole grammar, of which the script is made. */
export function completionCommand(root: () => Command): Command {
  return new Command('completion')
    .description('Print a script that completes commands, options and their values in a shell.')
    .addArgument(new Argument('<shell>', 'the shell').choices(SHELLS))
    .addHelpText('after', EXAMPLES)
    .action((shell: Shell) => {
      process.stdout.write(completionScript(root(), shell));
    });
}

/** The script of a shell that completes the commands of `root`. */
export function completionScript(root: Command, shell: Shell): string {
  const commands = root.commands.filter((command) => command.name() !== 'help');
  return { bash: bashScript, zsh: zshScript, fish: fishScript }[shell](commands);
}

const optionsOf = (command: Command) => command.createHelp().visibleOptions(command);
const flagsOf = ({ short, long }: Option) => [short, long].filter((flag) => flag !== undefined);
const takesValue = (option: Option) => option.required || option.optional;
const single = (text: string) => `'${text.replaceAll("'", String.raw`'\''`)}'`;
const firstSentence = (text: string) =>
  text
    .replace(/\s+/g, ' ')
    .split(/[.:;(](?:\s|$)/)[0]
    .trim();

/** Values of the arguments of a command, where they are a list. */
const wordsOf = (command: Command) =>
  command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []);

function bashScript(commands: readonly Command[]): string {
  const cases = commands.map((command) => {
    const flags = optionsOf(command).flatMap(flagsOf);
    return `    ${command.name()}) flags=${single(flags.join(' '))} words=${single(wordsOf(command).join(' '))} ;;`;
  });
  const values = commands.flatMap((command) =>
    optionsOf(command).flatMap((option) => {
      const choices = option.argChoices ?? [];
      if (choices.length === 0) return [];
      const patterns = flagsOf(option).map((flag) => `${command.name()}:${flag}`);
      return [`    ${patterns.join('|')}) words=${single(choices.join(' '))} ;;`];
    }),
  );
  const free = commands.flatMap((command) =>
    optionsOf(command)
      .filter((option) => option.required && !option.argChoices)
      .flatMap((option) => flagsOf(option).map((flag) => `${command.name()}:${flag}`)),
  );
  return `# ridgeflow completion for bash
_ridgeflow() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} words= flags=
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W ${single([...commands.map((command) => command.name()), 'help', '--version', '--help'].join(' '))} -- "$cur"))
    return
  fi
  case "\${COMP_WORDS[1]}:$prev" in
${values.join('\n')}
    ${free.join('|')}) return ;;
  esac
  if [[ -n $words ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$cur"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
    help) words=${single(commands.map((command) => command.name()).join(' '))} ;;
  esac
  [[ $cur == -* ]] && words=$flags
  [[ -z $words ]] || COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _ridgeflow ridgeflow
`;
}

function zshScript(commands: readonly Command[]): string {
  const plain = (text: string) => firstSentence(text).replace(/[[\]:\\]/g, ' ');
  const described = commands.map(
    (command) => `    ${single(`${command.name()}:${firstSentence(command.description())}`)}`,
  );
  const cases = commands.map((command) => {
    const specs = optionsOf(command).flatMap((option) =>
      flagsOf(option).map((flag) => {
        const values = option.argChoices ? `(${option.argChoices.join(' ')})` : '_files';
        const value = takesValue(option) ? `${option.optional ? '::' : ':'}value:${values}` : '';
        return single(`${option.variadic ? '*' : ''}${flag}[${plain(option.description)}]${value}`);
      }),
    );
    const words = wordsOf(command);
    const rest = single(words.length > 0 ? `*:value:(${words.join(' ')})` : '*:file:_files');
    return `    ${command.name()}) _arguments ${[...specs, rest].join(' ')} ;;`;
  });
  return `#compdef ridgeflow
# ridgeflow completion for zsh
_ridgeflow() {
  local -a commands
  commands=(
${described.join('\n')}
  )
  if ((CURRENT == 2)); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  ((CURRENT--))
  case $command in
${cases.join('\n')}
  esac
}
compdef _ridgeflow ridgeflow
`;
}

function fishScript(commands: readonly Command[]): string {
  const lines = commands.flatMap((command) => {
    const seen = `-n ${single(`__fish_seen_subcommand_from ${command.name()}`)}`;
    const words = wordsOf(command);
    return [
      `complete -c ridgeflow -n __fish_use_subcommand -f -a ${command.name()} -d ${single(firstSentence(command.description()))}`,
      ...(words.length > 0 ? [`complete -c ridgeflow ${seen} -f -a ${single(words.join(' '))}`] : []),
      ...optionsOf(command).map((option) => {
        const short = option.short ? ` -s ${option.short.slice(1)}` : '';
        const long = option.long ? ` -l ${option.long.slice(2)}` : '';
        const values = option.argChoices ? ` -f -a ${single(option.argChoices.join(' '))}` : '';
        const value = option.required ? ` -r${values}` : values;
        return `complete -c ridgeflow ${seen}${short}${long}${value} -d ${single(firstSentence(option.description))}`;
      }),
    ];
  });
  return `# ridgeflow completion for fish\n${lines.join('\n')}\n`;
}
