/* SPDX-License-Identifier: MIT */
/*
 * The line in which a filter is typed; see ui_actions.h. Each key tries the text: when it is a
 * filter, it is in force at once; until then those whole words in front are that make one.
 */
#include "ui_actions.h"

#include <stdio.h>
#include <string.h>

#include "utf8.h"

/* Without its last word; what is left of "port 443 an" is what was meant before the "d" is typed. */
static void drop_word(char *text)
{
	size_t length = strlen(text);

	while (length && text[length - 1] != ' ')
		length--;
	while (length && text[length - 1] == ' ')
		length--;
	text[length] = '\0';
}

static void use_what_is_right(struct ui *ui)
{
	char text[FILTER_TEXT_MAX], why[sizeof(ui->scene.prompt.why)];
	struct filter *filter;
	size_t column;
	int err;

	snprintf(text, sizeof(text), "%s", ui->scene.prompt.text);
	do {
		drop_word(text);
		err = filter_parse_named(text, ui->options->services, &filter, why, sizeof(why), &column);
	} while (err && *text);
	if (!err)
		view_set_filter(ui->view, filter);
}

static void try_text(struct ui *ui)
{
	struct prompt *prompt = &ui->scene.prompt;
	struct filter *filter;
	int err = filter_parse_named(prompt->text, ui->options->services, &filter, prompt->why,
				     sizeof(prompt->why), &prompt->column);

	prompt->wrong = err != 0;
	prompt->is_text = !err && filter_is_text(filter);
	if (err)
		use_what_is_right(ui);
	else
		view_set_filter(ui->view, filter);
}

/* Puts other text there, with the cursor at its end. */
static void set_prompt_text(struct prompt *prompt, const char *text)
{
	if (text != prompt->text)
		snprintf(prompt->text, sizeof(prompt->text), "%s", text);
	prompt->cursor = strlen(prompt->text);
}

/* Takes out what is between two places; the cursor ends up there. */
static void cut_text(struct prompt *prompt, size_t from, size_t to)
{
	memmove(prompt->text + from, prompt->text + to, strlen(prompt->text + to) + 1);
	prompt->cursor = from;
}

/* What must not reach a terminal is in no name that a terminal shows. */
static void insert(struct prompt *prompt, uint32_t character)
{
	size_t length = strlen(prompt->text), more;
	char bytes[UTF8_MAX];

	more = utf8_encode(character, bytes);
	if (utf8_is_dangerous(character) || length + more >= sizeof(prompt->text))
		return;
	memmove(prompt->text + prompt->cursor + more, prompt->text + prompt->cursor,
		length - prompt->cursor + 1);
	memcpy(prompt->text + prompt->cursor, bytes, more);
	prompt->cursor += more;
}

static void erase_word(struct prompt *prompt)
{
	size_t from = prompt->cursor;

	while (from && prompt->text[from - 1] == ' ')
		from--;
	while (from && prompt->text[from - 1] != ' ')
		from--;
	cut_text(prompt, from, prompt->cursor);
}

/* Among the filters that were kept, one that was kept earlier, or later. */
static void recall(struct prompt *prompt, int step)
{
	size_t at = prompt->recalled + (size_t)step;

	if ((!prompt->recalled && step < 0) || at > prompt->histories)
		return;
	if (!prompt->recalled)
		snprintf(prompt->typed, sizeof(prompt->typed), "%s", prompt->text);
	prompt->recalled = at;
	set_prompt_text(prompt, at ? prompt->history[at - 1] : prompt->typed);
}

/* As the newest of those to recall, once. */
static void remember(struct prompt *prompt)
{
	size_t last = prompt->histories < PROMPT_HISTORY ? prompt->histories : PROMPT_HISTORY - 1;

	if (!*prompt->text)
		return;
	for (size_t i = 0; i < last; i++) {
		if (!strcmp(prompt->history[i], prompt->text))
			last = i;
	}
	if (last == prompt->histories)
		prompt->histories++;
	memmove(prompt->history[1], prompt->history[0], last * sizeof(prompt->history[0]));
	snprintf(prompt->history[0], sizeof(prompt->history[0]), "%s", prompt->text);
}

void ui_prompt_begin(struct ui *ui, const char *text)
{
	set_prompt_text(&ui->scene.prompt, text);
	try_text(ui);
	ui->scene.prompt.open = ui->scene.prompt.wrong;
	if (!ui->scene.prompt.wrong)
		remember(&ui->scene.prompt);
}

void ui_prompt_open(struct ui *ui)
{
	struct prompt *prompt = &ui->scene.prompt;

	/* That text is in force already: nothing on the screen moves until it is changed. */
	snprintf(prompt->before, sizeof(prompt->before), "%s", prompt->text);
	set_prompt_text(prompt, prompt->text);
	prompt->recalled = 0;
	prompt->open = true;
}

void ui_prompt_clear(struct ui *ui)
{
	set_prompt_text(&ui->scene.prompt, "");
	ui->scene.prompt.open = false;
	try_text(ui);
}

void ui_prompt_cancel(struct ui *ui)
{
	struct prompt *prompt = &ui->scene.prompt;
	bool changed = strcmp(prompt->text, prompt->before) != 0;

	set_prompt_text(prompt, prompt->before);
	prompt->open = false;
	if (changed)
		try_text(ui);
}

/* What is wrong stays open, so that nobody takes it for a filter. */
static void accept_text(struct prompt *prompt)
{
	prompt->open = prompt->wrong;
	if (!prompt->wrong)
		remember(prompt);
}

/* Keys that move the cursor, and nothing else; true: it was one. */
static bool move_cursor(struct prompt *prompt, enum edit edit)
{
	size_t length = strlen(prompt->text);

	switch (edit) {
	case EDIT_LEFT:
		prompt->cursor -= utf8_step_back(prompt->text, prompt->cursor);
		return true;
	case EDIT_RIGHT: prompt->cursor += utf8_step(prompt->text + prompt->cursor); return true;
	case EDIT_BEGIN: prompt->cursor = 0; return true;
	case EDIT_END: prompt->cursor = length; return true;
	default: return false;
	}
}

static void change_text(struct prompt *prompt, enum edit edit, int key)
{
	size_t at = prompt->cursor;

	switch (edit) {
	case EDIT_CHARACTER: insert(prompt, SCREEN_CODE_OF(key)); break;
	case EDIT_ERASE:
		/* Erasing what is not there leaves, as in other programs of this kind. */
		if (!*prompt->text)
			prompt->open = false;
		else if (prompt->cursor)
			cut_text(prompt, at - utf8_step_back(prompt->text, at), at);
		break;
	case EDIT_DELETE: cut_text(prompt, at, at + utf8_step(prompt->text + at)); break;
	case EDIT_ERASE_WORD: erase_word(prompt); break;
	case EDIT_ERASE_ALL: cut_text(prompt, 0, strlen(prompt->text)); break;
	case EDIT_OLDER: recall(prompt, 1); break;
	case EDIT_NEWER: recall(prompt, -1); break;
	default: break;
	}
}

void ui_prompt_press(struct ui *ui, int key)
{
	struct prompt *prompt = &ui->scene.prompt;
	enum edit edit = keys_edit(key);

	switch (edit) {
	case EDIT_ACCEPT: accept_text(prompt); return;
	case EDIT_CANCEL: ui_prompt_cancel(ui); return;
	case EDIT_NONE: return;
	default: break;
	}
	if (move_cursor(prompt, edit))
		return;
	change_text(prompt, edit, key);
	try_text(ui);
}
