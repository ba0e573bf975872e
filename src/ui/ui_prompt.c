/* SPDX-License-Identifier: MIT */
/*
 * The line in which a filter is typed; see ui_actions.h. Each key tries the text: when it is a
 * filter, it is in force at once; until then those whole words in front are that make one.
 */
#include "ui_actions.h"

#include <stdio.h>
#include <string.h>

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

static void erase(struct prompt *prompt, size_t keep)
{
	prompt->text[keep] = '\0';
}

static void erase_word(struct prompt *prompt)
{
	size_t length = strlen(prompt->text);

	while (length && prompt->text[length - 1] == ' ')
		length--;
	while (length && prompt->text[length - 1] != ' ')
		length--;
	erase(prompt, length);
}

void ui_prompt_begin(struct ui *ui, const char *text)
{
	struct prompt *prompt = &ui->scene.prompt;

	snprintf(prompt->text, sizeof(prompt->text), "%s", text);
	try_text(ui);
	prompt->open = prompt->wrong;
}

void ui_prompt_open(struct ui *ui)
{
	ui->scene.prompt.open = true;
	try_text(ui);
}

void ui_prompt_clear(struct ui *ui)
{
	erase(&ui->scene.prompt, 0);
	ui->scene.prompt.open = false;
	try_text(ui);
}

void ui_prompt_press(struct ui *ui, int key)
{
	struct prompt *prompt = &ui->scene.prompt;
	size_t length = strlen(prompt->text);

	switch (keys_edit(key)) {
	case EDIT_CHARACTER:
		if (length + 1 < sizeof(prompt->text)) {
			prompt->text[length] = (char)key;
			erase(prompt, length + 1);
		}
		break;
	case EDIT_ERASE:
		/* Erasing what is not there leaves, as in other programs of this kind. */
		if (!length)
			prompt->open = false;
		else
			erase(prompt, length - 1);
		break;
	case EDIT_ERASE_WORD: erase_word(prompt); break;
	case EDIT_ERASE_ALL: erase(prompt, 0); break;
	case EDIT_ACCEPT:
		/* What is wrong stays open, so that nobody takes it for a filter. */
		prompt->open = prompt->wrong;
		return;
	case EDIT_CANCEL: ui_prompt_clear(ui); return;
	case EDIT_NONE: return;
	}
	try_text(ui);
}
