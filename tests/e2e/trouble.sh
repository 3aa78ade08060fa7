# Goal of this test: what a shop or a disk does to a node. An old copy of the store under the guard of today, the
# image of a whole old disk, a full disk at the village and at the hub: nobody signs a second history, nobody is told
# that something was done which was not, and with the right disk all goes on.
set -eu
. tests/e2e/lib.inc
hub
village 1
v=(--dir "$work/v1")
day=$(china_day '-2 days')
training() { expect 0 'written' "${v[@]}" record training --day "$day" --topic "$1" --trainer 镇办 --attendance 12 --as head; }
start_limited() { # name, kB that no file may go over
	(
		trap '' XFSZ # the system says so by an error, as a full disk does
		ulimit -f "$2"
		exec "$czd" --dir "$work/$1" 2>>"$work/$1.log"
	) &
	pids+=($!)
	printf -v "pid_$1" %s $!
}
own() { run "$1" status --json | jq '[.feeds[] | select(.own)][0].size'; }
must run v1 roster import "$data/village-1/roster.csv" --as head
wait_for 20 settled v1 || fail "the village does not settle"

# --- an old copy of the store, the guard of today ------------------------------------------------------------
stop v1
cp -a "$work/v1" "$work/image" # store and guard as they are now
start v1
wait_for 10 run v1 status || fail "the village does not start again"
for topic in 一 二 三; do training "$topic"; done
wait_for 20 settled v1 || fail "the village does not settle"
size=$(own v1)
stop v1
mv "$work/v1/store" "$work/newest"
cp -a "$work/image/store" "$work/v1/store"
start v1
wait_for 10 run v1 status || fail "a node on an old store does not show what it has"
expect 0 'restored from an old copy' "${v[@]}" --lang en status
expect 0 '是旧备份' "${v[@]}" --lang zh status
in_json 0 "${v[@]}" status
jq -e '.halted != null' "$work/json" >/dev/null || fail "halted: $(cat "$work/json")"
expect 3 'does not write at present' "${v[@]}" record training --day "$day" --topic 四 --trainer 镇办 --attendance 12 --as head
expect 3 '目前不能写入' "${v[@]}" --lang zh record training --day "$day" --topic 四 --trainer 镇办 --attendance 12 --as head
expect 0 '05001' "${v[@]}" account
expect 4 '' "${v[@]}" verify
[[ $(own v1) -lt $size ]] || fail "this is no old copy"
must run hub verify
stop v1
rm -r "$work/v1/store"
mv "$work/newest" "$work/v1/store"
start v1
wait_for 20 settled v1 || fail "with the right store the village does not go on"
[[ $(own v1) == "$size" ]] || fail "the village has lost entries"
must run v1 verify

# --- the image of the whole old disk: the node itself cannot know ----------------------------------------------
stop v1
mv "$work/v1" "$work/right"
cp -a "$work/image" "$work/v1"
start v1
wait_for 10 run v1 status || fail "the old image does not start"
older() { run "$1" status --json | jq -e --arg name "$2" 'any(.alarms[]; .name == $name)' >/dev/null; }
wait_for 20 older v1 OWN_OLDER || fail "the village does not hear that it is an old copy: $(run v1 status --json)"
wait_for 20 older hub PEER_OLDER || fail "the hub says nothing of an old copy: $(run hub status --json)"
training 另一段历史 # a second history, which stays here
exits 0 run hub status
[[ $(run hub status --json | jq '[.feeds[] | select(.own | not)][0].size') == "$size" ]] ||
	fail "the hub has another history than the one it acknowledged"
must run hub verify
stop v1
rm -r "$work/v1"
mv "$work/right" "$work/v1"
start v1
training 四
wait_for 20 settled v1 || fail "the right disk does not go on"
wait_for 20 settled hub || fail "the hub does not go on with the right disk"
must run v1 verify
must run hub verify

# --- a full disk at the village --------------------------------------------------------------------------------
kb() { echo $(($(stat -c %s "$work/$1/store/data.mdb") / 1024 + 8)); }
stop v1
start_limited v1 "$(kb v1)"
wait_for 10 run v1 status || fail "a node on a full disk does not show what it has"
size=$(own v1)
full=0
for ((i = 0; i < 200 && !full; i++)); do
	rv=0
	run v1 record training --day "$day" --topic "第 $i 次" --trainer "$(printf '镇%.0s' {1..20})" --attendance 12 \
		--as head >"$work/out" 2>&1 || rv=$?
	((rv == 0 || rv == 3)) || fail "exit $rv on a full disk: $(cat "$work/out")"
	((rv == 0)) || full=1
done
((full)) || fail "the disk does not become full"
grep -q 'the disk or the store is full; nothing was written' "$work/out" || fail "why: $(cat "$work/out")"
[[ $(own v1) == $((size + i - 1)) ]] || fail "of $i records $(($(own v1) - size)) are there"
expect 0 '05001' "${v[@]}" account
exits 0 run v1 verify
stop v1
start v1
wait_for 20 settled v1 || fail "with room again the village does not go on"
training 五
wait_for 20 settled v1 || fail "the village does not settle with room again"
must run v1 verify

# --- a full disk at the hub: it acknowledges nothing that it does not have ----------------------------------------
stop hub
start_limited hub "$(kb hub)"
wait_for 10 run hub status || fail "a hub on a full disk does not show what it has"
full_hub() { grep -q 'store: the disk is full' "$work/hub.log"; }
for ((i = 0; i < 200; i++)); do
	full_hub && break
	must run v1 record training --day "$day" --topic "会 $i" --trainer "$(printf '镇%.0s' {1..20})" --attendance 12 --as head
done
wait_for 30 full_hub || fail "the hub's disk does not become full"
must run v1 record training --day "$day" --topic 六 --trainer 镇办 --attendance 12 --as head
in_json 0 "${v[@]}" status
jq -e '[.feeds[] | select(.own)][0] | .at_hub < .size' "$work/json" >/dev/null || fail "acknowledged: $(cat "$work/json")"
held=$(run hub status --json | jq '[.feeds[] | select(.own | not)][0].size')
(($(jq '[.feeds[] | select(.own)][0].at_hub' "$work/json") <= held)) || fail "the hub said more than it has"
stop hub
start hub
wait_for 60 settled v1 || fail "with room again the hub does not go on"
must run hub verify
must run v1 verify
