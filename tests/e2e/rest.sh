# Goal of this test: what the plan demands beside points and goods, seen through the command line in a village of
# four households, small enough that every number is known beforehand: wishes, plan, meetings, store; guidance of
# the town with its due day; an evening in the courtyard without a network; facilities with keepers; measures and
# statistics, ranks, lists with their basis; papers that hide names; a town for practice that stays apart.
set -eu
. tests/e2e/lib.inc
ok() { must run v1 "$@"; }
decide() { ok record "$1" --as head "${@:2}"; }
refused() { # name of the rule, command...
	exits 1 run v1 "${@:2}"
	grep -qF "$1" "$work/out" || fail "not refused by $1: ${*:2}: $(cat "$work/out")"
}
last() { run v1 status --json | jq '[.feeds[] | select(.own)][0].size - 1'; }
balance() { run v1 account --json | jq -r --arg h "$1" '.[] | select(.household == $h) | .balance'; }
kept() { # node, register, jq condition on its newest record [option...]
	run "$1" register "$2" --json "${@:4}" | jq -e "last.record | $3" >/dev/null ||
		fail "register $2 at $1: $(run "$1" register "$2" --json "${@:4}")"
}
rows() { # table [option...]; the rows, cells joined by |
	run v1 table "$@" --json --lang en | jq -r '.rows[] | map(tostring) | join("|")'
}
is() { # what for, got, want
	[[ $2 == "$3" ]] || fail "$1: $(diff <(printf '%s\n' "$2") <(printf '%s\n' "$3"))"
}
exchanged() { wait_for 20 settled v1 && wait_for 20 settled hub || fail "the village does not settle"; }
confirmed() { # entry
	ok entry review "$1" --as reviewer
	ok entry confirm "$1" --as confirmer
}
today=$(china_day) code=500101999201
hub
village 1
ok operator add keeper --role keeper --as head

# --- wish, plan, application as demonstration village, choice of one ---------------------------------------
decide intent --kind join --day "$today" --text 申请参加积分制
printf 'step,from,to\n宣传发动,2025-01-01,2025-01-31\n' >"$work/steps.csv"
decide plan --version 1 --title 实施方案 --content 七大类积分 --standards 按清单 --procedure 申报审核确定 \
	--uses 评优兑换 --basis 后山府〔2022〕1号 --digest "$(printf %064d 5)" --lines "$work/steps.csv"
# R14
kept v1 plan '.procedure == "申报审核确定" and .uses == "评优兑换" and (.digest | endswith("5"))'
# R14
run v1 register plan --csv "$work/plan.csv" >/dev/null && grep -q '宣传发动,2025-01-01,2025-01-31' "$work/plan.csv" ||
	fail "a plan without its steps"
# R15
refused F76 record plan --as head --version 2 --title 方案 --content 七大类积分 --standards 按清单 --procedure 待补充 \
	--uses 评优兑换 --lines "$work/steps.csv"
decide intent --kind demonstration --day "$today" --text 申报示范村
exchanged
# R12
run hub register intent --feed $code --json | jq -e --arg d "$today" \
	'.[0].author == "head" and .[0].record.kind == "join" and .[0].record.day == $d' >/dev/null ||
	fail "the hub does not see who wishes to join"
must run hub record village-fact --as office --village $code --work-team yes --batch 2
# R13
kept hub village_fact '.work_team == "yes" and .batch == 2' --feed town
# R13
run hub villages --lang zh | grep -q "$code .*有驻村工作队，应纳入首批" || fail "nobody says who belongs in the first batch"
must run hub record village-fact --as office --village $code --work-team yes --batch 1
# R13
run hub villages --json | jq -e '.[0] | .work_team and .batch == 1 and (.to_include | not)' >/dev/null ||
	fail "a village of the first batch is not known as such"
choose() { run hub record demonstration --as office --village $code --decision chosen --day "$today" --reason 群众支持; }
choose >/dev/null 2>&1 || fail "no demonstration village"
# R16
choose >"$work/out" 2>&1 && fail "two demonstration villages"
grep -q F53 "$work/out" || fail "another reason than that there is one: $(cat "$work/out")"
# R16
kept hub demonstration '.reason == "群众支持" and .decision == "chosen"' --feed town

# --- consultation, meeting, training, store ------------------------------------------------------------------
decide consultation --day "$today" --topic 积分事项 --asked 120 --aware 96 --opinions 增加垃圾分类 --done 已采纳
# R55 R69
kept v1 consultation '.asked == 120 and .aware == 96 and .opinions == "增加垃圾分类" and .done == "已采纳"'
decide meeting --kind assembly --day "$today" --place 村委会 --attendance 86 --agenda 积分制动员 --decision 通过 \
	--digest "$(printf %064d 6)"
# R17
kept v1 meeting '.kind == "assembly" and .place == "村委会" and .attendance == 86 and .agenda == "积分制动员" and
	.decision == "通过" and (.digest | endswith("6"))'
decide training --day "$today" --topic 录入操作 --trainer 镇办 --attendance 12
# R61
kept v1 training '.topic == "录入操作" and .trainer == "镇办" and .attendance == 12'
decide store --title 积分超市 --place 村委会一楼 --keeper keeper --days 每月25日 --accepted 2025-01-15
# R18
kept v1 store '.place == "村委会一楼" and .keeper == "keeper" and .days == "每月25日" and .accepted == "2025-01-15"'

# --- the town sends a task with a due day; the village answers, the town closes it ---------------------------
must run hub record guidance --as office --village $code --kind rectify --title 补齐公示 --text 请补齐一月公示 --due 2025-02-20
guidance=$(run hub status --json | jq '[.feeds[] | select(.own)][0].size - 1')
exchanged
# R20 R75
is "a task is due" "$(rows due | grep -F guidance)" "guidance, reminder or task|补齐公示||||2025-02-20|$(((($(date -d "$today" +%s) - $(date -d 2025-02-20 +%s))) / 86400))|$guidance"
# R20 R75
is "a task that is late" "$(rows guidance)" "$guidance|task to put right|补齐公示|2025-02-20|overdue||||请补齐一月公示|"
decide guidance-reply --guidance "$guidance" --done yes --day "$today" --text 已补齐
reply=$(last)
exchanged
# R20
run hub table guidance --feed $code --json --lang en | jq -e --arg d "$today" \
	'.rows[0][4:6] == ["done, as the village says", $d]' >/dev/null || fail "the town does not see the answer"
must run hub record guidance-close --as office --guidance "$guidance" --village $code --day "$today" --note 已核实
exchanged
# R75
[[ $(rows guidance) == "$guidance|task to put right|补齐公示|2025-02-20|closed|$today|$reply|"?* ]] ||
	fail "the task is not closed: $(rows guidance)"

# --- people, prices, the catalogue of the village ------------------------------------------------------------
cat >"$work/roster.csv" <<-'END'
	户编号,组,户主,姓名,与户主关系,性别,身份证号,出生日期,户籍,居住起始日,两委同意日期,联系电话,是否参加,备注
	01001,1,王大明,王大明,户主,男,,1960-05-01,本村,,,13800138000,是,
	01001,1,王大明,王小明,长子,男,,1985-05-01,本村,,,,是,
	01002,1,李二妹,李二妹,户主,女,,1962-06-01,本村,,,,是,
	02001,2,欧阳三丰,欧阳三丰,户主,男,,1964-07-01,本村,,,,是,
	02002,2,赵不参,赵不参,户主,男,,1966-08-01,本村,,,,否,
END
ok roster import "$work/roster.csv" --as head
printf 'kind,name\nhonour,文明家庭\npolicy,优先扶持\ngoods,日用品兑换\n' >"$work/rewards.csv"
decide scheme --accept --version 1 --title 奖励方案 --from 2025-01-01 --rate-points 2 --rate 1 --threshold 5 --notified-days 0 \
	--notice-days 7 --object-days 7 --answer-days 7 --tolerance 10 --proxy-max 3 --scope 全体参加户 --lines "$work/rewards.csv"
printf 'good,title,class,unit,price,cost\nG01,毛巾,household,条,4,2\nG02,锄头,production,把,9,3\n' >"$work/prices.csv"
decide prices --version 1 --from 2025-01-01 --lines "$work/prices.csv"
# R50
grep -q 'X02.*G02' "$work/out" || fail "no word about a price that does not follow cost and rate: $(cat "$work/out")"
printf 'change,code,category,sign,name_zh,points,unit,cap,scope,evidence,document\n%s\n%s\n' \
	'add,X101,D,award,护林巡查,2.50,event,10,household,照片,no' 'drop,A202,A,deduct,,,event,,household,,no' >"$work/changes.csv"
ok catalogue adopt --version $next_version --base 1 --from "$today" --lines "$work/changes.csv" --as head

# --- a deduction, and nothing else yet: the measures say that awards should lead -----------------------------
ok entry record --household 02001 --item D202 --day "$today" --place 村道一段 --reason 门前堆放杂物 --evidence 照片 --evidence-no ZP-0129 \
	--notified "$today" --as recorder
confirmed "$(last)"
# R34 I8
is "an account below zero" "$(balance 02001)" -1.00
# R06
rows completeness | grep -qF 'deductions among all lines|1|1|100.0|more deductions than awards; awards should lead' ||
	fail "no word about deductions that lead: $(rows completeness)"

# --- an evening in the courtyard: no network, and all goes on -------------------------------------------------
exchanged
stop hub
ok entry sheet --group 1 --item D101 --day "$today" --place 院坝 --reason 庭院月检 --evidence 照片 -o "$work/round.csv"
# R08 R59 R68
ok entry import "$work/round.csv" --as recorder --review-as reviewer --confirm-as confirmer
begun=$SECONDS # five things to type, who signs aside: day, version and points are filled in
ok entry record --household 01001 --member 2 --item A102 --place 院坝 --reason 政策宣讲 --evidence 签到表 --as recorder
# R08
((SECONDS - begun < 30)) || fail "one entry took $((SECONDS - begun)) s"
# R08
run v1 log -n 1 --json | jq -e --arg d "$today" --argjson n "$next_version" '.items[0].lines[0] | .day == $d and .points == "2.00" and .version == $n' \
	>/dev/null || fail "day, version or points are not filled in"
confirmed "$(last)"
# R68
is "the account shown on the spot" "$(balance 01001)" 5.00
ok redeem 01001 --goods G01=1 --receiver 王大明 --member 1 --as keeper -o "$work/slip.html"
# R68
grep -q 毛巾 "$work/slip.html" || fail "no slip on the spot"
is "the account after redeeming" "$(balance 01001)" 1.00
# I3
refused X01 redeem 01001 --goods G01=1 --receiver 王大明 --member 1 --as keeper
# R44
refused P13 redeem 02002 --goods G01=1 --receiver 赵不参 --member 1 --as keeper
# R08 R68
run v1 status --json | jq -e '[.feeds[] | select(.own)][0] | .durable > .at_hub' >/dev/null ||
	fail "the hub has what was recorded without it"
start hub
exchanged

# --- a facility with its keeper -------------------------------------------------------------------------------
decide facility --code LU-1 --kind road --place 村道一段 --household 02001 --from 2025-01-01
decide facility-check --facility LU-1 --day "$today" --good yes --note 路面整洁
# R73
kept v1 facility_check '.facility == "LU-1" and .good == "yes"'
late=$(date -d "$today -8 days" +%F)
upkeep=(entry record --item D101 --day "$late" --place 村道一段 --reason 管护合格 --evidence 照片 --facility LU-1 --as recorder)
# R73
refused F69 "${upkeep[@]}" --household 01002
ok "${upkeep[@]}" --household 02001
confirmed "$(last)"

# --- measures and statistics: every number is known ---------------------------------------------------------
# R06 R07 R36 R69 I6
is measures "$(rows completeness)" "items used of those in force|3|55|5.5|
households taking part|3|4|75.0|
complete and signed by three|5|5|100.0|
redemptions published|0|1|0.0|
recorded within seven days|4|5|80.0|
deductions among all lines|1|5|20.0|
honours among all rewards|0|1|0.0|
policy support among all rewards|0|1|0.0|
goods among all rewards|1|1|100.0|
done in time: guidance, reminder or task|0|1|0.0|"
# R71
is categories "$(rows categories)" "A|patriotism|1|0|2.00|0.00|2.00
D|living environment|3|1|9.00|1.00|8.00"
# R71
is "items that were used" "$(rows items | head -n 3)" "A102|参加政策宣讲或集中学习|1|0|2.00|0.00|2.00
D101|庭院清洁月检达标|3|0|9.00|0.00|9.00
D202|房前屋后乱堆乱放|0|1|0.00|1.00|-1.00"
is "items nobody used" "$(rows items | awk -F'|' '$3 + $4 == 0' | wc -l)" 52
# R71
is groups "$(rows groups)" "1|2|2|3|0|8.00|0.00|8.00
2|2|1|1|1|3.00|1.00|2.00"
if [[ ${late%-*} == "${today%-*}" ]]; then
	months="${today%-*}||4|1|11.00|1.00|10.00"
else
	months="${late%-*}||1|0|3.00|0.00|3.00"$'\n'"${today%-*}||3|1|8.00|1.00|7.00"
fi
# R71
is months "$(rows months)" "$months"
is "nothing in another period" "$(rows categories --to 2024-12-31)" ""
# R47 I2
is "ranks of households" "$(rows households)" "1|01001|0|王大明|5.00|0.00|5.00
2|01002|0|李二妹|3.00|0.00|3.00
3|02001|0|欧阳三丰|3.00|1.00|2.00"
# R47
is "households by category" "$(rows households --category D | cut -d'|' -f1,2,7)" "1|01001|3.00
1|01002|3.00
3|02001|2.00"
# R42
is "people by category" "$(rows people --category D)$(rows people --category A | cut -d'|' -f1-3)" "1|01001|2"
run v1 table people --category Z >"$work/out" 2>&1 && fail "a category that is not there"
# R42 R71
is "ranks of people" "$(rows people)" "1|01001|2|王小明|2.00|0.00|2.00"
exchanged
# R71
is "statistics at the hub" "$(run hub table categories --feed $code --json | jq -c .rows)" \
	"$(run v1 table categories --json | jq -c .rows)"
# R57
is "the ledger of a day" "$(rows ledger --from "$today" --to "$today" | cut -d'|' -f2,8,9)" "02001|-1.00|-1.00
01001|3.00|3.00
01002|3.00|3.00
01001|2.00|5.00
01001|-4.00|1.00
02001|3.00|2.00"

# --- lists for appraisals with their basis, honours, policy support ------------------------------------------
printf 'rank,household,member,score\n1,01001,2,2.00\n' >"$work/best.csv"
decide appraisal --year "${today%%-*}" --title 好公婆好儿媳 --basis 个人年度积分 --day "$today" --lines "$work/best.csv"
appraisal=$(last)
ok record appraisal-confirm --as confirmer --entry "$appraisal" --decision agree
ok register appraisal --csv "$work/list.csv" --xlsx "$work/list.xlsx"
# R74
grep -q "${today%%-*},好公婆好儿媳,个人年度积分,$today,1,01001,2,2.00" "$work/list.csv" && [[ -s $work/list.xlsx ]] ||
	fail "a list without its basis: $(cat "$work/list.csv")"
decide honour --household 01001 --member 2 --title 好儿媳 --level village --year "${today%%-*}" --day "$today" --certificate RY-1 \
	--appraisal "$appraisal" --basis 年度第一
# R47
kept v1 honour ".basis == \"年度第一\" and .appraisal == $appraisal"
decide policy-support --policy 小额信贷 --department 农商行 --household 01001 --day "$today" --basis 全村第一名
# R48
kept v1 policy_support ".policy == \"小额信贷\" and .department == \"农商行\" and .household == \"01001\" and
	.basis == \"全村第一名\" and .day == \"$today\""
# R06 R43
is "honour, support and goods" "$(rows completeness | grep 'all rewards')" "honours among all rewards|1|3|33.3|
policy support among all rewards|1|3|33.3|
goods among all rewards|1|3|33.3|"
exchanged
# R70
run hub table honours --feed $code --json | jq -e '.rows[0][3] == "好儿媳"' >/dev/null || fail "the hub does not see an honour"

# --- the work team, and a passbook that is issued, printed, printed again and replaced -----------------------
decide post --household 01001 --member 1 --post secretary --from 2025-01-01 --to 2027-12-31 --duty 总负责
# R03 R64
is "the work team" "$(rows posts)" "01001|1|Party branch secretary|2025-01-01|2027-12-31|$(last)"
book() { # lines expected, what for [option...]
	ok print passbook --household 01001 --as head -o "$work/book.html" "${@:3}"
	# R58
	is "$2" "$(grep -c '<tr><td class="d">' "$work/book.html")" "$1"
}
decide passbook --household 01001 --number SC-1 --action issue --day "$today" --balance 0.00
book 3 "lines of a new passbook"
exits 1 run v1 print passbook --household 01001 --as head -o "$work/nothing.html" # no new line
book 3 "lines of a reprint" --all
decide passbook --household 01001 --number SC-2 --action replace --day "$today" --balance 0.00
book 3 "lines of a passbook that replaces another"

# --- papers: what villagers read, and what nobody should ---------------------------------------------------
notice() { # kind [option...]
	ok notice make "$1" --as head -o "$work/$1.html" "${@:2}"
	code_of=$(grep -oE '[0-9A-Z]{4}(-[0-9A-Z]{4}){3}' "$work/out")
}
says() { # kind, texts...
	local kind=$1 text
	shift
	for text; do grep -qF "$text" "$work/$kind.html" || fail "the $kind notice does not say $text"; done
}
notice catalogue
# R05 R30 R32 R33
says catalogue 护林巡查 2.50 新增 取消 庭院清洁月检达标 未备案
notice scheme
# R45 R49 R51
says scheme '2.00 分兑 1.00 元' 5.00 全体参加户 毛巾 生产物资 异议
notice assessment --from "$today"
# R46
says assessment 王*明 李*妹 欧阳*丰 '加分 4 条，共 11.00 分' '扣分 1 条，共 1.00 分' 异议 "$code_of"
for text in 王大明 李二妹 欧阳三丰 乱堆乱放 堆放杂物 13800138000; do
	# R09
	grep -qF "$text" "$work/assessment.html" && fail "the assessment notice says $text"
done
notice redemption --from "$today"
# R77
says redemption 毛巾×1 4.00 王*明 异议
redemption=$(last)
decide posting --notice "$redemption" --place 公示栏 --from "$today" --to "$(date -d "$today +9 days" +%F)" --poster 张小红 \
	--photo "$(printf %064d 8)"
# R33
kept v1 posting '.place == "公示栏" and .poster == "张小红" and (.photo | endswith("8"))'
# R07
[[ $(rows completeness) == *"redemptions published|1|1|100.0"* ]] || fail "a redemption on the board is not published"
# R77
[[ $(rows notices | tail -n 1) == "$redemption|redemptions|$today|$today|1|4.00|0.00|$(date -d "$today +10 days" +%F)|$today|"*"|posted||$redemption" ]] ||
	fail "notices: $(rows notices)"
# R78
run v1 notice check "$code_of" --json | jq -e '.agrees and .posted.plus == "4.00" and .ledger.plus == "4.00"' >/dev/null ||
	fail "the figures on paper are not those of the ledger"
# R61
grep -q 培训数据 "$work"/*.html && fail "a real paper says that it is for training"

# --- a town for practice: every paper says so, and it can never be the real one ----------------------------
free_port practice_port
must run t init hub --name 练习镇 --code 500101998 --training --listen "127.0.0.1:$practice_port" --operator office
start t
wait_for 10 run t status || fail "the hub for practice does not answer"
# R61
exits 2 run t2 init hub --name 练习镇 --code 500101998 --training --domain e2e.example --listen 127.0.0.1:1 --operator o
must run t catalogue import "$data/catalogue.csv" --title 练习清单 --from 2025-01-01 --as office
must run t invite --village-code 500101998201 --village-name 练习村 --as office -o "$work/practice"
must run tv init village --invitation "$work/practice" --operator head
start tv
wait_for 20 town_is_here tv || fail "the village for practice does not enrol"
must run tv catalogue adopt --version 1 --base 1 --from "$today" --as head
must run tv notice make catalogue --as head -o "$work/practice.html"
# R61
grep -q '培训数据　不作依据' "$work/practice.html" || fail "a paper of the practice town does not say so"
run tv status --json | jq -e .training >/dev/null || fail "a node for practice does not say so"
run v1 status --json | jq -e '.training | not' >/dev/null || fail "a real node says that it is for practice"
for n in hub v1; do must run $n verify; done
