#ifndef TESTS_LIB_OPENAPI_H
#define TESTS_LIB_OPENAPI_H

#include <stdbool.h>
#include <stdint.h>

/* What daemon/web/api/openapi.yaml says of each operation, read line by line in the layout that file keeps: enough
 * to hold live answers against it, no YAML. */
#define OPENAPI_NAME_MAX 64
#define OPENAPI_LIST_MAX 16
#define OPENAPI_OPS_MAX	 32
#define OPENAPI_LINE_MAX 512

struct openapi_names {
	char v[OPENAPI_LIST_MAX][OPENAPI_NAME_MAX];
	uint32_t n;
};
struct openapi_op {
	char method[8], path[OPENAPI_NAME_MAX]; /* "{x}" at the end as "*" */
	struct openapi_names query, statuses;	/* "default" among the statuses is left out */
	struct openapi_names required;		/* keys of the answer with status 200 */
	char schema[OPENAPI_NAME_MAX];		/* "" or where they are */
};
struct openapi {
	struct openapi_op op[OPENAPI_OPS_MAX];
	uint32_t n;
};

/* Fails the test when the file cannot be read. */
void openapi_read(const char *path, struct openapi *ret);
/* NULL: not described. */
const struct openapi_op *openapi_find(const struct openapi *a, const char *method,
				      const char *path);
bool openapi_has(const struct openapi_names *names, const char *name);

#endif
