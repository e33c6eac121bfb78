#!/bin/sh
# Installs mailboxqtt: finds out for which machine, fetches that program, checks its sum, and puts it where the shell
# finds it. Also replaces an older one, also while that runs.
#
#   install.sh [--version VERSION] [--from FOLDER_OR_ADDRESS] [--to FOLDER]
#
# All is in functions, so that a script that was fetched only in part does nothing.
set -eu

RELEASES=https://github.com/mailboxqtt/mailboxqtt/releases

usage() {
  cat <<TEXT
Installs mailboxqtt, an MQTT broker for gateways.

Usage: install.sh [options]

  --version VERSION  which version (default: the newest)
  --from PLACE       a folder, or the address of one, with the program and its SHA256SUMS
                     (default: $RELEASES)
  --to FOLDER        where to put it (default: /usr/local/bin)
TEXT
}

fail() {
  printf '%s\n' "$1" >&2
  exit 1
}

has() {
  command -v "$1" > /dev/null 2>&1
}

# Prints what programs for this machine are called.
find_target() {
  system=$(uname -s)
  machine=$(uname -m)
  case $machine in
    x86_64 | amd64) machine=x86_64 ;;
    aarch64 | arm64) machine=aarch64 ;;
    arm* | i?86 | x86)
      fail "Cannot install: this machine ($machine) is a 32-bit one, and mailboxqtt runs on 64-bit systems only; a Raspberry Pi 3 or later, or a Zero 2, can run the 64-bit Raspberry Pi OS"
      ;;
    *) fail "Cannot install: there is no build for $machine, only for x86_64 and aarch64" ;;
  esac
  # A 64-bit kernel below 32-bit programs, as 32-bit Raspberry Pi OS has it.
  if [ "$(getconf LONG_BIT 2> /dev/null || echo 64)" = 32 ]; then
    fail "Cannot install: this system is a 32-bit one, though its kernel is not, and mailboxqtt runs on 64-bit systems only; write the 64-bit edition of it (such as the 64-bit Raspberry Pi OS) to the card"
  fi
  case $system in
    Linux) echo "$machine-unknown-linux-gnu" ;;
    Darwin) echo "$machine-apple-darwin" ;;
    MINGW* | MSYS* | CYGWIN*)
      fail "Cannot install: on Windows, download the file that ends in .exe from $RELEASES"
      ;;
    *) fail "Cannot install: there is no build for $system, only for Linux, macOS and Windows" ;;
  esac
}

# Copies the file that is called $1 from where programs are to the path $2.
fetch() {
  case $from in
    http://* | https://*)
      if has curl; then
        curl --fail --silent --show-error --location --retry 3 --output "$2" "$from/$1"
      elif has wget; then
        wget -q -O "$2" "$from/$1"
      else
        fail "Cannot download: install curl or wget, or name a folder with --from"
      fi
      ;;
    *) cp "$from/$1" "$2" ;;
  esac || fail "Cannot fetch $1 from $from"
}

# Prints the SHA-256 of a file.
sum_of() {
  if has sha256sum; then
    sha256sum < "$1"
  elif has shasum; then
    shasum -a 256 < "$1"
  else
    openssl dgst -sha256 -r < "$1"
  fi | cut -d ' ' -f 1
}

# Prints what the file is called that is for this machine, and of the wanted version, by the list of sums.
find_name() {
  # shellcheck disable=SC2254 # A version that is not given stands for all of them.
  names=$(while read -r _ name; do
    case $name in mailboxqtt-${version:-*}-"$target") echo "$name" ;; esac
  done < "$1")
  case $names in
    '') fail "Cannot install: $from has no mailboxqtt ${version:+$version }for $target" ;;
    *"
"*) fail "Cannot install: $from has more than one mailboxqtt for $target; say which with --version" ;;
    *) echo "$names" ;;
  esac
}

main() {
  version='' from='' to=/usr/local/bin
  while [ $# -gt 0 ]; do
    case $1 in
      --help | -h)
        usage
        exit
        ;;
      --version | --from | --to)
        [ -n "${2:-}" ] || fail "Cannot install: $1 needs a value"
        case $1 in
          --version) version=${2#v} ;;
          --from) from=${2%/} ;;
          --to) to=$2 ;;
        esac
        shift 2
        ;;
      *) fail "Cannot install: there is no option $1; --help lists them" ;;
    esac
  done
  [ -n "$from" ] || from=$RELEASES/${version:+download/v$version}
  [ "$from" != "$RELEASES/" ] || from=$RELEASES/latest/download

  target=$(find_target)
  has sha256sum || has shasum || has openssl ||
    fail "Cannot check the sum of what is fetched: install sha256sum, shasum or openssl"
  if ! [ -d "$to" ] && ! mkdir -p "$to" 2> /dev/null || ! [ -w "$to" ]; then
    fail "Cannot write to $to: run this as root (with sudo), or name another folder with --to"
  fi
  # In the same folder, so that the program that is there is replaced in one step, and may be running.
  work=$(mktemp -d "$to/.mailboxqtt.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  trap 'exit 1' HUP INT TERM

  fetch SHA256SUMS "$work/sums"
  name=$(find_name "$work/sums")
  echo "Fetching $name from $from"
  fetch "$name" "$work/mailboxqtt"
  expected=$(while read -r sum file; do
    [ "$file" != "$name" ] || echo "$sum"
  done < "$work/sums")
  if [ "$(sum_of "$work/mailboxqtt")" != "$expected" ]; then
    fail "Cannot install: the sum of $name is not the one in SHA256SUMS; it was damaged on its way, or changed. Nothing was installed"
  fi
  chmod 755 "$work/mailboxqtt"
  says=$("$work/mailboxqtt" --version 2>&1) ||
    fail "Cannot install: the program does not run on this system; on Linux it needs glibc, and there is no build for musl: $says"
  mv -f "$work/mailboxqtt" "$to/mailboxqtt"

  echo "Installed in $to: $says"
  case ":$PATH:" in
    *":$to:"*) command=mailboxqtt ;;
    *) command=$to/mailboxqtt ;;
  esac
  echo "Start it with: $command"
  if [ "${target%linux-gnu}" != "$target" ]; then
    echo "Have it start at boot with: sudo $command service install"
  fi
}

main "$@"
