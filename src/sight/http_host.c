/* SPDX-License-Identifier: MIT */
/* A request line, then fields, one a line; see http_host.h. */
#include "http_host.h"

#include <string.h>
#include <strings.h>

#include "array.h"
#include "octets.h"

#define VERSION	   "HTTP/1."
#define VERSION_AT 8 /* bytes that a request line ends with, "HTTP/1.1" */
#define HOST_FIELD "host:"

static const char *const methods[] = {
	"GET ",	    "POST ",  "HEAD ",	"PUT ",	     "DELETE ", "OPTIONS ",
	"CONNECT ", "PATCH ", "TRACE ", "PROPFIND ", "REPORT ",
};

/* The bytes up to the end of the line, without it; moves behind it. The last line may be cut. */
static struct octets take_line(struct octets *from)
{
	const uint8_t *end = memchr(from->at, '\n', octets_left(from));
	struct octets line = octets_take(from, end ? (size_t)(end - from->at) : octets_left(from));

	line.cut = !end;
	if (end)
		octets_take(from, 1);
	if (line.at < line.end && line.end[-1] == '\r')
		line.end--;
	return line;
}

static bool has_method(const struct octets *line)
{
	for (size_t i = 0; i < ARRAY_SIZE(methods); i++) {
		if (octets_begin(line, methods[i]))
			return true;
	}
	return false;
}

/* A method that is not in the list: capital letters, as all have them that are registered. */
static bool may_be_method(const struct octets *line)
{
	const uint8_t *at = line->at;

	while (at < line->end && (*at == '-' || (*at >= 'A' && *at <= 'Z')))
		at++;
	return at < line->end && at > line->at && *at == ' ';
}

/* A request line that is cut by the end of what is there may be one: a target can be long. */
static bool is_request(const struct octets *line)
{
	if (line->cut)
		return has_method(line);
	return may_be_method(line) && octets_left(line) > VERSION_AT &&
	       !memcmp(line->end - VERSION_AT, VERSION, strlen(VERSION));
}

static void copy_host(struct octets value, char host[HOST_NAME_SIZE])
{
	const uint8_t *colon;

	while (value.at < value.end && (*value.at == ' ' || *value.at == '\t'))
		value.at++;
	while (value.at < value.end && (value.end[-1] == ' ' || value.end[-1] == '\t'))
		value.end--;
	colon = memchr(value.at, ':', octets_left(&value));
	if (colon)
		value.end = colon;
	host_name_copy(value.at, octets_left(&value), host);
}

bool http_host_read(const uint8_t *stream, size_t length, char host[HOST_NAME_SIZE])
{
	struct octets rest = octets_of(stream, length);
	struct octets line = take_line(&rest);

	*host = '\0';
	if (!is_request(&line))
		return false;
	while (octets_left(&rest)) {
		line = take_line(&rest);
		if (line.cut || !octets_left(&line))
			break; /* a name that is cut is another name */
		if (octets_left(&line) > strlen(HOST_FIELD) &&
		    !strncasecmp((const char *)line.at, HOST_FIELD, strlen(HOST_FIELD))) {
			octets_take(&line, strlen(HOST_FIELD));
			copy_host(line, host);
			break;
		}
	}
	return true;
}
