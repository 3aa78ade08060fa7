# Goal of this test: requirements that clerk, supervisor and town do whole with the command line, sentence by sentence:
# R06 R09 R15 R24 R31 R36 R38 R39 R49 R52 R71. Each block carries the number of the requirement it walks.
set -u
. tests/e2e/lib.inc
v() { run v1 "$@"; }
ok() { must run v1 "$@"; }
says() { # pattern, command...: done, and says so
	ok "${@:2}"
	grep -qE -- "$1" "$work/out" || fail "does not say \"$1\": ${*:2}: $(cat "$work/out")"
}
refuses() { # exit code, pattern, command...
	exits "$1" v "${@:3}"
	grep -qE -- "$2" "$work/out" || fail "does not say \"$2\": ${*:3}: $(cat "$work/out")"
}
row() { v table "$1" "${@:3}" --csv "$work/csv" >/dev/null && grep "$2" "$work/csv"; } # table, pattern
last() { echo $(($(size) - 1)); }
record() { ok entry record --household "$1" --item "$2" --place 院坝 --reason 庭院月检 --as recorder "${@:3}"; }
today=$(china_day) before=$(china_day '-5 days') first=$(china_year)-01-01
hub
village 1
ok operator add watcher --role supervisor --as head
ok operator add keeper --role keeper --as head
cat >"$work/roster.csv" <<'ROSTER'
户编号,组,户主,姓名,与户主关系,性别,出生日期,户籍,居住起始日,两委同意日期,是否参加
01001,1,陈大勇,陈大勇,户主,男,1968-03-04,本村,,,是
01002,1,李秀英,李秀英,户主,女,1955-09-09,本村,,,是
02001,2,赵有福,赵有福,户主,男,1960-07-07,本村,,,是
02002,2,买买提·阿不都,买买提·阿不都,户主,男,1971-01-01,外村,2020-01-01,2021-01-01,是
ROSTER
ok roster import "$work/roster.csv" --as head --accept

# --- who lives here earns; who moved out does not, and comes back by a record --------------------------------------------
refuses 1 'HOUSEHOLD|household 99999' entry record --household 99999 --item D101 --place 院坝 --reason 庭院月检 --evidence 照片 --as recorder
# R24
says '02002' account 买买提•阿不都
ok record roster-change --household 02001 --member 0 --kind moved_out --day "$before" --as head
refuses 1 'moved away' entry record --household 02001 --item D101 --day "$today" --place 院坝 --reason 庭院月检 --evidence 照片 --as recorder
says 'left' account 02001

# --- a plan without procedure or uses does not start a village -------------------------------------------------------------
plan=(record plan --version 1 --title 方案 --content 重点内容若干 --standards 评价标准若干 --step 动员 --as head)
refuses 2 '--uses' "${plan[@]}" --procedure 三人签名评定
refuses 2 '--procedure' "${plan[@]}" --uses 兑换与评优
refuses 1 F76 "${plan[@]}" --procedure 无 --uses 兑换与评优
# R15
says 'plan' table due
ok "${plan[@]}" --procedure 三人签名评定 --uses 兑换与评优
row due 'record plan' && fail "a plan that is there is still due"

# --- the catalogue of a year, the one in force on the day of the deed, and a change that is marked --------------------------
# R31
ok catalogue show
ok catalogue adopt --version "$next_version" --base 1 --from "$today" --drop A202 --as head
grep -q P12 "$work/out" || fail "a change within the year is not marked"
says 'A202' catalogue show --version $((next_version - 1))
says 'D101' catalogue show --version "$next_version"
grep -q '^A202' "$work/out" && fail "A202 is in the version that dropped it"
refuses 1 'A202' entry record --household 01001 --item A202 --day "$today" --notified "$today" --place 院坝 --reason 没有到会 --evidence 会议通知 --evidence-no T-1 --as recorder

# --- a recorder records for a group; evidence of a kind that the item takes, by number, photo or document ---------------------
# R36 R38 R39
ok operator add one --role recorder --group 2 --as head
refuses 1 'F74.*group 1' entry record --household 01001 --item D101 --place 院坝 --reason 庭院月检 --evidence 照片 --as one
refuses 1 '照片' entry record --household 01001 --item D101 --place 院坝 --reason 庭院月检 --evidence 口说 --as recorder
refuses 1 'kind of evidence' entry record --household 01001 --item D101 --place 院坝 --reason 庭院月检 --as recorder
says P08 entry record --household 01001 --item D101 --place 院坝 --reason 庭院月检 --evidence 照片 --as recorder
echo photo >"$work/a.jpg"
record 01002 D101 --evidence 照片 --file "$work/a.jpg"
photo=$(last)
says 'evidence/' evidence show "$photo"
ok evidence check
record 02002 D101 --evidence 照片 --file "$work/a.jpg"
grep -qE 'P09|evidence' "$work/out" || fail "the same photo twice is not noticed"

# --- objection, reply, reversal; numbers of people stay out ----------------------------------------------------------------------
# R09
ok entry review --all --as reviewer
ok entry confirm --all --as confirmer
row completeness 'recorded within seven days,3,3,100.0' >/dev/null || fail "the delay between deed and record is not measured: $(row completeness seven)"
ok record objection --entry "$photo" --household 01002 --day "$today" --via oral --text 当天没有来检查 --as watcher
objection=$(last)
says "$photo" table objections
ok record objection-reply --objection "$objection" --ruling upheld --day "$today" --text 查证属实确有错误 --as reviewer
grep -q 'entry reverse' "$work/out" || fail "what is left to do is not said: $(cat "$work/out")"
refuses 1 'F20' entry reverse $((photo + 900)) --reason 查证属实 --as confirmer
ok entry reverse "$photo" --reason 查证属实 --as confirmer
says 'balance 0.00|Balance 0.00|0.00 =' account 01002
refuses 1 N03 record complaint --day "$today" --kind points --via oral --text '请打 138 0013 8000 问' --as watcher

# --- 1 to 1 where nothing was decided, another rate from its day on; exactly 100 is enough ----------------------------------------
# R49 R52
ok record scheme --version 1 --title 方案 --from "$today" --kind goods --name 积分超市 --as head
[[ $(v register scheme --json | jq -r '.[-1].record | "\(.rate_points) \(.rate) \(.threshold)"') == '1.00 1.00 100.00' ]] || fail "not the plan's"
ok record prices --version 1 --from "$today" --good G01 --title 毛巾 --class household --unit 条 --price 2 --cost 2 --as head
refuses 1 'X01' redeem 01001 --goods G01=1 --receiver 陈大勇 --member 1 --as keeper
grep -q '100' "$work/out" || fail "the threshold is not told"
ok record scheme --version 2 --from "$today" --threshold 3 --accept --as head
says '2.00' redeem 01001 --goods G01=1 --receiver 陈大勇 --member 陈大勇 --as keeper
refuses 1 'X01' redeem 01001 --goods G01=1 --receiver 陈大勇 --member 1 --as keeper

# --- more is given than taken, or it is said ----------------------------------------------------------------------------------------
for item in D201 D202 D203; do
	record 02002 $item --day "$before" --notified "$before" --evidence 照片 --evidence-no "K-$item"
done
ok entry review --all --as reviewer
ok entry confirm --all --as confirmer
# R06
row completeness 'eduction' >"$work/out" || fail "no share of deductions"
grep -q '3,5' "$work/out" || fail "the share of deductions is wrong: $(cat "$work/out")"
grep -qiE 'more deductions' "$work/out" || { v table completeness; fail "that there are more deductions than awards is not said"; }

# --- sums by item, group, month and village -----------------------------------------------------------------------------------------------
# R71
row items '^D101' --from "$first" >/dev/null || fail "no sum of an item"
row groups '^1,' --from "$first" >/dev/null || fail "no sum of a group"
row months "^${today%-*}," --from "$first" >/dev/null || fail "no sum of a month: $(cat "$work/csv")"
wait_for 20 settled v1
run hub table villages --csv "$work/villages.csv" >/dev/null
grep -q '^500101999201' "$work/villages.csv" || fail "the village is not in the table of all"
exit 0
