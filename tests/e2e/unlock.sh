# Goal of this test: a clerk types the passphrase once. The key serves until it is locked, until its owner is revoked, or
# the node stops; for its owner's requests alone; and nothing of it can be read by others.
set -u
. tests/e2e/lib.inc
v() { run v1 "$@"; }
ok() { must run v1 "$@"; }
refuses() { # exit code, text, command...
	local code=$1 text=$2
	shift 2
	exits "$code" v "$@"
	grep -qF -- "$text" "$work/out" || fail "does not say \"$text\": $*: $(cat "$work/out")"
}
unlocked() { v status --json | jq -r '[.unlocked[].as] | sort | join(" ")'; }
record() { # household
	entry=(entry record --household "$1" --item D101 --place 院坝 --reason 庭院月检 --evidence 照片
		--evidence-no "ZP-$1" --as recorder)
}
export XDG_RUNTIME_DIR="$work/run"
mkdir -m 700 "$work/run"
hub
village 1
ok roster import "$data/village-1/roster.csv" --as head --accept
pass=$CUNZHANG_PASSPHRASE

# --- unlocked, nobody is asked -----------------------------------------------------------------------------------------
ok unlock --as recorder
grep -q 'recorder is unlocked' "$work/out" || fail "unlock says nothing"
[[ $(unlocked) == recorder ]] || fail "status does not show who has unlocked"
v status >"$work/out"
grep -q '^unlocked: recorder' "$work/out" || fail "status does not say it"
files=("$work"/run/*)
((${#files[@]} == 1)) && [[ $(stat -c %a "${files[0]}") == 600 ]] || fail "token files: ${files[*]}"
unset CUNZHANG_PASSPHRASE
record 05001
ok "${entry[@]}"
record 05021
ok "${entry[@]}" --dry-run
refuses 2 'passphrase' entry review --all --as reviewer # whose key is not unlocked
token=$(<"${files[0]}")
curl -s --unix-socket "$work/v1/sock" -H "Authorization: Bearer ${token/[0-9a-f]/x}" \
	http://localhost/api/v1/sessions/current | jq -e '.code == "SESSION_ENDED"' >/dev/null || fail "another token serves"

# --- locked, and wrong passphrases ---------------------------------------------------------------------------------------
ok lock
[[ -z $(unlocked) && -z $(ls "$work/run") ]] || fail "it is not locked"
refuses 2 'passphrase' "${entry[@]}"
for _ in 1 2 3 4 5; do
	CUNZHANG_PASSPHRASE=wrong-passphrase refuses 1 'does not fit' unlock --as recorder
done
CUNZHANG_PASSPHRASE=$pass refuses 1 'wrong several times' unlock --as recorder
CUNZHANG_PASSPHRASE=$pass ok unlock --as head # nobody else has to wait
[[ $(v status --json | jq .wrong_passphrases) == 5 ]] || fail "wrong passphrases are not counted"
wait_for 20 env CUNZHANG_PASSPHRASE="$pass" "$cz" --dir "$work/v1" unlock --as recorder

# --- a role that is revoked, and a stop ----------------------------------------------------------------------------------
ok operator revoke recorder --role recorder --reason 离岗 --as head
[[ $(unlocked) == head ]] || fail "a revoked key stays unlocked: $(unlocked)"
stop v1
start v1
wait_for 10 run v1 status
[[ -z $(unlocked) ]] || fail "a key survived the stop"
# what is left of the session is a file, which is removed; then the passphrase is asked for as ever
refuses 2 'passphrase' record training --day 2025-01-20 --topic 录入操作 --trainer 镇办 --attendance 2 --as head
CUNZHANG_PASSPHRASE=$pass ok record training --day 2025-01-20 --topic 录入操作 --trainer 镇办 --attendance 2 --as head
export CUNZHANG_PASSPHRASE=$pass
