# shellcheck shell=sh disable=SC2154
# Unpacks the server, whose packed bytes follow on standard input. Variables: id, pack (SHA-256 of
# all packed bytes), part (what an earlier try left, or empty), offset (where this one goes on),
# total, version (what its farcelld says of itself).
mkdir -p "$data" 2>/dev/null || fail no-folder "$data"
mine=$data/upload-$pack.$$
# Whoever can rename the leftover owns it.
if [ -n "$part" ]; then
    mv "$part" "$mine" 2>/dev/null || fail moved ""
fi
unpacked=$data/unpack-$$
keep() { [ -e "$mine" ] && mv "$mine" "$data/upload-$pack.part"; }
trap 'rm -rf "$unpacked"; keep' EXIT
trap 'exit 1' HUP INT TERM
[ -e "$mine" ] || : 2>/dev/null >"$mine" || fail no-folder "$data"
[ $(($(wc -c <"$mine"))) -eq "$offset" ] || fail moved ""
say ready yes
problem=$(cat 2>&1 >>"$mine") || fail write "$problem"
have=$(($(wc -c <"$mine")))
[ "$have" -ge "$total" ] || fail cut "$have"
case $(sha256sum "$mine") in
    "$pack "*) ;;
    *)
        rm -f "$mine"
        fail damaged ""
        ;;
esac
say received yes
mkdir "$unpacked" || fail no-folder "$data"
problem=$(tar -xzf "$mine" -C "$unpacked" 2>&1) || fail unpack "$problem"
problem=$(cd "$unpacked" && sha256sum -c manifest 2>&1 >/dev/null) || fail unpack "$problem"
said=$("$unpacked/bin/farcelld" --version 2>&1)
[ "$said" = "$version" ] || fail does-not-run "$said"
said=$("$unpacked/bin/farcell-keeper" --version 2>&1 </dev/null) || true
case $said in
    *GLIBC* | *"shared librar"*) fail does-not-run "$said" ;;
esac
# Another app may have been quicker; its copy is the same.
[ -d "$data/$id" ] || mv "$unpacked" "$data/$id" || fail no-folder "$data/$id"
rm -rf "$mine" "$data/upload-$pack".*
say installed yes
exit 0
