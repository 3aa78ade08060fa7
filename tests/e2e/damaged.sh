# Goal of this test: whatever stands on the pages of a store (zeros, random bytes, another page, nothing), verify and
# the daemon end with a sentence and exit 4 or 3, or go on; never by a signal. Pages and bytes are the same each time.
set -eu
. tests/e2e/lib.inc
hub
village 1
must run v1 roster import "$data/village-1/roster.csv" --as head
must run v1 entry record --household 05001 --item D101 --day 2025-06-01 --place yard --reason "monthly check" \
	--evidence 照片 --as recorder
wait_for 20 settled v1 || fail "village does not settle"
stop v1
stop hub
cp "$work/v1/store/data.mdb" "$work/good"
store=$work/v1/store/data.mdb
pages=$(($(stat -c %s "$work/good") / 4096))
random_page() { LC_ALL=C awk -v seed="$1" 'BEGIN { srand(seed); for (i = 0; i < 4096; i++) printf "%c", int(rand() * 256) }'; }
damage() { # kind page
	cp "$work/good" "$store"
	local to=(bs=4096 count=1 seek="$2" conv=notrunc of="$store" status=none)
	case $1 in
	zeroed) dd if=/dev/zero "${to[@]}" ;;
	random) random_page "$2" | dd iflag=fullblock "${to[@]}" ;;
	other) dd if="$work/good" skip=$(((2 * $2 + 7) % pages)) "${to[@]}" ;;
	truncated) truncate -s $(($2 * 4096 + 100)) "$store" ;;
	esac || fail "$1 page $2"
}

kinds=(zeroed random other truncated) noticed=0 tried=0 lossy=0
for ((page = 0; page < pages; page += (pages + 59) / 60)); do
	kind=${kinds[tried++ % 4]}
	damage "$kind" "$page"
	rv=0
	run v1 verify --json >"$work/out" 2>"$work/err" || rv=$?
	((rv == 0 || rv == 3 || rv == 4)) || fail "page $page $kind: verify exits $rv: $(cat "$work/err")"
	((rv == 0)) && continue
	noticed=$((noticed + 1))
	((rv == 3)) || jq -e '(.ok | not) and all(.problems[]; .reason | length > 0)' "$work/out" >"$work/null" ||
		fail "page $page $kind: $(cat "$work/out")"
	((rv == 3)) || ! jq -e '.lost.entries > 0' "$work/out" >"$work/null" || lossy=$((lossy + 1))
	((rv == 4)) || [[ -s $work/err ]] || fail "page $page $kind: no sentence"
done
((noticed > tried / 4)) || fail "only $noticed of $tried damages noticed"
((lossy > 2)) || fail "entries are lost with $lossy pages only"
# nothing but the first page, which says where all others are, is lost: every entry can be named and found
damage zeroed 0
exits 4 run v1 verify --json
jq -e '.lost == {entries: 0, alone: 0}' "$work/out" >"$work/null" || fail "lost: $(cat "$work/out")"
run v1 verify >"$work/out" && fail "a page of zeros passes"
grep -q 'entries can still be read and are whole' "$work/out" || fail "no sentence: $(cat "$work/out")"
damage truncated $((pages / 2))
exits 4 run v1 verify
grep -q 'entries cannot be read here any more' "$work/out" || fail "what is lost: $(cat "$work/out")"
damage zeroed 1 # it says where all others are
LANGUAGE=zh run v1 verify >"$work/out" && fail "a page of zeros passes"
grep -q '存储文件第 1 页' "$work/out" && grep -q '存储文件已损坏' "$work/out" || fail "no sentence: $(cat "$work/out")"

# the daemon: it does not start, or it answers, or it ends while it is asked; then with 3 and a sentence
started=0
alive() { kill -0 "$pid_v1" 2>"$work/null"; }
for ((page = 1; page < pages; page += (pages + 19) / 20)); do
	kind=${kinds[tried++ % 4]}
	damage "$kind" "$page"
	: >"$work/v1.log"
	start v1
	while alive && ! grep -q 'ready:' "$work/v1.log"; do sleep 0.02; done
	for question in status "account 05001" log "table ledger"; do
		alive || break # nobody waits for it to start
		# shellcheck disable=SC2086
		rv=0
		run v1 $question >"$work/out" 2>&1 || rv=$?
		((rv < 128)) || fail "page $page $kind: $question"
	done
	alive && kill -TERM "$pid_v1"
	rv=0
	wait "$pid_v1" || rv=$?
	((rv == 0 || rv == 3)) || fail "page $page $kind: the daemon exits $rv"
	((rv == 0)) && started=$((started + 1))
	((rv == 0)) || grep -q 'ERROR' "$work/v1.log" || fail "page $page $kind: no sentence"
done
# as it was before
cp "$work/good" "$store"
must run v1 verify
start v1
wait_for 10 run v1 status || fail "the daemon does not start with the store as it was"
echo "$tried pages damaged, verify noticed $noticed, the daemon started with $started of them"
