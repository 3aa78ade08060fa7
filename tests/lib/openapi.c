#include "tests/lib/openapi.h"

#include <stdio.h>
#include <string.h>

#include "tests/lib/t.h"

#define SCHEMA_REF "$ref: \"#/components/schemas/"

static void copy(char out[OPENAPI_NAME_MAX], const char *s, size_t n)
{
	T_OK(n < OPENAPI_NAME_MAX);
	memcpy(out, s, n);
	out[n] = '\0';
}

static void names_add(struct openapi_names *names, const char *s, size_t n)
{
	T_OK(names->n < OPENAPI_LIST_MAX);
	copy(names->v[names->n++], s, n);
}

bool openapi_has(const struct openapi_names *names, const char *name)
{
	for (uint32_t i = 0; i < names->n; i++)
		if (strcmp(names->v[i], name) == 0)
			return true;
	return false;
}

/* The names of "required: [a, "b"]". */
static void read_required(const char *line, struct openapi_names *ret)
{
	const char *s = strstr(line, "required: [");

	if (!s || ret->n)
		return;
	for (s += strlen("required: ["); *s && *s != ']';) {
		size_t n;

		s += strspn(s, " ,\"");
		n = strcspn(s, " ,\"]");
		if (n)
			names_add(ret, s, n);
		s += n + strspn(s + n, "\"");
	}
}

static void read_parameter(const char *line, struct openapi_op *op)
{
	const char *s = strstr(line, "- {name: ");

	if (strstr(line, "#/components/parameters/feed"))
		names_add(&op->query, "feed", 4);
	if (!s || !strstr(line, "in: query"))
		return;
	s += strlen("- {name: ");
	s += *s == '"';
	names_add(&op->query, s, strcspn(s, "\","));
}

/* A line of an operation; @status is that of the answer it belongs to, or "". */
static void read_line(const char *line, struct openapi_op *op, char status[8])
{
	const char *schema = strstr(line, SCHEMA_REF);

	if (strncmp(line, "      ", 6) == 0 && line[6] != ' ')
		status[0] = '\0';
	if (strncmp(line, "        \"", 9) == 0 && line[9] >= '1' && line[9] <= '5') {
		snprintf(status, 8, "%.3s", line + 9);
		names_add(&op->statuses, status, 3);
	}
	if (!status[0])
		read_parameter(line, op);
	if (strcmp(status, "200") != 0)
		return;
	if (schema && !op->schema[0] && !op->required.n)
		copy(op->schema, schema + strlen(SCHEMA_REF),
		     strcspn(schema + strlen(SCHEMA_REF), "\""));
	if (!op->schema[0])
		read_required(line, &op->required);
}

/* Fills in the keys of those that named a schema. */
static void read_schema(const char *line, const char *name, struct openapi *a)
{
	for (uint32_t i = 0; i < a->n; i++)
		if (strcmp(a->op[i].schema, name) == 0)
			read_required(line, &a->op[i].required);
}

static struct openapi_op *op_begin(struct openapi *a, const char *line, const char *path)
{
	struct openapi_op *op = &a->op[a->n++];
	const char *brace = strchr(path, '{');

	T_OK(a->n <= OPENAPI_OPS_MAX);
	snprintf(op->method, sizeof(op->method), "%s",
		 line[4] == 'g'	  ? "GET"
		 : line[4] == 'p' ? "POST"
				  : "DELETE");
	T_OK(strlen(path) < OPENAPI_NAME_MAX);
	snprintf(op->path, sizeof(op->path), "%.*s%s", brace ? (int)(brace - path) : -1, path,
		 brace ? "*" : "");
	return op;
}

void openapi_read(const char *path, struct openapi *ret)
{
	char line[OPENAPI_LINE_MAX], at[OPENAPI_NAME_MAX] = "", schema[OPENAPI_NAME_MAX] = "";
	struct openapi_op *op = NULL;
	FILE *f = fopen(path, "r");
	bool components = false;
	char status[8] = "";

	T_OK(f != NULL);
	memset(ret, 0, sizeof(*ret));
	while (fgets(line, sizeof(line), f)) {
		components = components || strncmp(line, "components:", 11) == 0;
		if (components && strncmp(line, "    ", 4) == 0 && line[4] != ' ')
			copy(schema, line + 4, strcspn(line + 4, ":"));
		else if (components)
			read_schema(line, schema, ret);
		else if (strncmp(line, "  /", 3) == 0)
			copy(at, line + 2, strcspn(line + 2, ":"));
		else if (strncmp(line, "    get:", 8) == 0 || strncmp(line, "    post:", 9) == 0 ||
			 strncmp(line, "    delete:", 11) == 0)
			op = op_begin(ret, line, at);
		else if (op)
			read_line(line, op, status);
	}
	fclose(f);
}

const struct openapi_op *openapi_find(const struct openapi *a, const char *method, const char *path)
{
	for (uint32_t i = 0; i < a->n; i++)
		if (strcmp(a->op[i].method, method) == 0 && strcmp(a->op[i].path, path) == 0)
			return &a->op[i];
	return NULL;
}
