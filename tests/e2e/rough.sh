# Goal of this test: a node goes on where the world around it is rough: an unusable address of the hub, strangers
# who hold connections open or fill the log, another daemon on the same directory, a stop in the middle of an
# import, a restart on a full disk.
set -eu
. tests/e2e/lib.inc
hub
village 1
must run v1 roster import "$data/village-1/roster.csv" --as head
wait_for 20 settled v1 || fail "village does not settle"

# --- strangers who say nothing: the village still gets through ---------------------------------------------
stop v1
held=()
for ((i = 0; i < 80; i++)); do
	exec {fd}<>"/dev/tcp/127.0.0.1/$hub_port" || fail "connection $i is not accepted"
	held+=("$fd")
done
start v1
wait_for 10 run v1 status || fail "the village does not start again"
must run v1 operator add deputy --role recorder --as head
wait_for 10 settled v1 || fail "the village does not get past 80 silent strangers"
for fd in "${held[@]}"; do exec {fd}>&-; done

# --- strangers who knock and knock: the log says so, and stays small ----------------------------------------
before=$(wc -l <"$work/hub.log")
for ((i = 0; i < 400; i++)); do printf '\377\377' >"/dev/tcp/127.0.0.1/$hub_port"; done
must run hub status
lines=$(($(wc -l <"$work/hub.log") - before))
((lines < 120)) || fail "$lines lines in the log about 400 strangers"

# --- one directory, one daemon ------------------------------------------------------------------------------
"$czd" --dir "$work/v1" 2>"$work/second" && fail "a second daemon starts"
grep -q 'in use by another' "$work/second" || fail "no reason: $(cat "$work/second")"
cp -r "$work/v1" "$work/locked"
rm "$work/locked/lock"
mkdir "$work/locked/lock" # it cannot be locked, and nobody else has it
exits 3 "$czd" --dir "$work/locked"
grep -q 'locked/lock: Is a directory' "$work/out" && ! grep -q 'another' "$work/out" || fail "why: $(cat "$work/out")"

# --- a directory too deep for a socket ----------------------------------------------------------------------
deep=$work/$(printf 'x%.0s' {1..100})
exits 2 run "${deep##*/}" init hub --name T --code 500101999 --domain d.example --listen a:1 --operator o
grep -q 'shorter --dir' "$work/out" || fail "a directory too deep: $(cat "$work/out")"
[[ ! -e $deep ]] || fail "a refused init left something behind"

# --- an address that leads nowhere --------------------------------------------------------------------------
for address in nowhere a..b:70 'x:port' '[::1:1'; do
	stop v1
	sed -i "s/^hub = .*/hub = $address/" "$work/v1/config.ini"
	start v1
	wait_for 10 run v1 status || fail "hub = $address: the village does not run"
	wait_for 10 grep -qF "hub $address" "$work/v1.log" || fail "hub = $address: nothing in the log"
	must run v1 status
done
stop v1
sed -i "s/^hub = .*/hub = 127.0.0.1:$hub_port/" "$work/v1/config.ini"
sed -i "s/^http = .*/http = [::1]:$((hub_port + 1))/" "$work/v1/config.ini"
if [[ -e /proc/net/if_inet6 ]]; then
	start v1
	wait_for 10 curl -fsg "http://[::1]:$((hub_port + 1))/healthz" || fail "no answer on an IPv6 address"
	stop v1
fi
sed -i "s/^http = .*/http = /" "$work/v1/config.ini"
start v1
wait_for 10 settled v1 || fail "the village does not come back"

# --- a stop in the middle of an import: what is there is whole, the rest comes with the next try -------------
year=(entry import "$data/village-1/entries-2025.csv" --accept --as recorder --review-as reviewer --confirm-as confirmer)
run v1 "${year[@]}" >"$work/import" 2>&1 &
importer=$!
pids+=("$importer")
wait_for 10 bash -c "[[ \$('$cz' --dir '$work/v1' status --json | jq '[.feeds[] | select(.own)][0].size') -gt 126 ]]"
stop v1
wait "$importer" || true # it may have ended before the stop
must run v1 verify
start v1
wait_for 10 run v1 status || fail "the village does not start after a stop in an import"
must run v1 "${year[@]}"
must run v1 "${year[@]}"
wait_for 30 settled v1 || fail "the village does not settle after the import"
must run v1 verify

# --- too few open files: the hub says so, and serves whom it can --------------------------------------------
grep -q 'files may be open' "$work/hub.log" && fail "the hub complains of $(ulimit -Hn) open files"
stop hub
(ulimit -n 400 && exec "$czd" --dir "$work/hub") 2>>"$work/hub.log" &
pids+=($!) pid_hub=$!
wait_for 10 grep -q '400 files may be open' "$work/hub.log" || fail "nothing about 400 open files in the log"
must run v1 operator add helper --role recorder --as head
wait_for 20 settled v1 || fail "the village does not come back to a hub with 400 open files"
