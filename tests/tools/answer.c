#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* answer SOCKET FILE COUNT: gives the JSON of FILE to COUNT requests in turn, whatever they ask, as a node with old or
 * foreign records in it would. Exit 0 done, 1 failed. */
#define ANSWER_MAX 65536

static int serve(int at, const char *body, size_t n)
{
	char request[ANSWER_MAX], head[160];
	int fd = accept(at, NULL, NULL), len;

	if (fd < 0 || read(fd, request, sizeof(request)) <= 0)
		return EXIT_FAILURE;
	len = snprintf(
		head, sizeof(head),
		"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
		"Connection: close\r\n\r\n",
		n);
	if (write(fd, head, (size_t)len) != len || write(fd, body, n) != (ssize_t)n)
		return EXIT_FAILURE;
	close(fd);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	static char body[ANSWER_MAX];
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), rv = EXIT_SUCCESS;
	FILE *f = argc == 4 ? fopen(argv[2], "rb") : NULL;
	size_t n;

	if (!f || fd < 0 || strlen(argv[1]) >= sizeof(at.sun_path))
		return EXIT_FAILURE;
	n = fread(body, 1, sizeof(body), f);
	fclose(f);
	memcpy(at.sun_path, argv[1], strlen(argv[1]));
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) || listen(fd, 8))
		return EXIT_FAILURE;
	for (long left = strtol(argv[3], NULL, 10); left > 0 && rv == EXIT_SUCCESS; left--)
		rv = serve(fd, body, n);
	close(fd);
	return rv;
}
