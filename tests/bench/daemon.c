#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/lines.h"

#define WAIT_S	20.0
#define POLL_US 100

void daemon_start(struct daemon_proc *p, const char *dir)
{
	char program[BENCH_PATH_MAX], log[BENCH_PATH_MAX + 16];

	snprintf(p->dir, sizeof(p->dir), "%s", dir);
	snprintf(program, sizeof(program), "%s/cunzhangd", bench_bin);
	snprintf(log, sizeof(log), "%s/log", dir);
	p->pid = fork();
	if (p->pid < 0)
		bench_fail("fork: %s", strerror(errno));
	if (p->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (!freopen(log, "a", stderr) || !freopen("/dev/null", "r", stdin) ||
		    !freopen("/dev/null", "w", stdout))
			_exit(126);
		execl(program, program, "--dir", dir, (char *)NULL);
		_exit(127);
	}
}

void daemon_stop(struct daemon_proc *p)
{
	int status;

	kill(p->pid, SIGTERM);
	if (waitpid(p->pid, &status, 0) != p->pid)
		bench_fail("waitpid: %s", strerror(errno));
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		bench_fail("cunzhangd in %s ended with status %x (see %s/log)", p->dir, status,
			   p->dir);
}

static int try_connect(const struct daemon_proc *p)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd;

	if ((size_t)snprintf(a.sun_path, sizeof(a.sun_path), "%s/sock", p->dir) >=
	    sizeof(a.sun_path))
		bench_fail("%s: too long for a socket; set TMPDIR to a shorter folder", p->dir);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

int daemon_connect(const struct daemon_proc *p)
{
	int fd = try_connect(p);

	if (fd < 0)
		bench_fail("%s/sock: %s", p->dir, strerror(errno));
	return fd;
}

static bool healthy(const struct daemon_proc *p)
{
	static const char ask[] = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
	int fd = try_connect(p);
	char answer[64] = "";
	ssize_t n = 0;

	if (fd < 0)
		return false;
	if (write(fd, ask, sizeof(ask) - 1) == (ssize_t)sizeof(ask) - 1)
		n = read(fd, answer, sizeof(answer) - 1);
	close(fd);
	return n > 12 && strncmp(answer, "HTTP/1.1 200", 12) == 0;
}

double daemon_wait(const struct daemon_proc *p, uint64_t start_ns)
{
	while (!healthy(p)) {
		if (bench_since(start_ns) > WAIT_S)
			bench_fail("cunzhangd in %s does not answer (see %s/log)", p->dir, p->dir);
		if (waitpid(p->pid, NULL, WNOHANG))
			bench_fail("cunzhangd in %s has ended (see %s/log)", p->dir, p->dir);
		usleep(POLL_US);
	}
	return bench_since(start_ns);
}

double daemon_memory(const struct daemon_proc *p, const char *what)
{
	char path[64], line[256];
	double kb = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)p->pid);
	f = fopen(path, "r");
	if (!f)
		bench_fail("%s: %s", path, strerror(errno));
	while (fgets(line, sizeof(line), f))
		if (strncmp(line, what, strlen(what)) == 0 && line[strlen(what)] == ':')
			sscanf(line + strlen(what) + 1, "%lf", &kb);
	fclose(f);
	if (kb < 0)
		bench_fail("%s: no line %s", path, what);
	return kb;
}

unsigned daemon_port(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool ok = fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0 &&
		  getsockname(fd, (struct sockaddr *)&a, &n) == 0;

	if (fd >= 0)
		close(fd);
	if (!ok)
		bench_fail("no free port");
	return ntohs(a.sin_port);
}
