# Goal of this test: a whole invented year of the points scheme in one village, through the command line: filing
# of catalogue, plan and scheme; consent; applications, entries, deductions told and objected to; redemptions
# refused at 99.99 and accepted at 100; appraisal, year close; notices with their check codes; the passbook that
# goes on where it ended. At the end accounts equal an independent recount and hub and village agree byte by byte.
set -eu
. tests/e2e/lib.inc
v() { run v1 "$@"; }
ok() { must run v1 "$@"; }
decide() { ok record "$1" --as head "${@:2}"; }
refused() { # name of the rule, command...
	local rule=$1
	shift
	exits 1 v "$@"
	grep -qF "$rule" "$work/out" || fail "refused by another rule than $rule: $*: $(cat "$work/out")"
}
last() { v status --json | jq '[.feeds[] | select(.own)][0].size - 1'; }
balance() { v account --json | jq -r --arg h "$1" '.[] | select(.household == $h) | .balance'; }
points() { # household, member, item, day [option...]; recorded, reviewed and confirmed
	ok entry record --household "$1" --member "$2" --item "$3" --day "$4" --place 村委会 --reason 日常记录 \
		--evidence "$5" --evidence-no "NO-$RANDOM-$4-$3" --as recorder "${@:6}"
	entry=$(last)
	ok entry review "$entry" --as reviewer
	ok entry confirm "$entry" --as confirmer
}
today=$(china_day)
hub
village 1
ok operator add keeper --role keeper --as head
ok operator add deputy --role reviewer --as head
ok operator add second --role confirmer --as head

# --- the plan, the scheme and the catalogue are decided, filed, returned, filed again ------------------------
printf 'step,from,to\n宣传发动,2025-01-01,2025-01-31\n全面实施,2025-02-01,2025-12-31\n' >"$work/steps.csv"
# R14
decide plan --version 1 --title 实施方案 --content 七大类积分 --standards 按清单 --procedure 申报审核确定 \
	--uses 评优兑换 --lines "$work/steps.csv"
printf 'kind,name\nhonour,文明家庭\npolicy,优先扶持\ngoods,日用品兑换\n' >"$work/rewards.csv"
decide scheme --version 1 --title 奖励方案 --from 2025-01-01 --rate-points 1 --rate 1 --threshold 100 \
	--redeem-cap 500 --year-cap 1000 --notified-days 3 --notice-days 7 --object-days 7 --answer-days 7 \
	--tolerance 10 --proxy-max 3 --scope 全体参加户 --lines "$work/rewards.csv"
printf 'good,title,class,unit,price,cost\nG01,洗衣液,household,瓶,20,20\nG02,大米,local,袋,60,58.50\n' >"$work/prices.csv"
decide prices --version 1 --from 2025-01-01 --lines "$work/prices.csv"
printf 'good,title,class,unit,price,cost\nG03,购物卡,shopping_card,张,100,100\n' >"$work/card.csv"
# R51
refused X08 record prices --as head --version 2 --from "$today" --lines "$work/card.csv"
decide submission --subject plan --version 1
decide submission --subject scheme --version 1
decide submission --subject catalogue --version 1
reply() { must run hub record filing-reply --as office --village 500101999201 --day "$today" "$@"; }
at_hub() { wait_for 20 settled v1 || fail "the village does not settle"; }
at_hub
reply --subject scheme --version 1 --decision returned --comment 请写明兑付标准
reply --subject plan --version 1 --decision accepted --number 后山备2025-01
reply --subject catalogue --version 1 --decision accepted --number 后山备2025-02
at_hub
decide submission --subject scheme --version 1
at_hub
reply --subject scheme --version 1 --decision accepted --number 后山备2025-03
at_hub
# R32 R45 R63
refused F49 record submission --as head --subject plan --version 1

# --- people: consent, a non-registered resident, a child is born, kin, posts ----------------------------------
ok roster import "$data/village-1/roster.csv" --as head
decide consent --household 05005 --takes-part yes --day 2025-02-01 --document TY-05005
decide member-join --household 05001 --kind birth --day 2025-03-03 --member 9 --name 孟小宝 --birth 2025-03-03 \
	--hukou local --sex male
printf '亲属　关系, 亲属户编号,亲属成员序号（本户）\n 兄弟姐妹　,06002 ,1\n' >"$work/kin.csv"
decide kin --household 05001 --member 1 --day 2025-02-01 --lines "$work/kin.csv"
decide post --household 05001 --member 1 --post group_head --from 2025-01-01

# --- meetings, training, a facility with its keeper ------------------------------------------------------------
# R17
decide meeting --kind assembly --day 2025-01-10 --place 村委会 --attendance 86 --agenda 积分制动员 --decision 通过
# R55
decide consultation --day 2025-01-05 --topic 积分事项 --asked 120 --aware 96 --opinions 增加垃圾分类 --done 已采纳
decide training --day 2025-01-20 --topic 录入操作 --trainer 镇办 --attendance 12
decide facility --code LU-1 --kind road --place 村道一段 --household 05005 --from 2025-02-01
# R73
decide facility-check --facility LU-1 --day 2025-03-01 --good yes
# R18
decide store --title 积分超市 --place 村委会一楼 --keeper keeper --days 每月25日 --accepted 2025-01-15
printf '日期,开始,结束\n%s,0:00,24：00\n' "$today" >"$work/hours.csv"
decide opening --place 积分超市 --lines "$work/hours.csv"

# --- an application is taken up, another declined ------------------------------------------------------------
ok record application --as recorder --household 05005 --member 0 --item A101 --day 2025-03-05 --place 院坝 \
	--reason 参加院坝会 --evidence 签到表 --applicant 武远红
application=$(last)
points 05005 0 A101 2025-03-05 签到表 --application "$application"
ok record application --as recorder --household 05005 --member 0 --item A101 --day 2025-03-06 --place 院坝 \
	--reason 参加院坝会 --evidence 签到表 --applicant 武远红
# R05
ok record application-reply --as reviewer --application "$(last)" --opinion 当日未开会

# --- a year of entries ------------------------------------------------------------------------------------------
ok entry import "$data/village-1/entries-2025.csv" --accept --as recorder --review-as reviewer --confirm-as confirmer

# --- a deduction: first told, then confirmed -----------------------------------------------------------------
ok entry record --household 05005 --member 0 --item D202 --day 2025-04-01 --place 院坝 --reason 乱堆乱放 \
	--evidence 照片 --evidence-no ZP-1 --as recorder
deduction=$(last)
v --lang en log -n 1 --full >"$work/log"
grep -q 'warning (P05).*marked as late' "$work/log" && grep -q 'warning (P15).*record notified' "$work/log" ||
	fail "the log keeps the warnings back: $(cat "$work/log")"
ok entry review "$deduction" --as reviewer
refused P15 entry confirm "$deduction" --as confirmer
ok record notified --as recorder --entry "$deduction" --line 1 --day 2025-04-02 --via oral
ok entry confirm "$deduction" --as confirmer

# --- an objection is upheld, the line reversed and entered anew --------------------------------------------------
ok record objection --as head --entry "$deduction" --line 1 --household 05005 --via written --day 2025-04-05 --text 不是我家
objection=$(last)
refused F29 record objection-reply --as head --objection "$objection" --ruling upheld --day 2025-04-08 --text 属实
# R03
refused L05 record objection-reply --as recorder --objection "$objection" --ruling upheld --day 2025-04-08 --text 属实
ok record objection-reply --as deputy --objection "$objection" --ruling upheld --day 2025-04-08 --text 属实
ok entry reverse "$deduction" --line 1 --reason 异议成立 --as deputy
# I10
[[ $(balance 05005) == 2.00 ]] || fail "after the objection 05005 has $(balance 05005)"

# --- redemption: 99.99 is not enough, 100 is ----------------------------------------------------------------------
printf 'change,code,category,sign,name_zh,points,unit,cap,scope,evidence,document\n%s\n%s\n%s\n' \
	'add,X101,D,award,试点奖励,97.99,event,0,household,照片,no' \
	'add,X102,D,award,零星奖励,0.01,event,0,household,照片,no' \
	'drop,A202,A,deduct,,,event,,household,,no' >"$work/changes.csv"
ok catalogue adopt --version $next_version --base 1 --from "$today" --lines "$work/changes.csv" --as head
v catalogue show >"$work/out" 2>&1
grep -q "version $next_version of the village, from $today" "$work/out" && grep -q '^X101' "$work/out" && ! grep -q '^A202' "$work/out" ||
	fail "the village's own catalogue: $(cat "$work/out")"
points 05005 0 X101 "$today" 照片
[[ $(balance 05005) == 99.99 ]] || fail "05005 has $(balance 05005)"
redeem() {
	printf 'good,quantity,points\nG01,2,40\n' >"$work/goods.csv"
	v record redemption --as keeper --slip "$1" --household 05005 --day "$today" --minute 10:00 --receiver 武远红 \
		--member 1 --signature "$(printf %064d "${2:-7}")" --prices 1 --lines "$work/goods.csv"
}
exits 1 redeem DH-1
# R52 I3
grep -q X01 "$work/out" && grep -q 99.99 "$work/out" || fail "99.99 is enough: $(cat "$work/out")"
points 05005 0 X102 "$today" 照片
counter=(redeem 05005 --goods G01=2 --receiver 武远红 --member 1 --minute 10:00 --as keeper)
# R68
v "${counter[@]}" --dry-run --json | jq -e '.total == "40.00" and .before == "100.00" and .balance == "60.00"' >/dev/null ||
	fail "the trial of a redemption"
refused F59 redeem 05005 --goods G01=1,G09=1 --receiver 武远红 --member 1 --as keeper
printf 'a photo of the slip' >"$work/slip.jpg"
ok "${counter[@]}" --slip DH-1 --signature "$work/slip.jpg" -o "$work/counter.html" --lang zh
# R68
grep -q '合计 40.00，兑换前 100.00，兑换后 60.00' "$work/out" || fail "no balance at the counter: $(cat "$work/out")"
grep -q 洗衣液 "$work/counter.html" || fail "no slip at the counter"
v register redemption --json | jq -e --arg d "$(sha256sum <"$work/slip.jpg" | cut -d' ' -f1)" \
	'.[0].record.signature == $d and .[0].record.prices == 1' >/dev/null || fail "the redemption is not complete"
slip=$(last)
# R41 R53
[[ $(balance 05005) == 60.00 ]] || fail "after the redemption 05005 has $(balance 05005)"
refused F60 record redemption --as keeper --slip DH-1 --household 05005 --day "$today" --minute 10:00 \
	--receiver 武远红 --member 1 --prices 1 --lines "$work/goods.csv"
ok print slip --entry "$slip" -o "$work/slip.html"
grep -q 洗衣液 "$work/slip.html" || fail "no goods on the slip"

# --- appraisal and year close: no account changes ------------------------------------------------------------------
before=$(v account --json | jq -S . | sha256sum)
v score --year 2025 --json | jq -r 'sort_by(-(.score | tonumber), .household, .member) | .[0:3] |
	"rank,household,member,score", (to_entries[] | "\(.key + 1),\(.value.household),\(.value.member),\(.value.score)")' \
	>"$work/best.csv"
# R42
decide appraisal --year 2025 --title 道德模范 --basis 个人年度积分 --day "$today" --lines "$work/best.csv"
appraisal=$(last)
# R54
refused F65 record year-close --as head --year 2025
ok record appraisal-confirm --as confirmer --entry "$appraisal" --decision agree
decide year-close --year 2025
refused F64 record year-close --as head --year 2025
# I1
[[ $(v account --json | jq -S . | sha256sum) == "$before" ]] || fail "the year close changed an account"
best=$(sed -n 2p "$work/best.csv")
# R43
decide honour --household "$(cut -d, -f2 <<<"$best")" --member "$(cut -d, -f3 <<<"$best")" --title 道德模范 \
	--level village --year 2025 --day "$today" --certificate RY-1 --appraisal "$appraisal" --basis 年度第一
ok print certificate --entry "$(last)" -o "$work/certificate.html"
# R47
grep -q 荣誉证书 "$work/certificate.html" || fail "no certificate"
ok print guide -o "$work/guide.html"
grep -q "three different people" "$work/guide.html" || fail "no quick guide"
# R43 R48
decide policy-support --policy 小额信贷 --department 农商行 --household 05005 --day "$today" --basis 排名靠前

# --- notices, posted, checked ------------------------------------------------------------------------------------
for kind in assessment redemption catalogue scheme; do
	must run v1 notice make $kind --from 2025-01-01 --to "$today" --as head -o "$work/$kind.html"
	code=$(grep -oE '[0-9A-Z]{4}(-[0-9A-Z]{4}){3}' "$work/out")
	notice=$(last)
	# R33
	decide posting --notice "$notice" --place 公示栏 --from "$today" --to "$(china_day '+10 days')" --poster head
	# R46 R77 R78
	must run v1 notice check "${code,,}"
	run hub notice check "$code" --feed 500101999201 >"$work/out" 2>&1 || {
		at_hub
		must run hub notice check "$code" --feed 500101999201
	}
	# R09
	grep -q 500199 "$work/$kind.html" && fail "an identity number on the $kind notice"
done
# R05 R78
v notice check AAAA-BBBB-CCCC-DDDD >"$work/out" 2>&1 && fail "a code that nobody printed is right"
again=(--version 2 --from "$today" --rate-points 1 --rate 1 --threshold 100 --notice-days 7 --object-days 7 --answer-days 7
	--proxy-max 3 --lines "$work/rewards.csv")
for phone in 13800138000 138-0013-8000 +86138.0013.8000; do
	refused N03 record scheme --as head --title "请致电$phone" --scope 全体 "${again[@]}"
	refused N03 record scheme --as head --title 方案 --scope "联系 $phone" "${again[@]}"
done
decide scheme --title 第二版 --scope 全体 "${again[@]}"

for words in 文明家庭 优先扶持 日用品兑换 '告知后 3 天'; do
	grep -q "$words" "$work/scheme.html" || fail "the notice of the scheme does not say $words"
done
# what was posted stays what it was: the scheme of today is another, the page of then is made again, byte for byte
ok notice check "$code"
grep -q 同一份 "$work/out" && fail "the page of the notice is not the one that was recorded"
n=$(size)
ok print notice --entry "$notice" -o "$work/again.html"
cmp "$work/scheme.html" "$work/again.html" || fail "a notice printed again is not the same"
[[ $(size) == "$n" ]] || fail "printing a notice again wrote an entry"
ok notice make assessment --from 2025-01-01 -o "$work/draft.html"
[[ $(size) == "$n" ]] || fail "a draft was recorded"
grep -q 草稿 "$work/draft.html" || fail "a draft does not say so"
grep -qE '[0-9A-Z]{4}(-[0-9A-Z]{4}){3}' "$work/draft.html" && fail "a draft has a check code"
exits 1 v notice make assessment --from 1990-01-01 --to 1990-12-31 --as head -o "$work/none.html"
[[ ! -e $work/none.html && $(size) == "$n" ]] || fail "an empty notice was made without a question"

v notice make assessment --from 2025-01-01 --as recorder -o "$work/no.html" --dry-run >"$work/out" 2>&1
grep -q 草稿 "$work/no.html" || fail "a trial made a paper without a mark"
exits 1 v notice make assessment --from 2025-01-01 --as keeper -o "$work/no.html"
[[ ! -e $work/no.html ]] || fail "a paper that no log knows was left"

# --- the passbook goes on where it ended -------------------------------------------------------------------------
decide passbook --household 05005 --number SC-05005 --action issue --day "$today" --balance 0.00
ok print passbook --household 05005 --as head -o "$work/book1.html"
first=$(grep -c '<tr><td class="d">' "$work/book1.html")
points 05005 0 X102 "$today" 照片
ok print passbook --household 05005 --as head -o "$work/book2.html"
second=$(grep -c '<tr><td class="d">' "$work/book2.html")
exits 1 v print passbook --household 05005 --as head -o "$work/book3.html"
[[ ! -e $work/book3.html ]] || fail "an empty passbook print was made without a question"
((first == 6 && second == 1)) || fail "the passbook printed $first, then $second lines"
# R58
(($(grep -c 'class="gap"' "$work/book2.html") == 6)) || fail "the second print does not begin below the first"

# --- statistics and exports ------------------------------------------------------------------------------------------
for t in categories items months groups households people ledger completeness due objections applications deductions filings \
	notices guidance honours appraisals posts kin; do
	ok table $t --csv "$work/$t.csv" --xlsx "$work/$t.xlsx"
	# R06 R07 R57 R69 R71 R74
	[[ -s $work/$t.csv && $(head -c 2 "$work/$t.xlsx") == PK ]] ||
		fail "table $t"
done
ok register redemption --csv "$work/redemptions.csv"
grep -q DH-1 "$work/redemptions.csv" || fail "the register lacks the redemption"

# --- accounts equal a recount of the ledger; hub and village agree ---------------------------------------------------
v table ledger --json | jq -r '.rows | group_by(.[1])[] | "\(.[0][1]) \(map(.[7] | tonumber * 100 | round) | add)"' |
	sort >"$work/recount"
v account --json | jq -r '.[] | select(.lines > 0 or .balance != "0.00") | "\(.household) \(.balance | tonumber * 100 | round)"' |
	sort >"$work/accounts"
# R26 R57 I1
diff "$work/recount" "$work/accounts" || fail "the accounts are not what the entries make them"
v table ledger --household 05005 --csv "$work/05005.csv" >/dev/null || fail "a household has no ledger"
# R57
[[ $(v table ledger --household 05005 --json | jq -r '.rows[-1][8]') == "$(balance 05005)" ]] ||
	fail "the ledger of a household does not end with its balance"
v account 05005 | grep -q "table ledger --household 05005" || fail "an account does not show its latest lines"
at_hub
diff <(v digest --json) <(run hub digest --feed 500101999201 --json) || fail "hub and village differ"
must run hub verify
must run v1 verify
