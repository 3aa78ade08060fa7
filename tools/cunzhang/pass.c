#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "daemon/io/file.h"
#include "lib/mem.h"
#include "lib/sign.h"
#include "tools/cunzhang/cli.h"

#define PASS_MAX      1024
#define PASS_FILE_MAX 65536

void pass_free(char *pass)
{
	if (!pass)
		return;
	secret_wipe(pass, strlen(pass));
	mem_free(pass);
}

static int give(const char *s, char **ret)
{
	if (!s[0]) {
		SAY(stderr, M_PASS_EMPTY);
		return EXIT_USAGE;
	}
	*ret = mem_strdup(s);
	if (*ret)
		return EXIT_DONE;
	SAY(stderr, M_NO_MEMORY);
	return EXIT_MACHINE;
}

/* --- a file -------------------------------------------------------------------------------------- */

/* Finds "name=passphrase" and ends it with a NUL. */
static char *find_line(char *text, const char *name)
{
	size_t n = strlen(name);
	char *line, *rest = text;

	if (strncmp(rest, "\xef\xbb\xbf", 3) == 0) /* as editors on Windows begin a file */
		rest += 3;
	while ((line = strsep(&rest, "\n"))) {
		size_t len = strlen(line);

		if (len && line[len - 1] == '\r')
			line[len - 1] = '\0';
		if (strncmp(line, name, n) == 0 && line[n] == '=')
			return line + n + 1;
	}
	return NULL;
}

static int from_file(const char *path, const char *name, char **ret)
{
	struct buf b = {0};
	struct stat st;
	char *line;
	int err, rv = EXIT_USAGE;

	if (stat(path, &st)) {
		SAY(stderr, M_FILE_READ, path, cli_why_errno(errno));
		return EXIT_USAGE;
	}
	if (st.st_mode & 077) {
		SAY(stderr, M_PASS_FILE_MODE, path);
		return EXIT_USAGE;
	}
	err = file_read(path, PASS_FILE_MAX, &b, NULL);
	if (err) {
		SAY(stderr, M_FILE_READ, path, cli_why(err));
	} else {
		buf_str(&b);
		line = b.err ? NULL : find_line((char *)b.p, name);
		if (line)
			rv = give(line, ret);
		else
			SAY(stderr, M_PASS_FILE_NAME, path, name);
	}
	if (b.p)
		secret_wipe(b.p, b.cap);
	buf_close(&b);
	return rv;
}

/* --- a terminal ---------------------------------------------------------------------------------- */

static volatile sig_atomic_t caught;

static bool read_line(int fd, char out[PASS_MAX])
{
	size_t n = 0;

	while (n + 1 < PASS_MAX) {
		ssize_t k = read(fd, out + n, 1);

		if (k < 0 && errno == EINTR && !caught)
			continue;
		if (k <= 0)
			return false;
		if (out[n] == '\n')
			break;
		n++;
	}
	out[n] = '\0';
	return true;
}

static void on_signal(int number)
{
	caught = number;
}

/* A signal has its effect only after the echo is back. */
static bool prompt(int fd, enum msg_id id, const char *name, char out[PASS_MAX])
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
	enum { NSIGNALS = sizeof(signals) / sizeof(signals[0]) };
	struct sigaction act = {.sa_handler = on_signal}, old[NSIGNALS];
	const char *const args[] = {name};
	struct termios was, quiet;
	bool ok;

	if (tcgetattr(fd, &was))
		return false;
	caught = 0;
	for (int i = 0; i < NSIGNALS; i++)
		sigaction(signals[i], &act, &old[i]);
	quiet = was;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(fd, TCSAFLUSH, &quiet); /* before the question: whoever sees it may type */
	say_to(stderr, id, args, 1);
	fflush(stderr);
	ok = read_line(fd, out);
	tcsetattr(fd, TCSAFLUSH, &was);
	fputc('\n', stderr);
	for (int i = 0; i < NSIGNALS; i++)
		sigaction(signals[i], &old[i], NULL);
	if (caught)
		raise(caught);
	return ok && !caught;
}

static int from_terminal(const char *name, bool is_new, char **ret)
{
	char first[PASS_MAX] = "", second[PASS_MAX] = "";
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY), rv = EXIT_USAGE;

	if (fd < 0 || !isatty(STDIN_FILENO) ||
	    !prompt(fd, is_new ? M_PASS_NEW : M_PASS_ASK, name, first))
		SAY(stderr, M_PASS_NONE, name);
	else if (is_new && (!prompt(fd, M_PASS_AGAIN, name, second) || strcmp(first, second) != 0))
		SAY(stderr, M_PASS_DIFFER);
	else
		rv = give(first, ret);
	secret_wipe(first, sizeof(first));
	secret_wipe(second, sizeof(second));
	if (fd >= 0)
		close(fd);
	return rv;
}

static int find(const struct cli *c, const char *name, bool is_new, char **ret)
{
	const char *env = getenv("CUNZHANG_PASSPHRASE");

	if (c->passphrase_file)
		return from_file(c->passphrase_file, name, ret);
	if (env)
		return give(env, ret);
	return from_terminal(name, is_new, ret);
}

/* What was typed serves the whole command: many records may be signed with it. */
static char *typed, typed_name[64];

static void keep(const char *name, const char *pass)
{
	pass_free(typed);
	typed = NULL;
	if (strlen(name) < sizeof(typed_name) && !give(pass, &typed))
		snprintf(typed_name, sizeof(typed_name), "%s", name);
}

static int find_or_typed(const struct cli *c, const char *name, bool is_new, char **ret)
{
	int rv;

	if (typed && !is_new && strcmp(name, typed_name) == 0)
		return give(typed, ret);
	rv = find(c, name, is_new, ret);
	if (!rv && !is_new)
		keep(name, *ret);
	return rv;
}

int pass_get(const struct cli *c, const char *name, bool is_new, char **ret)
{
	char *pass = NULL;
	int rv = find_or_typed(c, name, is_new, &pass);

	if (!rv && is_new && strlen(pass) < PASS_BYTES_MIN) {
		SAY(stderr, M_PASS_SHORT, name, say_num(PASS_BYTES_MIN));
		pass_free(pass);
		return EXIT_USAGE;
	}
	if (!rv)
		*ret = pass;
	return rv;
}
