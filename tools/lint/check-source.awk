# POSIX awk; see check-source.

function say(what) {
	printf "%s:%d: %s\n", file, line, what
	bad = 1
}

# The rooms of the Makefile: level of each folder, and the room that it is beside.
function read_rooms(path,    text, parts, n, i, name) {
	while ((getline text < path) > 0) {
		n = split(text, parts, /[ :=]+/)
		if (text ~ /^ROOMS := /)
			for (i = 2; i <= n; i++) {
				level[parts[i]] = i - 1
				folder["daemon/" parts[i]] = parts[i]
			}
		else if (text ~ /^DIR_[a-z]+ := /) {
			name = substr(parts[1], 5)
			for (i = 2; i <= n; i++)
				if (parts[i] !~ /\*/)
					folder[parts[i]] = name
		} else if (text ~ /^BESIDE_[a-z]+ := /)
			beside[substr(parts[1], 8)] = parts[2]
	}
	close(path)
	TOP = 90
}

# The room of a path: that of its nearest folder.
function room(path) {
	while (sub(/\/[^\/]*$/, "", path))
		if (path in folder)
			return folder[path]
	return ""
}

# The level of a path: a file may include its own level and lower ones.
function layer(path,    r) {
	r = room(path)
	if (r != "") return level[r]
	if (path ~ /^daemon\//) return TOP
	if (path ~ /^tools\//) return TOP + 1
	if (path ~ /^tests\/unit\/[a-z]+\//) return TOP + 2
	if (path ~ /^tests\//) return TOP + 2
	return 0
}

function words(list, set,    parts, n, i) {
	n = split(list, parts, " ")
	for (i = 1; i <= n; i++)
		set[parts[i]] = 1
}

BEGIN {
	read_rooms("Makefile")
	PURE = level["exchange"]
	WEB = level["api"]
	IO = level["io"]
	words("assert.h errno.h inttypes.h limits.h stdarg.h stdbool.h stddef.h stdint.h stdio.h " \
	      "stdlib.h string.h", pure_header)
	# the libraries of the pure layers, each behind one module; iconv for files in GB18030, minizip and
	# expat for xlsx
	words("lib/sign.c:sodium.h proto/noise.c:sodium.h proto/compress.c:zstd.h lib/hash.h:nettle/sha2.h " \
	      "daemon/web/import/encoding.c:iconv.h " \
	      "daemon/web/import/zip.c:minizip/unzip.h daemon/web/import/xlsx.c:expat.h " \
	      "proto/wr.c:msgpack/pack.h", pure_extra)
	words("strcpy strcat sprintf vsprintf gets strtok atoi atol atoll atof", banned)
	words("time gettimeofday clock_gettime clock localtime gmtime mktime rand random srand " \
	      "srandom getenv exit printf fprintf puts fopen open", impure)
	words("malloc calloc realloc free strdup strndup aligned_alloc", heap)
	# not in names: what they mean is announced, sent, received, cosigned, workers, replay, journal, rule_ctx, driver
	words("told tell hear heard marks spread restate moves judged drv", old_word)
}

# The line without comments and with empty string literals.
function code_of(text,    out, at, tail) {
	out = ""
	while (text != "") {
		if (in_comment) {
			at = index(text, "*/")
			if (!at)
				return out
			in_comment = 0
			text = substr(text, at + 2)
		} else if (match(text, /\/\*|\/\/|"|'/)) {
			out = out substr(text, 1, RSTART - 1)
			tail = substr(text, RSTART)
			if (tail ~ /^\/\*/) {
				in_comment = 1
				text = substr(tail, 3)
			} else if (tail ~ /^\/\//) {
				return out
			} else if (match(tail, /^"([^"\\]|\\.)*"/) || match(tail, /^'([^'\\]|\\.)*'/)) {
				out = out "\"\""
				text = substr(tail, RLENGTH + 1)
			} else {
				return out
			}
		} else {
			return out text
		}
	}
	return out
}

# Each identifier before a "(" that is not a member.
function check_names(code,    name, rest, before) {
	rest = code
	while (match(rest, /[A-Za-z_][A-Za-z0-9_]*[ \t]*\(/)) {
		name = substr(rest, RSTART, RLENGTH - 1)
		before = RSTART > 1 ? substr(rest, RSTART - 1, 1) : ""
		sub(/[ \t]+$/, "", name)
		rest = substr(rest, RSTART + RLENGTH)
		if (before == "." || before == ">")
			continue
		if (name in banned)
			say(name "() is banned")
		if (mine > PURE)
			continue
		if (name in impure)
			say(name "() in a pure layer")
		if ((name in heap) && file != "lib/mem.c")
			say(name "(): heap memory of the pure layers comes from lib/mem.h")
	}
	if (mine <= PURE && code ~ /(^|[^A-Za-z0-9_])(float|double)([^A-Za-z0-9_]|$)/)
		say("no floating point in a pure layer")
}

# A build without assertions must do the same: they change nothing. What a test asks for must be asked in every build.
function check_assert(code,    text) {
	if (!in_assert && !match(code, /(^|[^A-Za-z0-9_])assert[ \t]*\(/))
		return
	if (!in_assert && mine == TOP + 2)
		say("assert() in a test: T_OK, T_EQ or CHECK, which no build leaves out")
	text = in_assert ? code : substr(code, RSTART)
	in_assert = text !~ /;/
	gsub(/[=!<>]=/, "", text)
	if (text ~ /=|\+\+|--/)
		say("assert() with an effect")
}

# The name of a test is a sentence and may have any word.
function check_words(code,    rest, name, parts, n, i) {
	rest = code
	while (match(rest, /[A-Za-z_][A-Za-z0-9_]*/)) {
		name = substr(rest, RSTART, RLENGTH)
		rest = substr(rest, RSTART + RLENGTH)
		n = name ~ /^test_/ ? 0 : split(tolower(name), parts, "_")
		for (i = 1; i <= n; i++)
			if (parts[i] in old_word)
				say("\"" parts[i] "\" in the name " name)
	}
}

function check_layer(name, angled,    theirs) {
	if (angled) {
		if (name ~ /^(uv|lmdb)\.h$/ && mine != IO && file !~ /^tests\/(io|bench|tools)\// &&
		    !(file == "daemon/main.c" && name == "uv.h"))
			say("<" name "> outside daemon/io")
		if (mine <= WEB && !(name in pure_header) && !((file ":" name) in pure_extra) &&
		    !(here == "api" && name == "jansson.h"))
			say("<" name "> does not belong into this layer")
		return
	}
	theirs = layer(name)
	if (!theirs)
		say("\"" name "\": write the path from the root")
	else if (theirs > mine || (theirs > TOP && theirs != mine))
		say("\"" name "\" is above this room")
	else if (tested && theirs < TOP && theirs > tested)
		say("\"" name "\" is above the room that is tested")
	else if (room(name) != "" && room(name) == beside[here])
		say("\"" name "\" is beside this room, and neither uses the other")
}

# Own header, blank line, <...> sorted, blank line, "..." sorted.
function check_order(name, angled) {
	if (seen == 0 && own != "" && name != own)
		say("the first include is \"" own "\"")
	if (seen > 0) {
		if (angled && !last_angled && !(seen == 1))
			say("<" name "> after \"" last_name "\"")
		if (seen == 1 && own != "" && !gap)
			say("a blank line stands behind the own header")
		else if (angled != last_angled && !gap)
			say("a blank line stands between <...> and \"...\"")
		else if (angled == last_angled && !gap && name < last_name)
			say("includes are sorted: " name " before " last_name)
	}
	seen++
	last_name = name
	last_angled = angled
	gap = 0
}

function check_include(text,    name, angled) {
	name = text
	sub(/^#[ \t]*include[ \t]*/, "", name)
	angled = name ~ /^</
	if (name !~ /^(<[^>]+>|"[^"]+")/) {
		say("an include nobody can read")
		return
	}
	name = substr(name, 2)
	sub(/[>"].*$/, "", name)
	check_layer(name, angled)
	if (in_head && name !~ /\.def$/)
		check_order(name, angled)
}

function end_of_file() {
	if (file == "")
		return
	if (is_header && (guard_lines < 2 || last_code != "#endif"))
		say("the header guard is " guard)
	if (in_comment)
		say("a comment without its end")
}

function start_of_file(    unused) {
	end_of_file()
	file = FILENAME
	sub(/^\.\//, "", file)
	mine = layer(file)
	here = room(file)
	# a test of a room includes that room and lower ones
	if (file ~ /^tests\/unit\/[a-z]+\//) {
		split(file, path_parts, "/")
		tested = level[path_parts[3]]
		if (!tested)
			say("no room is called " path_parts[3])
	} else
		tested = 0
	is_header = file ~ /\.h$/
	guard = toupper(file)
	gsub(/[^A-Z0-9]/, "_", guard)
	guard_lines = 0
	directives = 0
	in_comment = 0
	in_assert = 0
	in_head = 1
	seen = 0
	gap = 0
	last_code = ""
	own = ""
	if (file ~ /\.c$/) {
		own = file
		sub(/c$/, "h", own)
		if ((getline unused < own) < 0)
			own = ""
		else
			close(own)
	}
}

FNR == 1 { start_of_file() }

{
	line = FNR
	if ($0 ~ /[ \t]$/)
		say("white space at the end")
	if ($0 ~ /\r/)
		say("a carriage return")
	was_comment = in_comment
	code = code_of($0)
	if (!was_comment && $0 ~ /^#[ \t]*include/) {
		check_include($0)
		last_code = $0
		next
	}
	if ($0 ~ /^[ \t]*$/) {
		gap = 1
		next
	}
	if (code ~ /^[ \t]*$/)
		next
	sub(/[ \t]+$/, "", code)
	last_code = code
	if (code ~ /^#/) {
		directives++
		if ((directives == 1 && code == "#ifndef " guard) ||
		    (directives == 2 && code == "#define " guard))
			guard_lines++
	} else {
		in_head = 0
	}
	check_names(code)
	check_assert(code)
	check_words(code)
}

END {
	end_of_file()
	exit bad
}
