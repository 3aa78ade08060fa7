#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include <uv.h>

#include "daemon/io/address.h"
#include "daemon/io/dir.h"
#include "daemon/io/driver.h"
#include "daemon/io/faults.h"
#include "daemon/io/file.h"
#include "daemon/io/limits.h"
#include "daemon/io/log.h"
#include "daemon/io/unlinked.h"
#include "daemon/web/api/reply.h"

static const char usage[] =
	"usage: cunzhangd --dir DIR [--print-config]\n"
	"\n"
	"Runs the node of DIR (made by \"cunzhang --dir DIR init\") until SIGINT or SIGTERM.\n"
	"运行 DIR 中的节点（由 cunzhang --dir DIR init 建立），按 Ctrl-C 结束。\n";

/* Config key "lang", until it is read the environment. It is about what this file says; lines of the exchange
 * and the store are English, for those who mend it. */
static bool english;

/* The disk fails under the store while it is read. */
static const char fault_en[] =
	"ERROR store: it cannot be read (a bad sector, a file that was cut, a damaged page); "
	"stopping, nothing "
	"was acknowledged that is not written. Keep the folder as it is and run cunzhang verify";
static const char fault_zh[] =
	"ERROR 存储无法读取（磁盘坏道、文件被截断或页面损坏），节点停止；凡已确认的都已写入。"
	"请保持目录原样，并运行 cunzhang verify";

/* A start that failed: in Chinese what kind of failure it is, then the details. */
static int say_failed(int err, const struct errmsg *msg)
{
	const char *text = msg->text[0] ? msg->text : err_text(err);

	if (english)
		log_line(LOG_LEVEL_ERROR, "%s", text);
	else
		log_line(LOG_LEVEL_ERROR, "没有启动：%s（%s）", reply_words(err).zh, text);
	return 3;
}

static bool english_environment(void)
{
	static const char *const vars[] = {"LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"};

	for (size_t i = 0; i < sizeof(vars) / sizeof(vars[0]); i++) {
		const char *s = getenv(vars[i]);

		if (s && s[0])
			return strncmp(s, "en", 2) == 0;
	}
	return false;
}

/* Known before anything is tried; the node runs without a hub. */
static void say_address(const struct dir_config *cfg)
{
	char host[ADDRESS_HOST_BYTES], port[ADDRESS_PORT_BYTES];
	struct buf text = {0};

	if (cfg->role != NODE_VILLAGE || address_split(cfg->hub, host, port))
		return;
	unlinked_text(UNLINKED_ADDRESS, cfg->hub, english ? LANG_EN : LANG_ZH, &text);
	log_line(LOG_LEVEL_WARN, "%s", buf_str(&text));
	buf_close(&text);
}

#define SIGNALS 6

struct daemon {
	uv_loop_t loop;
	uv_signal_t sig[SIGNALS];
	struct driver *driver;
	bool closing;
};

static void on_driver_closed(void *ctx)
{
	(void)ctx; /* the loop ends by itself now */
}

static void begin_close(struct daemon *m)
{
	if (m->closing)
		return;
	m->closing = true;
	for (int i = 0; i < SIGNALS; i++)
		uv_close((uv_handle_t *)&m->sig[i], NULL);
	driver_close(m->driver, on_driver_closed, m);
}

/* A terminal that is closed, or somebody who wants the configuration or the log read again, is no reason to stop
 * recording; addresses and keys do not change while a node runs. */
static bool goes_on(int number)
{
	return number == SIGHUP || number == SIGUSR1 || number == SIGUSR2;
}

static void on_signal(uv_signal_t *s, int number)
{
	if (goes_on(number)) {
		log_line(LOG_LEVEL_INFO,
			 english ? "signal %d: going on; config.ini is read at the start only"
				 : "收到信号 %d：继续运行；config.ini 只在启动时读取",
			 number);
		return;
	}
	log_line(LOG_LEVEL_INFO, english ? "stopping (signal %d)" : "正在停止（信号 %d）", number);
	begin_close(s->data);
}

/* Two daemons on one directory would write two histories. Returns the descriptor; -1, and it is said why. */
static int lock_dir(const char *path)
{
	char name[DIR_PATH_MAX + 8];
	struct errmsg msg = {0};
	int fd;

	snprintf(name, sizeof(name), "%s/lock", path);
	fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd >= 0 && !flock(fd, LOCK_EX | LOCK_NB))
		return fd;
	if (fd >= 0 && errno == EWOULDBLOCK) {
		log_line(LOG_LEVEL_ERROR,
			 english ? "%s is in use by another cunzhangd"
				 : "%s 正被另一个 cunzhangd 使用",
			 path);
	} else {
		int err = file_err(errno);

		err_set(&msg, err, "%s: %s", name, strerror(errno));
		say_failed(err, &msg);
	}
	if (fd >= 0)
		close(fd);
	return -1;
}

static int run(struct daemon *m, struct dir *dir)
{
	static const int numbers[SIGNALS] = {SIGINT, SIGTERM, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2};
	struct errmsg msg = {0};
	int err, rv;

	uv_loop_init(&m->loop);
	for (int i = 0; i < SIGNALS; i++) {
		uv_signal_init(&m->loop, &m->sig[i]);
		m->sig[i].data = m;
		uv_signal_start(&m->sig[i], on_signal, numbers[i]);
	}
	err = driver_start(&m->loop, dir, &m->driver, &msg);
	if (err)
		say_failed(err, &msg);
	if (err && !m->driver)
		return 3;
	if (err) {
		begin_close(m);
	} else {
		log_line(LOG_LEVEL_INFO, english ? "ready: %s" : "已就绪：%s", dir->path);
	}
	uv_run(&m->loop, UV_RUN_DEFAULT);
	if (driver_broken(m->driver)) {
		err = ERR_IO;
		begin_close(m);
		uv_run(&m->loop, UV_RUN_DEFAULT);
	}
	driver_free(m->driver);
	rv = uv_loop_close(&m->loop);
	if (rv)
		log_line(LOG_LEVEL_ERROR, "loop: %s", uv_strerror(rv));
	return err || rv ? 3 : 0;
}

static int print_config(const struct dir *dir)
{
	struct buf b = {0};
	int err = dir_config_write(&dir->cfg, &b);

	if (!err)
		fputs(buf_str(&b), stdout);
	else
		log_line(LOG_LEVEL_ERROR,
			 english ? "the configuration cannot be written: %s" : "不能写出配置：%s",
			 err_text(err));
	buf_close(&b);
	return err ? 3 : 0;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"dir", required_argument, NULL, 'd'},
						{"print-config", no_argument, NULL, 'p'},
						{"help", no_argument, NULL, 'h'},
						{NULL, 0, NULL, 0}};
	struct daemon m = {0};
	struct errmsg msg = {0};
	struct dir dir = {0};
	const char *path = NULL;
	bool print = false;
	int c, lock, err, rv;

	while ((c = getopt_long(argc, argv, "d:h", options, NULL)) != -1) {
		if (c == 'd' && !path)
			path = optarg;
		else if (c == 'p')
			print = true;
		else
			return fputs(usage, c == 'h' ? stdout : stderr), c == 'h' ? 0 : 2;
	}
	if (!path || optind != argc)
		return fputs(usage, stderr), 2;
	limits_set();
	signal(SIGHUP, SIG_IGN); /* until the loop runs */
	signal(SIGTTOU,
	       SIG_IGN); /* a terminal where those in the background should not write: they may */
	signal(SIGXFSZ, SIG_IGN); /* a file that must not grow is a disk that is full */
	signal(SIGPIPE, SIG_IGN);
	english = english_environment();
	log_language(english);
	if (crypto_start()) {
		log_line(LOG_LEVEL_ERROR,
			 english ? "libsodium does not start, or verifies signatures otherwise "
				   "than the town does"
				 : "libsodium 无法启动，或其签名校验方式与全镇不一致");
		return 3;
	}
	err = dir_open(path, &dir, &msg);
	if (err)
		return say_failed(err, &msg);
	if (dir.cfg.lang[0])
		english = strcmp(dir.cfg.lang, "en") == 0;
	log_language(english);
	faults_set(english ? fault_en : fault_zh);
	if (print)
		return rv = print_config(&dir), dir_close(&dir), rv;
	say_address(&dir.cfg);
	lock = lock_dir(path);
	if (lock < 0)
		return dir_close(&dir), 3;
	if (dir_enrolled(&dir, &msg)) /* no reason not to run */
		log_line(LOG_LEVEL_WARN,
			 english ? "the invitation key is kept: %s" : "邀请密钥未删除：%s",
			 msg.text);
	err = dir_boot(&dir, &msg);
	if (err) {
		rv = say_failed(err, &msg);
	} else {
		rv = run(&m, &dir);
	}
	dir_close(&dir);
	close(lock);
	return rv;
}
