# Goal of this test: the command line says what is wrong and what to do, in Chinese and English, with the exit
# code that says whose fault it was; what programs read has the shape they expect.
set -eu
. tests/e2e/lib.inc
shape() { # jq condition, arguments; what is on standard error does not count
	local condition=$1
	shift
	"$cz" "$@" --json >"$work/json" 2>"$work/out" </dev/null || true
	jq -e "$condition" "$work/json" >/dev/null || fail "cunzhang $*: $condition: $(head -c 2000 "$work/json")"
}

# --- help ------------------------------------------------------------------------------------------------
"$cz" --lang en help | sed -n '/^Commands:/,/^$/s/^  \([a-z]\{1,\}\( [a-z]\{1,\}\)\{0,1\}\) .*/\1/p' |
	sed 's/ *$//' >"$work/commands"
[[ $(wc -l <"$work/commands") -ge 22 ]] || fail "help lists too little: $(cat "$work/commands")"
while read -r -a words; do
	expect 0 "^usage: cunzhang ${words[*]}" "${words[@]}" --help --lang en
	# R08
	expect 0 "^用法：cunzhang ${words[*]}" --lang zh help "${words[@]}"
done <"$work/commands"
expect 0 '^Commands:' entry --help
expect 0 '^  --role CHOICE .*recorder' record grant --help
for type in $("$cz" --lang en record --help | sed -n '/^Town/,$s/^  \([a-z-]*\) .*/\1/p'); do
	for lang in zh en; do
		expect 0 "^  cunzhang (--dir (hub|village) record $type .*--as |(init|operator|invite|catalogue|entry|redeem|notice) ?)" \
			--lang $lang record "$type" --help
		grep -qw HEX "$work/out" && grep -E '^  cunzhang.* HEX' "$work/out" && fail "an example that nobody can run: $type"
	done
	grep -v '(' "$work/out" | LC_ALL=C grep -q '[^ -~]' && fail "Chinese in the English help of $type: $(cat "$work/out")"
done
# what must follow, and by when, is in the help of the types that leave something to do, and of no other
open=$(sed -n 's/^.*X[L]\{0,1\}(\([a-z_]*\), .* OPEN[A-Z_]*[(,].*/\1/p' proto/records.def | tr _ -)
[[ $(wc -w <<<"$open") -ge 3 ]] || fail "types that are open: $open"
for type in $("$cz" --lang en record --help | sed -n '/^Town/,$s/^  \([a-z-]*\) .*/\1/p'); do
	c --lang en record "$type" --help
	said=$(grep -c '^Then needed: .*(record ' "$work/out" || true)
	want=$(grep -cx -- "$type" <<<"$open" || true)
	((said == want)) || fail "what must follow $type: $(cat "$work/out")"
done
expect 0 '^Then needed: ruling on a complaint \(record complaint-reply\), counted from "day", in the "working days for an answer" of' \
	--lang en record complaint --help
expect 0 '^之后须办：异议复核 \(record objection-reply\)，自“日期”起，期限按奖励方案的“异议答复期（工作日）”$' \
	--lang zh record objection --help
expect 0 '^Then needed: closing of a task \(record guidance-close\) or reply to the town \(record guidance-reply\), not after "due"' \
	--lang en record guidance --help
expect 0 '^Then needed: points entry or application declined \(record application-reply\)$' --lang en record application --help
expect 0 '^之后须办：整改销号 .*不晚于“完成期限”' --lang zh record guidance --help
expect 0 ' --household 05001 --into 05002 ' record merge --help
expect 0 '^亲属申报$' --lang zh record kin --help
expect 0 '^由谁写：村务监督委员、村两委$' --lang zh record kin --help
expect 0 '^ +--line-member N .*from 1 to 99 \(required\)' record kin --help
expect 0 '^  --from HH:MM .*00:00' record opening --help
expect 0 '^积分$' --lang zh record --help
expect 2 'Commands:' --lang en
expect 0 '镇级中心' --lang zh help
LANGUAGE=zh_CN:en expect 0 '用法' help
LANGUAGE=fr:en_GB expect 0 'usage' help
LANGUAGE= LC_ALL=C LANG=C expect 0 '用法' help
expect 2 'zh' --lang fr help

# --- a wrong command line --------------------------------------------------------------------------------
expect 2 'did you mean: status' statsu
expect 2 'did you mean: entry record' entry recrod
expect 2 'did you mean: entry' entri list
expect 2 '是不是想用：verify' --lang zh verfiy
expect 2 'did you mean: --household' entry record --houshold 1
expect 2 'no option --frobnicate' --frobnicate status
expect 2 'needs a second word' entry
expect 2 'see: cunzhang help notice$' notice frobnicate
expect 0 'notice make' help notice
expect 2 '--household is missing' --dir x entry record --as a --item D101 --day 2025-01-01
expect 2 'missing: --day, --place, --attendance, --agenda$' --dir x record meeting --kind assembly --as a
expect 2 '缺少选项：--day, --place, --attendance, --agenda$' --lang zh --dir x record meeting --kind assembly --as a
expect 2 'cunzhang help record meeting' --dir x record meeting --kind assembly --as a
expect 2 'missing: --relation, --line-household' --dir x record kin --household 1 --member 1 --day 2026-01-01 --line-member 2 --as a
expect 2 'did you mean: --attendance' --dir x record meeting --attendence 3
expect 2 'not both' --dir x record kin --household 1 --member 1 --day 2026-01-01 --relation spouse --line-household 2 \
	--line-member 2 --lines "$work/none" --as a
expect 2 'given twice' --dir x log --from 1 --from 2
expect 2 'needs a value' --dir x log --from
expect 2 'takes no value' --dir x status --json=1
expect 2 'no place' --dir x status more
expect 2 'ENTRY' --dir x entry review --as a
expect 2 'no number of an entry' --dir x entry review abc --as a
expect 2 'no --dry-run' --dry-run --dir x status
expect 2 'no option --dry-run' --dir x status --dry-run
expect 2 '32 hex' --dir x entry review 1 --as a --id 12
expect 2 'no type of record' record grnt --as a
expect 2 'did you mean: grant' record grnt --as a
expect 2 'type of the record comes first' record --as a grant
expect 2 'type of the record comes first' record --role recorder grant --as a
expect 2 '先写记录类型' --lang zh record --as a -- grant
expect 2 'HOST:PORT' --dir "$work/n" init hub --name T --code 500101999 --domain d.example --listen nowhere --operator o
expect 2 'letters, digits' --dir "$work/n" init hub --name T --code '5 0' --domain d.example --listen a:1 --operator o
init=(--dir "$work/n" init hub --name T --code 500101999 --domain d.example --operator o)
long=$(printf 'a%.0s' {1..300})
expect 2 '--listen.*HOST:PORT' "${init[@]}" --listen "$long:1"
expect 2 '--advertise.*HOST:PORT' "${init[@]}" --listen a:1 --advertise "$long:1"
expect 2 '--listen.*HOST:PORT' "${init[@]}" --listen 'a b:1'
expect 2 '--http.*HOST:PORT' "${init[@]}" --listen a:1 --http a:0
expect 2 '--name.*config.ini' "${init[@]/#T/T ;x}" --listen a:1
expect 2 '--name.*96 bytes' "${init[@]/#T/$long}" --listen a:1
expect 2 '太长.*--dir' --lang zh --dir "$work/$long" init hub --name T --code 500101999 --domain d.example --operator o \
	--listen a:1
expect 2 'at most 48 bytes' --dir "$work/n" init hub --name T --code 500101999 --domain d.example --listen a:1 \
	--operator "${long:0:49}"
expect 2 '/no/such/file：没有这个文件|/no/such/file: there is no such' --dir "$work/n" init village --operator o --invitation /no/such/file
echo 'invitation = 1' >"$work/half"
expect 2 '邀请文件不完整' --lang zh --dir "$work/n" init village --operator o --invitation "$work/half"
expect 2 'given twice' --dir a --dir b status
expect 2 'given twice' --dir a status --dir b
expect 2 'given twice' --json --dir x status --json
expect 2 '--count takes a whole number up to 200' --dir x log --count 201
expect 2 '--count' --lang zh --dir x log -n x
grep -qE '\{[0-9]{2,}' tools/cunzhang/messages.def && fail "a sentence has more places than say_put fills"

# --- text that is no UTF-8 would be lost on its way; the path of a file may be anything ----------------------
gbk=$(printf '\325\325\306\254')
expect 2 '--place is not UTF-8' --dir x entry record --household 1 --item D101 --day 2025-01-01 --place "$gbk" --as a
expect 2 '--evidence-no is not UTF-8' --dir x entry record --household 1 --evidence-no="$gbk" --as a
expect 2 '--file is not UTF-8' --dir x entry record --household 1 --file "$gbk.jpg" --as a
expect 2 '--as 不是 UTF-8 文本' --lang zh --dir x record kin --as "$gbk"
expect 2 'ENTRY is not UTF-8' --dir x entry review "$gbk" --as a
expect 2 'cannot read .*there is no such file' --dir x record kin --household 1 --member 1 --day 2026-01-01 \
	--lines "$work/$gbk" --as a
expect 3 'is not the directory of a node' --dir "$work/$gbk" status
CUNZHANG_PASSPHRASE=short expect 2 'at least 8' --dir "$work/n" init hub --name T --code 500101999 --domain d.example \
	--listen a:1 --operator o
[[ ! -e $work/n ]] || fail "a refused init left something behind"

# --- no node, no daemon ----------------------------------------------------------------------------------
expect 3 'is not the directory of a node' --dir "$work/n" status
expect 3 '不是节点目录' --dir "$work/n" status --lang zh
must run hub init hub --name Town --code 500101999 --domain e2e.example --listen "127.0.0.1:$hub_port" \
	--operator office
expect 3 "Start it first: cunzhangd --dir $work/hub" --dir "$work/hub" status
expect 3 "请先运行：cunzhangd --dir $work/hub" --dir "$work/hub" account --lang zh
shape '.code == "NO_DAEMON" and (.message | test("cunzhangd"))' --dir "$work/hub" status
shape '.code == "NO_NODE"' --dir "$work/n" account
shape '.code == "NO_NODE"' --dir "$work/n" verify
mv "$work/hub/store/data.mdb" "$work/data.mdb"
expect 3 "$work/hub/store/data.mdb is missing.*do not init again" --dir "$work/hub" verify
expect 3 "$work/hub/store/data.mdb 不见了.*不要再次 init" --lang zh --dir "$work/hub" verify
shape '.code == "NO_STORE"' --dir "$work/hub" verify
mv "$work/data.mdb" "$work/hub/store/data.mdb"
expect 1 'is not empty' --dir "$work/hub" init hub --name T --code 500101999 --domain d.example --listen a:1 --operator o
expect 0 'verified: 1 feeds, 1 entries, 1 signatures' --dir "$work/hub" verify
rm -r "$work/hub"

# --- a daemon that is stuck: reading gives up after half a minute, checked at the end ---------------------
free_port stuck_port
must run stuck init hub --name Town --code 500101999 --domain e2e.example --listen "127.0.0.1:$stuck_port" \
	--operator office
start stuck
wait_for 10 run stuck status || fail "the hub does not answer"
kill -STOP "$pid_stuck"
timeout 50 "$cz" --lang en --dir "$work/stuck" status --json >"$work/stuck-json" 2>"$work/stuck-out" &
waiting=$!

# --- a hub and a village ---------------------------------------------------------------------------------
hub
village 1
h=(--dir "$work/hub") v=(--dir "$work/v1")
[[ $(stat -c %a "$work/invite1") == 600 ]] || fail "the invitation can be read by others"
expect 2 'exists' "${h[@]}" invite --village-code 500101999202 --village-name B --as office -o "$work/invite1"
expect 0 'nothing was written' "${h[@]}" invite --village-code 500101999202 --village-name B --as office \
	-o "$work/invite2" --dry-run
[[ ! -e $work/invite2 ]] || fail "a trial wrote an invitation"
expect 2 'cannot write.*no such file or folder' "${h[@]}" invite --village-code 500101999202 --village-name B --as office \
	-o /no/such/x
expect 2 '写不了.*没有这个文件' --lang zh "${h[@]}" invite --village-code 500101999202 --village-name B --as office \
	-o /no/such/x
expect 2 '--as takes a name' "${v[@]}" operator revoke head --role committee --reason r --as ''
expect 2 'at most 48 bytes' "${v[@]}" operator add "$long" --role recorder --as head
CUNZHANG_PASSPHRASE='' expect 2 'is empty' "${v[@]}" operator add new --role recorder --as head
at_hub=(entry record --household 05001 --item D101 --day 2025-01-01 --place y --reason r --evidence 照片 --as office)
expect 1 'F02.*' "${h[@]}" "${at_hub[@]}"
grep -q 'done at the village' "$work/out" || fail "no hint where: $(cat "$work/out")"
expect 1 '在村节点办理' --lang zh "${h[@]}" "${at_hub[@]}"
expect 1 '在镇级中心办理' --lang zh "${v[@]}" invite --village-code 500101999202 --village-name B --as head -o "$work/x"
shape 'length == 1 and .[0].enrolled' "${h[@]}" villages
# R05
expect 0 'D101' "${v[@]}" catalogue show
expect 0 'town catalogue 1: Catalogue, from 2025-01-01 to the next one' "${v[@]}" catalogue show
expect 0 "of the village, from $(china_year)-01-01 to $(china_year)-12-31" "${v[@]}" catalogue show
expect 0 'not filed: submit it' "${v[@]}" catalogue show
expect 0 '未报备' --lang zh "${v[@]}" catalogue show
# R28
shape ".version == 1 and (.items | length) == 55 and .adopted == $(($(china_year) - 2024))" "${v[@]}" catalogue show
shape 'any(.[]; .name == "recorder" and .roles == ["recorder"] and .key_here)' "${v[@]}" operator list
# R64
shape 'all(.[]; .key | test("^[0-9a-f]{64}$"))' "${v[@]}" operator list
expect 0 '^head .* [0-9a-f]{16}$' "${v[@]}" operator list
twin=$("$cz" "${h[@]}" operator list --json | jq -r '.[0].key')
expect 1 'F27.*another key' "${v[@]}" operator add recorder --role recorder --key "$twin" --as head
expect 1 'no recorder' "${v[@]}" operator revoke recorder --key 00 --role recorder --reason gone --as head
shape 'any(.[]; .name == "recorder" and .roles == ["recorder"] and .key_here)' "${v[@]}" operator list
expect 1 'no Nobody' "${v[@]}" operator revoke Nobody --role recorder --reason gone --as head

# columns line up: a Chinese character takes two, in UTF-8 three bytes
run v1 --lang zh operator list | LC_ALL=C awk '
	{
		match($0, /^[^ ]+ +/)
		head = substr($0, 1, RLENGTH)
		wide = gsub(/[\200-\377]/, "", head)
		at = length(head) + wide / 3 * 2
		if (before && at != before) exit 1
		before = at
	}
	END { if (NR < 5) exit 1 }' || fail "the columns do not line up: $(run v1 --lang zh operator list)"

# --- rosters ---------------------------------------------------------------------------------------------
expect 0 '^none$' "${v[@]}" entry list
expect 0 '^无$' "${v[@]}" --lang zh score
expect 0 '^none$' "${v[@]}" account
expect 0 '^none$' "${v[@]}" log --from 1000000
expect 0 '^none$' "${v[@]}" log --from 1000000 --full
before=$(size)
expect 1 'written in GB18030' "${v[@]}" roster import "$data/village-1/roster-as-received.csv" --as head
expect 1 'nothing was imported' "${v[@]}" roster import "$data/village-1/roster-as-received.csv" --as head
expect 1 '第 8 行，身份证号“500\*\*\*00”：' --lang zh "${v[@]}" roster import "$data/village-1/roster-as-received.csv" --as head --dry-run
expect 0 'would import 315 rows in 120 signed entries' "${v[@]}" roster import "$data/village-1/roster.csv" --as head --dry-run
[[ $(size) == "$before" ]] || fail "a refused import or a trial wrote something"
# R24
expect 0 'imported: 315 rows in 120 signed entries' "${v[@]}" roster import "$data/village-1/roster.csv" --as head
expect 0 '120 households with the same facts passed over' "${v[@]}" roster import "$data/village-1/roster.csv" --as head
# next year's: one name, one phone, one new household; the year after that a spreadsheet drops a zero
sed 's/孟山,次女/孟姗,次女/; s/15659727842/15659727843/' "$data/village-1/roster.csv" >"$work/next.csv"
printf '09901,9,李新来,李新来,户主,男,,1971-01-01,本村,,,,是,\n' >>"$work/next.csv"
expect 1 'the register has "孟山"' "${v[@]}" roster import "$work/next.csv" --as head --dry-run
expect 1 'import again with --accept' "${v[@]}" roster import "$work/next.csv" --as head
expect 0 'would import 316 rows in 3 signed entries' "${v[@]}" roster import "$work/next.csv" --as head --accept --dry-run
expect 0 '118 households with the same facts passed over, 315 people known; 2 corrections, 0 people join' \
	"${v[@]}" roster import "$work/next.csv" --as head --accept --dry-run
sed 's/^05001,/5001,/' "$data/village-1/roster.csv" >"$work/zeros.csv"
expect 0 'no household 5001; read as 05001' "${v[@]}" roster import "$work/zeros.csv" --as head
[[ $(size) == $((before + 120)) ]] || fail "a household without its zero was registered again"
printf '户编号,姓名,与户主关系,是否参加\n5001,李新来,户主,是\n' >"$work/zeros.csv"
expect 1 'household 5001 differs from the registered 05001' "${v[@]}" roster import "$work/zeros.csv" --as head --accept
# names that look the same, and numbers of people, on the way in by hand
expect 2 'cannot be the name of a key' "${v[@]}" operator add $'recorder\u00a0' --role confirmer --as head
expect 2 'cannot be the name of a key' "${v[@]}" operator add $'rec\u200border' --role confirmer --as head
expect 1 'F27' "${v[@]}" operator add $'r\u0435corder' --role confirmer --as head
expect 1 'N03' "${v[@]}" record training --day 2026-01-02 --topic '请致电 138.1234.5678' --trainer 镇办 --attendance 3 --as head
expect 1 'F91.*U\+202E' "${v[@]}" record training --day 2026-01-02 --topic $'操作\u202e' --trainer 镇办 --attendance 3 --as head
expect 2 'cannot read' "${v[@]}" roster import "$work/none.csv" --as head

# --- the examples of help ---------------------------------------------------------------------------------
# each is a record that can be judged, whatever its rule says of this village
tried=0
for type in $("$cz" --lang en record --help | sed -n '/^Town/,$s/^  \([a-z-]*\) .*/\1/p'); do
	example=$("$cz" --lang en record "$type" --help | grep -E "^  cunzhang --dir (hub|village) record $type ") || continue
	eval "words=(${example#  cunzhang --dir * })"
	node=v1 person=head
	[[ $example == *'--dir hub'* ]] && node=hub person=office
	rv=0
	c --lang en --dir "$work/$node" "${words[@]:0:${#words[@]}-1}" "$person" --dry-run || rv=$?
	((rv <= 1)) || fail "exit $rv: $example: $(cat "$work/out")"
	grep -qw F00 "$work/out" && fail "malformed: $example: $(cat "$work/out")"
	tried=$((tried + 1))
done
((tried >= 40)) || fail "only $tried examples"

# --- the daemon's own words --------------------------------------------------------------------------------
LANGUAGE=zh "$czd" --dir "$work/n" 2>"$work/out" && fail "a daemon without a node"
grep -q '没有启动：没有找到' "$work/out" || fail "not in Chinese: $(cat "$work/out")"
LANGUAGE=en "$czd" --dir "$work/n" 2>"$work/out" && fail "a daemon without a node"
grep -q 'is not a node directory' "$work/out" || fail "not in English: $(cat "$work/out")"
sed -i 's/^lang = .*/lang = zh/' "$work/v1/config.ini"
"$czd" --dir "$work/v1" 2>"$work/out" && fail "a second daemon starts"
grep -q '正被另一个 cunzhangd 使用' "$work/out" || fail "config key lang: $(cat "$work/out")"

# --- who signs -------------------------------------------------------------------------------------------
day=$(china_day '-3 days')
next_year=$(($(china_year) + 1))-12-31
record=(entry record --household 05001 --item D101 --day "$day" --place yard --reason 'monthly check'
	--evidence 照片)
CUNZHANG_PASSPHRASE=wrong-passphrase expect 1 'passphrase of recorder does not fit' "${v[@]}" "${record[@]}" --as recorder
CUNZHANG_PASSPHRASE=wrong-passphrase expect 1 'recorder 的口令不对' --lang zh "${v[@]}" "${record[@]}" --as recorder
CUNZHANG_PASSPHRASE=wrong-passphrase expect 1 'revoke this key and add a new one' "${v[@]}" "${record[@]}" --as recorder
expect 1 'no key of stranger' "${v[@]}" "${record[@]}" --as stranger
expect 1 'L05.*role' "${v[@]}" "${record[@]}" --as reviewer
printf 'someone=x\nrecorder=%s\n' "$CUNZHANG_PASSPHRASE" >"$work/pass"
chmod 644 "$work/pass"
expect 2 'chmod 600' "${v[@]}" "${record[@]}" --as recorder --passphrase-file "$work/pass"
chmod 600 "$work/pass"
unset CUNZHANG_PASSPHRASE
expect 0 'nothing was written' "${v[@]}" "${record[@]}" --as recorder --passphrase-file "$work/pass" --dry-run
printf '\xef\xbb\xbfrecorder=%s\r\n' end-to-end-passphrase >"$work/pass-windows"
chmod 600 "$work/pass-windows"
expect 0 'nothing was written' "${v[@]}" "${record[@]}" --as recorder --passphrase-file "$work/pass-windows" --dry-run
expect 2 'no line for reviewer' "${v[@]}" "${record[@]}" --as reviewer --passphrase-file "$work/pass"
expect 2 'no passphrase of recorder' "${v[@]}" "${record[@]}" --as recorder
mkfifo "$work/keys"
script -qec "'$cz' --dir '$work/v1' entry list --lang en >/dev/null
	'$cz' --lang en --dir '$work/v1' ${record[*]@Q} --as recorder --dry-run" /dev/null \
	<"$work/keys" >"$work/screen" 2>&1 &
typist=$!
exec 3>"$work/keys"
wait_for 10 grep -q 'Passphrase of recorder' "$work/screen" || fail "no question: $(cat "$work/screen")"
echo end-to-end-passphrase >&3
wait_for 20 grep -q 'nothing was written' "$work/screen" || fail "not taken: $(cat "$work/screen")"
exec 3>&-
wait $typist
grep -q end-to-end "$work/screen" && fail "the passphrase was echoed"
export CUNZHANG_PASSPHRASE=end-to-end-passphrase

# --- refused by a rule: the rule, the numbers, what to do -------------------------------------------------
before=$(size)
expect 1 'P11.*D101.*3\.00.*9\.00' "${v[@]}" "${record[@]}" --as recorder --points 9
expect 1 'P11.*D101.*3\.00.*9\.00' --lang zh "${v[@]}" "${record[@]}" --as recorder --points 9
# R02 R34
expect 1 '不能办理（P11）：第 1 行：事项 D101 的分值应为 3\.00' --lang zh "${v[@]}" "${record[@]}" --as recorder --points 9
# R02
expect 1 'no item Z999' "${v[@]}" "${record[@]/D101/Z999}" --as recorder
expect 1 'F17.*99999' "${v[@]}" "${record[@]/05001/99999}" --as recorder
wrong=("${record[@]/05001/99999}")
expect 1 'F17.*99999' "${v[@]}" "${wrong[@]/D101/Z999}" --as recorder
expect 1 "P05.*$next_year" "${v[@]}" "${record[@]/$day/$next_year}" --as recorder
# R37
expect 2 'date like' "${v[@]}" "${record[@]/$day/yesterday}" --as recorder
expect 2 'cannot be read \(--day\)' "${v[@]}" "${record[@]/$day/yesterday}" --as recorder
[[ $(size) == "$before" ]] || fail "something refused was written"
shape '.verdict.accepted == false and .verdict.rule == "P11" and (.verdict.text | length > 0)' \
	"${v[@]}" "${record[@]}" --as recorder --points 9

# --- three people ----------------------------------------------------------------------------------------
id=0123456789abcdef0123456789abcdef
# R08
expect 0 "written: entry $before" "${v[@]}" "${record[@]}" --as recorder --id $id --note round
expect 0 "was written before: entry $before" "${v[@]}" "${record[@]}" --as recorder --id $id --note round
expect 1 'L02' "${v[@]}" "${record[@]/yard/barn}" --as recorder --id $id
[[ $(size) == $((before + 1)) ]] || fail "one record, one entry"
expect 0 "waits for review .*05001" "${v[@]}" entry list
shape '.[0] | .state == "recorded" and .entry > 0 and .lines[0].points == "3.00"' "${v[@]}" entry list
expect 1 'P11.*catalogue in force on 2019-01-01: none' "${v[@]}" "${record[@]/$day/2019-01-01}" --as recorder
expect 1 'F20.*entry list' "${v[@]}" entry review 0 --as reviewer
expect 1 'F21.*waits for review \(entry review\)' "${v[@]}" entry confirm "$before" --as confirmer
must run v1 operator add recorder --role reviewer --as head
# R60
expect 1 'P02.*recorder' "${v[@]}" entry review "$before" --as recorder
expect 0 'written' "${v[@]}" entry review "$before" --line 1 --as reviewer
expect 0 'waits for confirmation' "${v[@]}" entry list
expect 0 'written' "${v[@]}" entry confirm "$before" --as confirmer --json
expect 0 '05001 .* 3\.00' "${v[@]}" account
shape 'length > 0 and all(.[]; (.household | type == "string") and (.balance | test("^-?[0-9]+[.][0-9]{2}$")))' \
	"${v[@]}" account
shape '([.[] | select(.household == "05001")][0].balance == "3.00") and any(.[]; .balance == "0.00")' "${v[@]}" account
shape '.balance == "3.00" and (.people | length == 2)' "${v[@]}" account 05001
expect 0 'balance.* 3\.00' "${v[@]}" account 05001
expect 1 'no such household' "${v[@]}" account 77777
for odd in a/b '' . .. "$long" 12345678901234567; do expect 1 'not a household' "${v[@]}" account "$odd"; done
# R40
expect 0 'balance 3.00 = earned 3.00 - deducted 0.00 - redeemed 0.00 \+ moved in by splits and mergers 0.00$' \
	"${v[@]}" account 05001
expect 0 '积分 3.00 = 加分 3.00 - .* \+ 分户并户转入 0.00$' --lang zh "${v[@]}" account 05001
counter=(redeem 05001 --receiver r --as recorder)
for odd in '' G01 G01= =2 G01=1, ,G01=1; do
	expect 2 'is no list of goods' "${v[@]}" "${counter[@]}" --goods "$odd"
done
expect 2 '不是物品清单' --lang zh "${v[@]}" "${counter[@]}" --goods G01
expect 2 '--goods is missing' "${v[@]}" "${counter[@]}"
expect 2 'there is no such file' "${v[@]}" "${counter[@]}" --goods G01=1 --signature "$work/none"
expect 1 'F58' "${v[@]}" "${counter[@]}" --goods G01=1
sheet=(entry sheet --item D101 --day "$day" --place 院坝 --reason 庭院月检 --evidence 照片 -o "$work/round.csv")
group=$(run v1 account --json | jq -r '.[0].group')
expect 0 'households' "${v[@]}" "${sheet[@]}" --group "$group"
# R08
[[ $(wc -l <"$work/round.csv") == $(run v1 account --json | jq --arg g "$group" '[.[] | select(.group == $g)] | length + 1') ]] ||
	fail "not a row for each household: $(head "$work/round.csv")"
expect 1 'no household of group 99' "${v[@]}" "${sheet[@]}" --group 99
expect 1 '99 组没有' --lang zh "${v[@]}" "${sheet[@]}" --group 99
expect 2 '--group is missing' "${v[@]}" "${sheet[@]}"
sed -i 3q "$work/round.csv" # two households passed
expect 0 '' "${v[@]}" entry import "$work/round.csv" --as recorder --review-as reviewer --confirm-as confirmer --dry-run --accept
expect 2 'there are: .* filings' "${v[@]}" table odd
expect 2 '可用：.* filings' --lang zh "${v[@]}" table odd
expect 0 'not filed' "${v[@]}" table filings
expect 0 '未报备' --lang zh "${v[@]}" table filings
shape 'type == "array"' "${v[@]}" score --year "${day%%-*}"
expect 0 'written' "${v[@]}" entry reverse "$before.1" --reason 'counted twice' --as confirmer
shape '[.[] | select(.household == "05001")][0].balance == "0.00"' "${v[@]}" account
must run v1 entry record --household 05001 --item D101 --day "$day" --place yard --reason 'monthly check' \
	--evidence 照片 --as recorder
expect 0 'written' "${v[@]}" entry review $(($(size) - 1)) --refuse --opinion 'not seen' --as reviewer

# --- any record, the log -----------------------------------------------------------------------------------
expect 0 'written' "${v[@]}" record roster-change --household 05001 --member 2 --kind left --day "$day" --as head
expect 0 'written' "${v[@]}" record roster_change --household 06002 --member 2 --kind 去世 --day "$day" --as head
shape '.items | length == 3 and all(.[]; has("entry") and has("verdict") and has("author"))' "${v[@]}" log -n 3
expect 0 "day.*$day" "${v[@]}" log -n 1 --full
expect 0 'Town|town charter' "${v[@]}" log --feed town --from 0 -n 1
wrong=$(($(size) - 1))
expect 1 'another person must do this' "${v[@]}" record roster-correction --entry $wrong --reason 'the neighbour' --as head
expect 0 'written' "${v[@]}" record roster-correction --entry $wrong --reason 'the neighbour' --as recorder
shape "any(.[]; .entry == $wrong and .settled_by == $((wrong + 1)))" "${v[@]}" register roster_change

# --- status and verify ---------------------------------------------------------------------------------------
shape '.role == "village" and .halted == null and (.alarms | type == "array") and (.feeds | length == 2) and
	all(.feeds[]; (.feed | test("^[0-9a-f]{64}$")) and (.no | type == "number") and (.own | type == "boolean") and
	has("label") and (has("unaudited") | not) and ([.size, .durable, .at_hub, .cosigned, .witnesses] | all(type == "number")))' "${v[@]}" status
shape 'all(.feeds[]; .unaudited == 0)' "${v[@]}" status --full
expect 0 '^Village 1 \(village of Town\)$' "${v[@]}" status
expect 0 '^Village 1（Town的村）$' --lang zh "${v[@]}" status
expect 0 '^Town \(hub\)$' "${h[@]}" status
shape '.ok and .problems == [] and .entries > 120 and .signatures == .entries' "${v[@]}" verify
shape '.ok and .signatures == 0' "${v[@]}" verify --quick
wait_for 20 settled v1 || fail "village does not settle"
stop v1
start v1
must run v1 status # at once: waits for the socket
stop v1
expect 0 'verified: 2 feeds' "${v[@]}" verify
mv "$work/v1/guard" "$work/guard"
expect 4 'high-water file is missing' "${v[@]}" verify
expect 4 '高水位文件丢失' --lang zh "${v[@]}" verify
shape '(.ok | not) and .problems[0].table == "guard" and .problems[0].entry == null' "${v[@]}" verify
mv "$work/guard" "$work/v1/guard"
must run v1 verify

# --- exit codes: 0 done, 1 refused or no such thing, 2 usage, 3 machine, 4 not verified ---------------------------
start v1
wait_for 10 run v1 status || fail "village 1 does not start again"
mkdir "$work/folder"
while read -r want line; do
	[[ -n $want ]] || continue
	eval "words=($line)"
	expect "$want" '' "${v[@]}" "${words[@]}"
	[[ $(($want == 0)) == 1 || -s $work/out ]] || fail "exit $want without a word: $line"
	[[ $line == completion* ]] || shape true "${v[@]}" "${words[@]}"
done <<-'END'
	0 villages
	0 operator list
	0 account 05001
	1 account 99999
	1 account 'a b'
	2 account 05001 05002
	0 score
	2 score --year x
	0 entry list --state recorded
	2 entry list --state odd
	1 entry review 999999 --as reviewer
	1 entry confirm 999999 --as confirmer
	1 entry reverse 999999 --line 1 --reason r --as confirmer
	1 entry reverse 1 --reason r --as confirmer
	2 entry import /no/such/file --as recorder --review-as reviewer --confirm-as confirmer
	2 entry sheet --group 5 --item D101 --day 2026-01-01 --place p --reason r --evidence e -o /no/such/folder/x
	2 roster import "$work/folder" --as head
	0 catalogue show --version 1
	1 catalogue show --version 999
	1 catalogue adopt --version 900 --base 999 --from 2026-01-01 --as head
	2 catalogue adopt --version x --base 1 --from 2026-01-01 --as head
	1 catalogue import tests/data/catalogue.csv --as head --accept
	2 record nothing --as head
	2 record meeting --as head
	2 record meeting --kind odd --day 2026-01-01 --place p --attendance 1 --agenda a --as head
	2 record kin --household 05001 --member 1 --day 2026-01-01 --lines /no/such/file --as head
	1 record objection --entry 999999 --line 1 --household 05001 --via oral --day 2026-01-01 --text t --as head
	1 redeem 05001 --goods G01=1 --receiver r --as recorder
	2 redeem 05001 --goods G01=1 --receiver r --as recorder -o /no/such/folder/x
	2 notice make odd -o "$work/x"
	2 notice make assessment -o "$work/folder"
	1 notice check AAAA
	2 notice check 'a b'
	2 print odd -o "$work/x"
	1 print passbook --household 99 -o "$work/x"
	2 print passbook -o "$work/x"
	1 print slip --entry 999999 -o "$work/x"
	2 print slip --entry x -o "$work/x"
	2 table odd
	2 table households --from yesterday
	2 table households --csv /no/such/folder/x
	2 table households --xlsx "$work/folder"
	2 table households --csv ''
	2 table households --csv /dev/null
	2 record kin --household 05001 --member 1 --day 2026-01-01 --lines /dev/null --as head
	0 table households --csv "$work/households.csv" --xlsx "$work/households.xlsx"
	0 notice make catalogue --to 2026-01-01 -o "$work/draft.html"
	2 register odd
	0 register
	1 register meeting --feed 500101999999
	1 log --feed 500101999999
	2 log -n 0x
	0 digest
	1 digest --feed odd
	0 evidence check
	2 evidence show odd
	1 evidence show 0
	1 operator revoke nobody --role recorder --reason r --as head
	2 operator add x --role odd --as head
	1 invite --village-code 500101999209 --village-name V --as head -o "$work/x"
	2 completion
	0 completion bash
	0 status
END
printf 'member,relation,household,, \n2,spouse,05002,,\n,,,,\n' >"$work/kin.csv"
kin=(record kin --household 05001 --member 1 --day 2026-01-01 --lines "$work/kin.csv" --as head --dry-run)
c "${v[@]}" "${kin[@]}" || true # the rule may refuse it
grep -qE 'column|cells' "$work/out" && fail "empty columns behind the lines: $(cat "$work/out")"
printf 'member,relation,household,,\n2,spouse,05002,,x\n' >"$work/kin.csv"
expect 2 'row 2|2 ' "${v[@]}" "${kin[@]}"
# --- the status behind each exit code ------------------------------------------------------------------------------
filing=(record filing-reply --as office --village 500101999201 --subject plan --day "$day" --decision accepted --number N)
expect 1 'submi' "${h[@]}" "${filing[@]}" --version 77 # 409: nobody has asked for it
in_json 1 "${h[@]}" "${filing[@]}" --version 77
jq -e '.code == "NOT_SUBMITTED"' "$work/json" >/dev/null || fail "409: $(cat "$work/json")"
expect 1 'no key of stranger' "${v[@]}" "${record[@]}" --as stranger # 403
expect 1 'no such household' "${v[@]}" account 77777		     # 404
expect 2 'date' "${v[@]}" "${record[@]/$day/2026-02-30}" --as recorder # 400
expect 1 'P11' "${v[@]}" "${record[@]}" --as recorder --points 9	     # 422

# --- a sheet that a spreadsheet opens: nothing in it is a formula -----------------------------------------------------
hostile=('=1+1' '@SUM(A1)' '+1' '-cmd' 'a"b,c')
for text in "${hostile[@]}"; do
	must run v1 record training --day "$day" --topic "$text" --trainer 镇办 --attendance 12 --as head
done
expect 0 '' "${v[@]}" register training --csv "$work/training.csv"
for cell in "\"'=1+1\"" "\"'@SUM(A1)\"" "\"'+1\"" "\"'-cmd\"" '"a""b,c"'; do
	grep -qF -- ",$cell," "$work/training.csv" || fail "no cell $cell: $(cat "$work/training.csv")"
done
grep -qE '(^|,)[=@+-]' "$work/training.csv" && fail "a formula: $(cat "$work/training.csv")"
[[ -c /dev/null ]] || fail "a device was written over"
rm "$work/households.csv"
shape '.rows | length > 0' "${v[@]}" table households --csv "$work/households.csv"
[[ -s $work/households.csv ]] || fail "no CSV file beside JSON"
shape '.code == "USAGE" and (.message | test("no option"))' "${v[@]}" table households --frobnicate
shape '.paper == "notice" and (.file | endswith("draft.html"))' "${v[@]}" notice make catalogue --to 2026-01-01 -o "$work/draft.html"
[[ ! -e $work/x ]] || fail "a command that was refused wrote a file"
stop v1

# --- a daemon that dies with the request in its hands ----------------------------------------------------------
start v1
wait_for 10 run v1 status || fail "village 1 does not start again"
kill -STOP "$pid_v1"
"$cz" "${v[@]}" "${record[@]}" --as recorder >"$work/out" 2>&1 </dev/null &
writer=$!
wait_for 10 asks $writer || fail "no request"
stop v1 KILL
rv=0
wait $writer || rv=$?
((rv == 3)) && grep -qE 'same command again with --id [0-9a-f]{32}' "$work/out" ||
	fail "exit $rv, no ID to repeat with: $(cat "$work/out")"

rv=0
wait $waiting || rv=$?
((rv == 3)) && grep -q 'no answer in 30 s' "$work/stuck-out" || fail "stuck daemon: exit $rv: $(cat "$work/stuck-out")"
kill -CONT "$pid_stuck"

# --- completion ------------------------------------------------------------------------------------------------
"$cz" completion bash >"$work/completion"
complete_to() { # words; prints what fits
	bash -c '. "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _cunzhang; printf "%s\n" "${COMPREPLY[@]}"' \
		"$work/completion" "$@"
}
[[ $(complete_to cunzhang --dir entry ve) == verify ]] || fail "completion of a command"
[[ $(complete_to cunzhang entry rev) == $'review\nreverse' ]] || fail "completion of a second word"
[[ $(complete_to cunzhang --dir x entry record --house) == --household ]] || fail "completion of an option"
[[ $(complete_to cunzhang record grant --ro) == --role ]] || fail "completion of a field"
