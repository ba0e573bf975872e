/* SPDX-License-Identifier: MIT */
/* --hide-own: the filter for the SSH session that the program itself runs in. */
#include "app_private.h"

#include <string.h>

#include "log.h"
#include "options.h"
#include "session.h"

int app_find_own(struct app *app)
{
	char text[FILTER_TEXT_MAX], why[FORMAT_TEXT_MAX];
	struct session session;
	size_t column;
	int err;

	if (!app->options->hide_own)
		return 0;
	if (session_find(&session)) {
		log_line("not in an SSH session, as far as can be seen; --hide-own hides nothing");
		return 0;
	}
	session_filter_text(&session, text);
	err = filter_parse(text, &app->hidden, why, sizeof(why), &column);
	if (err)
		log_line("cannot hide the SSH session: %s", strerror(-err));
	return err;
}
