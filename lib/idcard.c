#include "lib/idcard.h"

#include <string.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t digits(const char *s, size_t n)
{
	size_t i = 0;

	while (i < n && is_digit(s[i]))
		i++;
	return i;
}

/* 5E17, 5.00E+17, 5.00199E17 */
static bool is_scientific(const char *s, size_t n)
{
	size_t i = digits(s, n);

	if (i == 0)
		return false;
	if (i < n && s[i] == '.')
		i += 1 + digits(s + i + 1, n - i - 1);
	if (i == n || (s[i] != 'E' && s[i] != 'e'))
		return false;
	i++;
	if (i < n && (s[i] == '+' || s[i] == '-'))
		i++;
	return i < n && i + digits(s + i, n - i) == n;
}

static char check_char(const char *s)
{
	static const int weights[] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
	int sum = 0;

	for (size_t i = 0; i < IDCARD_CHARS - 1; i++)
		sum += weights[i] * (s[i] - '0');
	return "10X98765432"[sum % 11];
}

enum idcard_state idcard_check(const char *s, size_t n, struct idcard *ret)
{
	bool zeros, right;
	day_t birth;

	if (is_scientific(s, n))
		return IDCARD_SCIENTIFIC;
	if (n == 15 && digits(s, n) == n)
		return IDCARD_OLD;
	if (n != IDCARD_CHARS)
		return IDCARD_LENGTH;
	if (digits(s, n) < n - 1 || (!is_digit(s[n - 1]) && s[n - 1] != 'X'))
		return IDCARD_DIGITS;
	zeros = memcmp(s + n - 3, "000", 3) == 0;
	right = s[n - 1] == check_char(s);
	if (zeros && !right)
		return IDCARD_ROUNDED;
	if (memcmp(s + 6, "19700101", 8) == 0)
		birth = DAY_NONE;
	else if (!day_parse(s + 6, 8, &birth))
		return IDCARD_DATE;
	if (!right)
		return IDCARD_CHECK;
	*ret = (struct idcard){.birth = birth, .male = (s[16] - '0') % 2 == 1};
	return zeros ? IDCARD_SUSPECT : IDCARD_OK;
}
