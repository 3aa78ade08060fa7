# Goal of this test: the command line answers like a colleague, as people and scripts meet it. Nothing changes by being
# left out of a new version; values far from the plan's, a year that shuts something out and a clock that went back are
# asked about; a write says who, what, how much and what comes next; many entries are reviewed under one passphrase.
set -u
. tests/e2e/lib.inc
v() { run v1 "$@"; }
ok() { must run v1 "$@"; }
says() { # text, command...: done, and says so
	local text=$1
	shift
	ok "$@"
	grep -qF -- "$text" "$work/out" || fail "does not say \"$text\": $*: $(cat "$work/out")"
}
refuses() { # exit code, text, command...
	local code=$1 text=$2
	shift 2
	exits "$code" v "$@"
	grep -qF -- "$text" "$work/out" || fail "does not say \"$text\": $*: $(cat "$work/out")"
}
size() { v status --json | jq '[.feeds[] | select(.own)][0].size'; }
of_scheme() { v register scheme --json | jq -r ".[-1].record.$1"; }
waiting() { v entry list --json | jq "[.[] | select(.state == \"$1\")] | length"; }
record() { # household [option...]
	ok entry record --household "$1" --item D101 --place 院坝 --reason 庭院月检 --evidence 照片 --evidence-no "ZP-$1" \
		--as recorder "${@:2}"
}
today=$(TZ=UTC-8 date +%F)
hub
village 1
ok roster import "$data/village-1/roster.csv" --as head --accept

# --- a scheme without --threshold has 100, the next one what the last one had ---------------------------------------
# R49 R52
says '100.00 points' record scheme --version 1 --title 方案 --from "$today" --kind goods --name 积分超市 --as head
[[ $(of_scheme threshold) == 100.00 && $(of_scheme notified_days) == 3 ]] || fail "the first scheme is not the plan's"
before=$(size)
refuses 1 -- record scheme --version 2 --from "$today" --rate 100 --as head
grep -qF -- '--accept' "$work/out" || fail "it is not said how a far value is accepted"
refuses 2 rate record scheme --version 2 --from "$today" --rate 1.00分 --as head
(($(size) == before)) || fail "written without consent"
says 'as in version 1' record scheme --version 2 --from "$today" --rate 0.50元 --threshold 60 --as head
ok record scheme --version 3 --from "$today" --threshold 1 --accept --as head
[[ $(of_scheme rate) == 0.50 && $(of_scheme title) == 方案 ]] || fail "the third scheme lost what the second had"

# --- on a terminal a question is asked before anything is signed -------------------------------------------------------
ask() { # answer, command...: what the screen shows
	local answer=$1 typist
	shift
	rm -f "$work/keys"
	mkfifo "$work/keys"
	script -qec "'$BIN/cunzhang' --lang en --dir '$work/v1' ${*@Q}" /dev/null <"$work/keys" >"$work/screen" 2>&1 &
	typist=$!
	exec 3>"$work/keys"
	wait_for 10 grep -qF '[y/N]' "$work/screen" || fail "no question: $(cat "$work/screen")"
	echo "$answer" >&3
	exec 3>&-
	wait $typist || true # what it wrote is looked at
}
before=$(size)
ask n record scheme --version 4 --from "$today" --rate 100 --as head
grep -q 'nothing was written' "$work/screen" && (($(size) == before)) || fail "written against the answer"
# any warning asks, not only one that must be accepted
ask n entry record --household 05001 --item D101 --place 院坝 --reason 庭院月检 --evidence 照片 --as recorder
grep -q 'P08' "$work/screen" && (($(size) == before)) || fail "a warning did not ask: $(cat "$work/screen")"
ask y record scheme --version 4 --from "$today" --rate 100 --as head
(($(size) == before + 1)) || fail "not written although the answer was yes: $(cat "$work/screen")"
ok record scheme --version 5 --from "$today" --rate 1.00 --threshold 100 --as head

# --- the village's own items survive; one is dropped by its code alone ------------------------------------------------
version=$(v register adopt-catalogue --json | jq '[.[].record.version] | max + 1')
printf '变动,事项编码\n取消,A202\n' >"$work/drop.csv"
# R30 R31
ok catalogue adopt --version "$version" --from "$today" --lines "$work/drop.csv" --as head
says 'A202' catalogue adopt --version $((version + 1)) --from "$today" --drop C203 --as head
ok catalogue adopt --version $((version + 2)) --base 1 --from "$today" --as head
v catalogue show >"$work/items"
grep -qE '^(A202|C203)' "$work/items" && fail "a dropped item came back"
# R38
v --lang en catalogue show | grep -E '^B205' | grep -q needed || fail "the catalogue does not say who needs a document"
refuses 1 P08 entry record --household 05001 --member 1 --item B205 --day "$today" --notified "$today" --place 国道 \
	--reason 酒后驾车 --evidence 处罚决定书 --as recorder
refuses 1 '照片' entry record --household 05001 --item D101 --place 院坝 --reason 庭院月检 --evidence 听说 --as recorder

# --- many entries under one passphrase, and an answer in words --------------------------------------------------------
# R08
says 'D101' entry record --household 05001 --item D101 --place 院坝 --reason 庭院月检 --evidence 照片 --evidence-no A-1 \
	--as recorder
grep -q 'next: .*entry review' "$work/out" || fail "the next step is not said"
record 05021
record 05023
record 05027
(($(waiting recorded) == 4)) || fail "not four entries wait"
before=$(size)
ok entry review --group 5 --as reviewer
(($(size) == before + 1 && $(waiting recorded) == 0)) || fail "the group is not reviewed in one record"
says 'nothing waits' entry confirm --all --as reviewer # what he reviewed is for others
from=$(v entry list --json | jq '[.[].entry] | min')
to=$(v entry list --json | jq '[.[].entry] | max')
refuses 1 'done: 1, refused: 1' entry confirm "$from" 9999 --as confirmer
ok entry confirm "$((from + 1))-$to" --as confirmer
(($(waiting reviewed) == 0)) || fail "the range is not confirmed"
refuses 2 ENTRY entry review --as reviewer
says 'nothing waits' entry review --all --as reviewer
ok register household
grep -q 05001 "$work/out" || fail "the register of households is empty"

# --- what is missing says so -------------------------------------------------------------------------------------------
v status >"$work/out"
# R15 R45
grep -q 'village plan' "$work/out" || fail "status does not miss the plan"
v table due >"$work/out"
grep -q 'village plan' "$work/out" || fail "the table of what is due does not miss the plan"
# R71 R32
run hub table villages --json | jq -e '.rows | length == 2' >/dev/null || fail "the hub has no comparison of villages"
run hub table town_filings --json | jq -e '.rows | length > 3' >/dev/null || fail "the hub does not see what is filed"

# --- a clock that goes back, where the machine can pretend one ----------------------------------------------------------
# (a sanitizer's library wants to be the first one that is loaded)
if command -v faketime >/dev/null && [[ $BIN != *san ]]; then
	stop v1
	# not under faketime(1), which would be the process that `end_all` ends in place of the daemon
	LD_PRELOAD=$(faketime -m -f -60d printenv LD_PRELOAD) FAKETIME=-60d FAKETIME_DONT_FAKE_MONOTONIC=1 NO_FAKE_STAT=1 \
		"$BIN/cunzhangd" --dir "$work/v1" 2>"$work/v1.log" &
	pids+=($!)
	wait_for 10 run v1 status || fail "the village does not start in the past"
	refuses 1 'days before entry' record training --day 2025-01-20 --topic 录入操作 --trainer 镇办 --attendance 2 --as head
	v status >"$work/out"
	grep -q 'its clock may have gone back' "$work/out" || fail "status does not say it: $(cat "$work/out")"
	# who accepts it says that this day is right, and is not asked again
	says written record training --day 2025-01-20 --topic 录入操作 --trainer 镇办 --attendance 2 --as head --accept
fi
