# Shared by install-deps, run and test: short messages, and long commands shown as one moving line.
# shellcheck shell=bash

if [[ -t 2 ]]; then FARCELL_TTY=1; else FARCELL_TTY=0; fi

say() { printf '%s\n' "$*" >&2; }

die() {
    say "$1"
    exit "${2:-1}"
}

# show_progress TEXT: replaces the moving line; without a terminal it is a line of the log.
show_progress() {
    if ((FARCELL_TTY)); then printf '\r\033[K%s' "$1" >&2; else say "$1"; fi
}

end_progress() {
    if ((FARCELL_TTY)); then printf '\r\033[K' >&2; fi
    return 0
}

# follow_ninja TITLE: reads ninja's output, shows "[n/m]"; keeps nothing (the log does).
follow_ninja() {
    local title=$1 line built total percent last=-1
    while IFS= read -r line; do
        [[ $line =~ ^\[([0-9]+)/([0-9]+)\] ]] || continue
        built=${BASH_REMATCH[1]} total=${BASH_REMATCH[2]}
        percent=$((100 * built / total))
        if ((FARCELL_TTY)); then
            show_progress "$title: $built of $total"
        elif ((percent / 10 > last / 10 || last < 0)); then
            show_progress "$title: $percent %"
        fi
        last=$percent
    done
    end_progress
}

# build_preset PRESET TARGET…: configures when needed and builds. Says nothing when all is built.
build_preset() {
    local preset=$1 log=build/$1/build.log
    shift
    mkdir -p "build/$preset"
    if [[ ! -f build/$preset/build.ninja ]]; then
        show_progress "Configuring ($preset)"
        if ! cmake --preset "$preset" >"$log" 2>&1; then
            end_progress
            tail -n 40 "$log" >&2
            die "Configuring failed; the whole log is $log."
        fi
        end_progress
    fi
    local status=0
    cmake --build --preset "$preset" ${1:+--target "$@"} 2>&1 | tee "$log" |
        follow_ninja "Building ($preset)" || status=${PIPESTATUS[0]}
    if ((status != 0)); then
        grep -A 40 -m 1 -E '^FAILED:|error:|CMake Error' "$log" >&2 || tail -n 40 "$log" >&2
        die "The build failed; the whole log is $log."
    fi
}
