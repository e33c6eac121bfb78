/** How the command `completions` is called. */
export const COMPLETIONS_USAGE = "completions bash|zsh|fish";

/** What it does. */
export const COMPLETIONS_ABOUT: string =
  "Writes a script with which the shell completes the commands of mailboxqtt and their flags. For bash, add to " +
  "~/.bashrc: source <(mailboxqtt completions bash). For zsh, add to ~/.zshrc behind compinit: source <(mailboxqtt " +
  "completions zsh). For fish: mailboxqtt completions fish > ~/.config/fish/completions/mailboxqtt.fish.";
