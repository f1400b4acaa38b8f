# shellcheck shell=sh disable=SC2034
# What the scripts beside share. The app sends this, then its variables, then one of the scripts to
# `sh` on the host, and reads the lines that start with "farcell:".
umask 077
say() { printf 'farcell:%s=%s\n' "$1" "$(printf '%s' "$2" | tr '\n' ' ' | cut -c1-4000)"; }
fail() {
    say error "$1"
    say detail "$2"
    exit 0
}
say begin yes
if [ -z "$HOME" ] || [ ! -d "$HOME" ]; then
    fail no-home "$HOME"
fi
node=$(uname -n)
data=$HOME/.local/share/farcell/server
# One per machine: a home folder may be shared between several.
state=$HOME/.local/state/farcell/ssh-$node

# started PID: when the process began, which together with its number names it for good.
# Nothing of one that has ended and only waits to be collected.
started() { sed -n 's/.*) //; /^[ZX]/!p' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }
alive() { [ -n "$1" ] && [ -n "$2" ] && [ "$(started "$1")" = "$2" ]; }
field() { sed -n "s/^$1 //p" "$state/server" 2>/dev/null | head -n 1; }
number() { sed -n "s/.*\"$1\": *\([0-9][0-9]*\).*/\1/p" "$2" 2>/dev/null | head -n 1; }

read_server() {
    server_pid=$(field pid)
    server_start=$(field start)
    server_socket=$(field socket)
    alive "$server_pid" "$server_start"
}
say_server() {
    say server_id "$(field id)"
    say server_version "$(field version)"
    say server_pid "$server_pid"
    say socket "$server_socket"
    say token "$(cat "$state/token")"
}

# for_kernels COMMAND: runs `COMMAND ID FOLDER` for each running kernel that somebody asked for.
for_kernels() {
    for folder in "$state"/kernels/*/; do
        [ -e "$folder/keeper.json" ] || continue
        grep -q '"end_with_owner": *true' "$folder/start.json" 2>/dev/null && continue
        alive "$(number keeper_pid "$folder/keeper.json")" \
            "$(number keeper_start "$folder/keeper.json")" || continue
        "$1" "$(basename "$folder")" "$folder"
    done
}

stop_server() {
    alive "$server_pid" "$server_start" || return 0
    kill "$server_pid" 2>/dev/null
    tries=0
    while alive "$server_pid" "$server_start"; do
        tries=$((tries + 1))
        [ "$tries" -eq 100 ] && kill -9 "$server_pid" 2>/dev/null
        [ "$tries" -ge 120 ] && return 1
        sleep 0.1
    done
}

# The environment of a terminal on this host, as commands for sh: PATH and the like are often set
# in the start-up files of the log-in shell only.
terminal_environment() {
    case ${SHELL##*/} in
        bash | zsh | fish | ksh | mksh) ;;
        *) return 0 ;;
    esac
    command -v timeout >/dev/null || return 0
    timeout -k 2 10 "$SHELL" -lic 'exec /bin/sh -c "echo; echo farcell-environment; export -p"' \
        </dev/null 2>/dev/null | sed '1,/^farcell-environment$/d'
}
use_terminal_environment() {
    tools=$PATH
    eval "$1"
    unset SSH_CLIENT SSH_CONNECTION SSH_TTY SSH_AUTH_SOCK SSH_ASKPASS SSH_ORIGINAL_COMMAND
    unset TERM OLDPWD SHLVL PS1 _
    PATH=${PATH:-$tools}
}
