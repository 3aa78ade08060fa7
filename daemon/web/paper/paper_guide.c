#include <string.h>

#include "daemon/web/paper/paper.h"

/* The sheet beside the computer: who does what, and what to do when something does not go. Words between
 * backquotes are commands. */

struct guide_part {
	struct says title;
	struct says line[4]; /* up to the first without text */
};

/* clang-format off */
static const struct guide_part parts[] = {
	{{"一、三个人办一笔账", "1. Three people for every line"},
	 {{"记录员录入，审核员审核，确认人确认：三步由三个不同的人办，确认后积分才进账户。",
	   "The recorder enters, the reviewer reviews, the confirmer confirms: three different people. Points count once they are confirmed."},
	  {"每条命令用 `--as 姓名` 写明办理人，口令各自保管，不外借、不代办。",
	   "Each command says who acts, with `--as NAME`. Passphrases are not lent."},
	  {"一人一把密钥，都在本村电脑上建：村两委新成员先在本村 `operator add 姓名 --role 职责`，再把 `operator list --json` 中的公钥报镇里授予“村两委”。",
	   "One person, one key, made on this computer. A new committee member: first `operator add NAME --role ROLE` here, then the town office grants the committee to the key that `operator list --json` shows."}}},
	{{"二、加分", "2. Awards"},
	 {{"先查清单（`catalogue show`），再录入户、成员、事项、发生日期、地点、事由和证明材料（`entry record`）；照片用 `--file` 附上。",
	   "Look the item up (`catalogue show`), then enter household, member, item, the day it happened, place, reason and evidence (`entry record`); a photo goes along with `--file`."},
	  {"审核 `entry review`，确认 `entry confirm`，待办 `entry list`。",
	   "Then `entry review` and `entry confirm`; `entry list` shows what waits."},
	  {"一次巡查多户：`entry sheet` 出表，填好后 `entry import` 整表导入。",
	   "For a round of inspection make a sheet (`entry sheet`), fill it in, and bring it in whole (`entry import`)."}}},
	{{"三、扣分和异议", "3. Deductions and objections"},
	 {{"先告知农户并登记（`record notified`），满方案规定的天数、没有未复核的异议，才能确认。",
	   "Tell the household first and record it (`record notified`). The deduction can be confirmed after the days of the scheme, when no objection waits."},
	  {"有异议就登记（`record objection`），由另一人按期复核（`record objection-reply`）；投诉或意见用 `record complaint`。",
	   "Record an objection (`record objection`); another person answers in time (`record objection-reply`). Complaints: `record complaint`."},
	  {"记错了不能涂改删除：已确认的由审核员或确认人冲正（`entry reverse`），再重新录入。",
	   "Nothing is deleted. A confirmed line that is wrong is reversed by a reviewer or confirmer (`entry reverse`) and entered anew."}}},
	{{"四、兑换", "4. Redemption"},
	 {{"在公布的开放时间办理（`redeem 户编号`），价格和余额由程序核对；不兑现金、购物卡、烟酒和话费。",
	   "Within the posted hours: `redeem HOUSEHOLD`. The program checks price and balance. No cash, cards, tobacco, alcohol or phone credit."},
	  {"领取人当面在兑换单上签字；代领须有委托书。发错物品用 `record redemption-reversal` 冲正。",
	   "The receiver signs the slip at the counter; a proxy brings a written one. Wrong goods: `record redemption-reversal`."}}},
	{{"五、打印和张贴", "5. Printing and posting"},
	 {{"公示用 `notice make` 生成，张贴后登记（`record posting`）；姓名已隐去、扣分只列合计，不要手写添加。",
	   "Make a notice with `notice make`, post it, record that (`record posting`). Names are masked and deductions are totals: add nothing by hand."},
	  {"群众凭公示上的核对码查账（`notice check`）。",
	   "Anyone may have the code on it checked (`notice check`)."},
	  {"手册 `print passbook` 接着上次打印；兑换单 `print slip`；证书 `print certificate`。",
	   "`print passbook` goes on where it ended; `print slip`, `print certificate`."}}},
	{{"六、断网、停电、电脑坏了", "6. No link, no power, a broken computer"},
	 {{"断网照常办理：账记在本村电脑，联网后自动送镇上，`status` 看送到第几条。",
	   "Without a link go on as usual: entries are kept here and sent when it is back; `status` shows how many the town holds."},
	  {"停电或电脑坏了，先在纸上记日期、户、事项、经办人并签字，恢复后按发生日期补录。",
	   "Without a computer write day, household, item and who did it on paper, signed; enter it later under the day it happened."},
	  {"不要重装、不要另建新账、不要拷回旧备份，先报镇乡村振兴办。",
	   "Do not reinstall, start a new ledger or put an old backup back: tell the town office first."},
	  {"电脑日期不对先校准；`store` 和 `evidence` 两个文件夹要一起备份。",
	   "A wrong date is set right first. The folders `store` and `evidence` are backed up together."}}},
	{{"七、办不成、不会办", "7. When it does not work"},
	 {{"被拒绝时，看提示的原因和办法，照着改；命令后加 `--help` 有说明和例子。",
	   "A refusal says why and what to do. `--help` after any command explains it, with an example."},
	  /* filled in by hand: no phones of people are kept for a wall */
	  {"村负责人：________________　电话：________________", "Village: ________________ phone: ________________"},
	  {"镇乡村振兴办：____________　电话：________________", "Town office: ____________ phone: ________________"}}},
};
/* clang-format on */

/* Text with commands in it. */
static void put_line(struct page *p, const char *text)
{
	bool code = false;

	page_tag(p, "<li>");
	for (;;) {
		size_t n = strcspn(text, "`");

		page_text(p, (struct bytes){(const uint8_t *)text, n});
		if (!text[n])
			break;
		code = !code;
		page_tag(p, code ? "<code>" : "</code>");
		text += n + 1;
	}
	page_tag(p, "</li>\n");
}

static void put_part(struct page *p, const struct guide_part *g, enum lang lang)
{
	page_tag(p, "<h2>");
	page_own(p, says_in(g->title, lang));
	page_tag(p, "</h2>\n<ul>");
	for (size_t i = 0; i < sizeof(g->line) / sizeof(g->line[0]) && g->line[i].zh; i++)
		put_line(p, says_in(g->line[i], lang));
	page_tag(p, "</ul>\n");
}

int paper_guide(struct paper *p)
{
	enum lang lang = p->ask->lang;
	const char *title = says_in(SAYS("村账操作要点", "Quick guide to the ledger"), lang);

	page_begin(&p->page, &p->html, title, false, paper_mark(p));
	page_tag(&p->page, lang == LANG_EN ? "<div class=\"guide\" lang=\"en\"><h1>"
					   : "<div class=\"guide\"><h1>");
	page_own(&p->page, title);
	page_tag(&p->page, "</h1>\n<p class=\"sub\">");
	page_str(&p->page, p->village);
	page_tag(&p->page, "</p>\n");
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		put_part(&p->page, &parts[i], lang);
	page_tag(&p->page, "</div>\n");
	page_end(&p->page);
	return p->html.err;
}
