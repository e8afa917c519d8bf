import { ConfigError } from "../../config/config-error.ts";
import type { Vocabulary } from "../../config/vocabulary.ts";
import { type CommandName, commandNames, commands } from "../arguments/commands.ts";

const shells = { bash, zsh, fish };

/** A script that completes commands and flags in a shell. Throws ConfigError for a shell that is not known. */
export function completionScript(shell: string, vocabulary: Vocabulary): string {
  if (!Object.hasOwn(shells, shell))
    throw new ConfigError([`there is no completion for "${shell}": use ${Object.keys(shells).join(", ")}`]);
  return shells[shell as keyof typeof shells](vocabulary);
}

/** What may follow a command: its flags, and the settings where it takes them. */
function flagsOf(name: CommandName, vocabulary: Vocabulary): string[] {
  const settings = commands[name].settings ? ["config_file", ...vocabulary.keys()] : [];
  return [...new Set([...Object.keys(commands[name].options), ...settings, "help"])].map((flag) => `--${flag}`);
}

/** Words that a command takes beside flags; undefined: files are offered. */
function operandsOf(name: CommandName): readonly string[] | undefined {
  if (name === "completion") return Object.keys(shells);
  return name === "help" ? commandNames : undefined;
}

function bash(vocabulary: Vocabulary): string {
  const cases = commandNames.map((name) => {
    const words = [...flagsOf(name, vocabulary), ...(operandsOf(name) ?? [])];
    return `    ${name}) words="${words.join(" ")}" ;;`;
  });
  return `# bash completion of tokenwire
_tokenwire() {
  local current="\${COMP_WORDS[COMP_CWORD]}" command="\${COMP_WORDS[1]}" words
  if [[ $COMP_CWORD -eq 1 && $current != -* ]]; then
    COMPREPLY=($(compgen -W "${commandNames.join(" ")}" -- "$current"))
    return
  fi
  case "$command" in
${cases.join("\n")}
    *) words="${[...flagsOf("serve", vocabulary), "--version"].join(" ")}" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _tokenwire tokenwire
`;
}

function zsh(vocabulary: Vocabulary): string {
  const list = commandNames.map((name) => `    ${quote(`${name}:${commands[name].about}`)}`);
  const cases = commandNames.map((name) => {
    const words = [...flagsOf(name, vocabulary), ...(operandsOf(name) ?? [])];
    return `    ${name}) compadd -- ${words.join(" ")}; _files ;;`;
  });
  return `#compdef tokenwire
# zsh completion of tokenwire
_tokenwire() {
  local -a names
  names=(
${list.join("\n")}
  )
  if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then
    _describe command names
    return
  fi
  case $words[2] in
${cases.join("\n")}
    *) compadd -- ${[...flagsOf("serve", vocabulary), "--version"].join(" ")}; _files ;;
  esac
}
if [ "$funcstack[1]" = "_tokenwire" ]; then _tokenwire "$@"; else compdef _tokenwire tokenwire; fi
`;
}

function fish(vocabulary: Vocabulary): string {
  const lines = commandNames.flatMap((name) => [
    `complete -c tokenwire -n __fish_use_subcommand -a ${name} -d ${quote(commands[name].about)}`,
    ...flagsOf(name, vocabulary).map(
      (flag) => `complete -c tokenwire -n ${quote(`__fish_seen_subcommand_from ${name}`)} -l ${flag.slice(2)}`,
    ),
    ...(operandsOf(name) ?? []).map(
      (word) => `complete -c tokenwire -n ${quote(`__fish_seen_subcommand_from ${name}`)} -a ${word}`,
    ),
  ]);
  const bare = flagsOf("serve", vocabulary).map(
    (flag) => `complete -c tokenwire -n __fish_use_subcommand -l ${flag.slice(2)}`,
  );
  return `# fish completion of tokenwire\n${[...lines, ...bare].join("\n")}\n`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
