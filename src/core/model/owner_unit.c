/* SPDX-License-Identifier: MIT */
/* Short names of cgroup paths; see owner.h. Pure; any thread. */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "array.h"
#include "owner.h"
#include "utf8.h"

#define CONTAINER_ID_LENGTH 64 /* hexadecimal digits, of which these are shown: */
#define CONTAINER_ID_SHOWN  12
#define POD_UID_SHOWN	    8

/* A component of a path; not ended by a zero byte. */
struct component {
	const char *text;
	size_t length;
};

static bool component_ends_with(const struct component *part, const char *end)
{
	size_t length = strlen(end);

	return part->length > length && !memcmp(part->text + part->length - length, end, length);
}

static bool component_begins_with(const struct component *part, const char *begin)
{
	return part->length > strlen(begin) && !memcmp(part->text, begin, strlen(begin));
}

/* Copies as many whole characters (UTF-8) as fit. */
static void put_characters(const char *from, size_t length, char *text, size_t size)
{
	if (length >= size)
		length = utf8_cut(from, size - 1);
	memcpy(text, from, length);
	text[length] = '\0';
}

/* The last component before `end`; false at the root. */
static bool component_before(const char *path, size_t *end, struct component *ret_part)
{
	size_t at;

	while (*end > 0 && path[*end - 1] == '/')
		(*end)--;
	if (!*end)
		return false;
	for (at = *end; at > 0 && path[at - 1] != '/'; at--)
		;
	*ret_part = (struct component){path + at, *end - at};
	*end = at;
	return true;
}

/* The 64 digits that docker, podman, containerd and CRI-O name a container by, or NULL. */
static const char *container_id(const struct component *part)
{
	size_t length = part->length, run = 0;

	if (component_ends_with(part, ".scope"))
		length -= strlen(".scope");
	while (run < length && isxdigit((unsigned char)part->text[length - run - 1]))
		run++;
	if (run != CONTAINER_ID_LENGTH)
		return NULL;
	/* Alone, or behind the name of a runtime: "docker-", "cri-containerd:", ... */
	if (length > run && !strchr("-:", part->text[length - run - 1]))
		return NULL;
	return part->text + length - run;
}

static bool write_container(const struct component *part, char *text, size_t size)
{
	static const char *const lxc[] = {"lxc.payload.", "lxc.monitor."};
	const char *id = container_id(part);

	if (id) {
		snprintf(text, size, "%.*s", CONTAINER_ID_SHOWN, id);
		return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(lxc); i++) {
		if (component_begins_with(part, lxc[i])) {
			put_characters(part->text + strlen(lxc[i]), part->length - strlen(lxc[i]),
				       text, size);
			return true;
		}
	}
	return false;
}

/* "kubepods-burstable-pod0a1b..._....slice" or "pod0a1b...": the uid of a Kubernetes pod. */
static bool write_pod(const struct component *part, char *text, size_t size)
{
	for (size_t at = 0; at + strlen("pod") + POD_UID_SHOWN <= part->length; at++) {
		const char *uid = part->text + at + strlen("pod");
		int digits = 0;

		if (memcmp(part->text + at, "pod", 3) != 0 || (at && uid[-4] != '-'))
			continue;
		while (digits < POD_UID_SHOWN && isxdigit((unsigned char)uid[digits]))
			digits++;
		if (digits < POD_UID_SHOWN)
			continue;
		snprintf(text, size, "pod %.*s", POD_UID_SHOWN, uid);
		return true;
	}
	return false;
}

static bool is_unit(const struct component *part)
{
	static const char *const kinds[] = {".service", ".scope", ".socket", ".mount", ".swap"};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (component_ends_with(part, kinds[i]))
			return true;
	}
	return false;
}

static bool is_init_scope(const struct component *part)
{
	return part->length == strlen("init.scope") &&
	       !memcmp(part->text, "init.scope", part->length);
}

/* Asks each component from the inside out; the first that answers wins. */
static bool find_inside_out(const char *cgroup, char *text, size_t size,
			    bool (*write)(const struct component *part, char *text, size_t size))
{
	size_t end = strlen(cgroup);
	struct component part;

	while (component_before(cgroup, &end, &part)) {
		if (write(&part, text, size))
			return true;
	}
	return false;
}

static bool write_unit_name(const struct component *part, char *text, size_t size)
{
	if (!is_unit(part) || is_init_scope(part))
		return false;
	put_characters(part->text, part->length, text, size);
	return true;
}

static bool write_any(const struct component *part, char *text, size_t size)
{
	put_characters(part->text, part->length, text, size);
	return true;
}

const char *owner_container_path(const char *cgroup)
{
	bool in_pod = strstr(cgroup, "kubepods");
	size_t end = strlen(cgroup);
	char text[OWNER_TEXT_MAX];
	struct component part;

	while (component_before(cgroup, &end, &part)) {
		if (write_container(&part, text, sizeof(text)) ||
		    (in_pod && write_pod(&part, text, sizeof(text))))
			return part.text;
	}
	return "";
}

char *owner_unit(const char *cgroup, char *text, size_t size)
{
	if (!size)
		return text;
	*text = '\0';
	if (!find_inside_out(cgroup, text, size, write_container) &&
	    !(strstr(cgroup, "kubepods") && find_inside_out(cgroup, text, size, write_pod)) &&
	    !find_inside_out(cgroup, text, size, write_unit_name))
		find_inside_out(cgroup, text, size, write_any);
	return text;
}
