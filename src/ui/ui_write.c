/* SPDX-License-Identifier: MIT */
/*
 * What is shown, all rows of it, as a file to take along; see ui_actions.h. Made in memory and handed to
 * the program, which may not write files itself.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cell.h"
#include "format.h"
#include "record.h"
#include "text.h"
#include "ui_actions.h"

#define SAME_SECOND_MAX 999 /* files of one moment, while it is paused */

struct writing {
	struct ui *ui;
	struct layout layout;  /* with columns as wide as any text */
	struct record *record; /* for JSON and CSV */
	struct text text;
	FILE *out;
	char format;
	size_t rows;
	int width[LAYOUT_COLUMNS_MAX]; /* of text */
	bool measuring;
};

/* All columns of the view that say something, on the screen or not. */
static void take_columns(struct writing *writing)
{
	struct layout_wish wish = writing->ui->wish;
	enum column column[LAYOUT_COLUMNS_MAX];
	size_t count;

	wish.by = view_group(writing->ui->view);
	count = layout_columns_of(&wish, column);
	writing->layout = writing->ui->layout;
	writing->layout.columns = 0;
	writing->layout.arrows = writing->layout.peer = false;
	for (size_t i = 0; i < count; i++) {
		const struct column_info *info = column_info(column[i]);

		if (info->kind == COLUMN_GRAPH || !layout_may_show(&wish, column[i]) ||
		    (info->past && !writing->ui->layout.past))
			continue;
		writing->layout.column[writing->layout.columns++] =
			(struct layout_column){.column = column[i], .width = CELL_TEXT_MAX};
	}
}

static void pad(FILE *out, const char *text, int width, bool right)
{
	int blanks = width - frame_text_width(text);

	fprintf(out, "%*s%s%*s", right && blanks > 0 ? blanks : 0, "", text,
		!right && blanks > 0 ? blanks : 0, "");
}

static void write_text_row(struct writing *writing, const struct row *row)
{
	for (int i = 0; i < writing->layout.columns; i++) {
		const struct layout_column *column = &writing->layout.column[i];
		char text[CELL_TEXT_MAX];
		int width;

		cell_text(&writing->layout, column, &writing->ui->scene, row, text, sizeof(text));
		width = frame_text_width(text);
		if (writing->measuring && width > writing->width[i])
			writing->width[i] = width;
		if (writing->measuring)
			continue;
		if (i)
			fputs("  ", writing->out);
		pad(writing->out, text, writing->width[i], column_info(column->column)->number);
	}
	if (!writing->measuring)
		fputc('\n', writing->out);
}

static int write_one_row(void *context, const struct row *row)
{
	struct writing *writing = context;

	write_text_row(writing, row);
	writing->rows++;
	return 0;
}

static int write_one_record(void *context, const struct row *row)
{
	struct writing *writing = context;

	if (writing->format == 'j')
		text_put(&writing->text, writing->rows ? ",\n" : "[\n", 2);
	record_put(writing->record, row, &writing->text);
	writing->rows++;
	return writing->text.failed ? -ENOMEM : 0;
}

static void write_titles(struct writing *writing)
{
	for (int i = 0; i < writing->layout.columns; i++) {
		enum column column = writing->layout.column[i].column;
		const char *title = column_title(column, view_group(writing->ui->view));

		if (writing->measuring)
			writing->width[i] = (int)strlen(title);
		else {
			fputs(i ? "  " : "", writing->out);
			pad(writing->out, title, writing->width[i], column_info(column)->number);
		}
	}
}

/* What it is, for somebody who gets the file alone. */
static void write_about_text(const struct writing *writing)
{
	const struct snapshot *snapshot = view_snapshot(writing->ui->view);
	char iface[FORMAT_TEXT_MAX], wall[FORMAT_TEXT_MAX], filter[4 * FILTER_TEXT_MAX];

	fprintf(writing->out, "%s on %s, %s\n", group_plural(view_group(writing->ui->view)),
		ifaces_text(snapshot->ifaces, iface, sizeof(iface)),
		format_wall(snapshot->wall_ns, wall, sizeof(wall)));
	if (*writing->ui->scene.prompt.text)
		fprintf(writing->out, "filter: %s\n",
			format_outside(writing->ui->scene.prompt.text, filter, sizeof(filter)));
	fputc('\n', writing->out);
}

/* As --json and --csv print them. */
static int write_for_programs(struct writing *writing)
{
	bool json = writing->format == 'j';
	const struct record_options options = {
		.format = json ? RECORD_JSON : RECORD_CSV,
		.context = view_context(writing->ui->view),
		.names = writing->ui->scene.hosts,
	};
	int err = record_new(&options, &writing->record);

	if (err)
		return err;
	record_put_head(writing->record, &writing->text);
	err = view_list(writing->ui->view, write_one_record, writing);
	if (json)
		text_add(&writing->text, writing->rows ? "\n]\n" : "[]\n");
	if (!err && writing->text.failed)
		err = -ENOMEM;
	if (!err)
		fwrite(writing->text.at, 1, writing->text.used, writing->out);
	record_free(writing->record);
	text_done(&writing->text);
	return err;
}

static int write_kept_rows(struct writing *writing)
{
	int err;

	if (writing->format != 'r')
		return write_for_programs(writing);
	take_columns(writing);
	write_about_text(writing);
	writing->measuring = true;
	write_titles(writing);
	err = view_list(writing->ui->view, write_one_row, writing);
	writing->measuring = false;
	writing->rows = 0;
	write_titles(writing);
	fputc('\n', writing->out);
	return err ? err : view_list(writing->ui->view, write_one_row, writing);
}

/* "2026-11-23T14-03-28-conversations.csv"; "...-2.csv" is another of the same second. */
static void kept_file_name(const struct ui *ui, char format, int number, char *name, size_t size)
{
	char wall[FORMAT_TEXT_MAX], again[FORMAT_TEXT_MAX] = "";

	format_wall(view_snapshot(ui->view)->wall_ns, wall, sizeof(wall));
	for (char *at = wall; *at; at++) {
		if (*at == ' ')
			*at = 'T';
		else if (*at == ':')
			*at = '-';
	}
	if (number > 1)
		snprintf(again, sizeof(again), "-%d", number);
	snprintf(name, size, "%s-%s%s.%s", wall, group_plural(view_group(ui->view)), again,
		 format == 'r'	 ? "txt"
		 : format == 'j' ? "json"
				 : "csv");
}

static void say_written(struct ui *ui, int err, size_t rows, const char *where)
{
	const char *home = getenv("HOME");
	size_t length = home ? strlen(home) : 0;
	char safe[200] = "", count[FORMAT_TEXT_MAX], text[320];
	int used;

	/* As a shell would take it, and shorter. */
	if (length > 1 && !strncmp(where, home, length) && where[length] == '/')
		snprintf(safe, sizeof(safe), "~");
	else
		length = 0;
	format_outside(where + length, safe + strlen(safe), sizeof(safe) - 1);
	if (!err) {
		used = snprintf(text, sizeof(text), "%s row%s in ",
				format_count(rows, count, sizeof(count)), format_plural(rows));
		/* Its name, at the end, says more than the middle of a long path. */
		draw_shorten(safe, ui->layout.width - 2 - used, ui->scene.glyphs->cut, text + used,
			     sizeof(text) - (size_t)used);
		ui_say(ui, text, "");
		return;
	}
	snprintf(text, sizeof(text), "(%s) %s", strerror(-err),
		 *where ? safe : "neither XDG_STATE_HOME nor HOME is set");
	ui_say(ui, "not written ", text);
}

void ui_write(struct ui *ui, char format)
{
	struct writing writing = {.ui = ui, .format = format};
	char name[2 * FORMAT_TEXT_MAX], where[SETTINGS_PATH_MAX] = "";
	size_t length = 0;
	char *text = NULL;
	int err, number = 1;

	if (!ui->options->keep_text || !view_snapshot(ui->view)) {
		ui->scene.notice = "there is nothing to write yet";
		return;
	}
	writing.out = open_memstream(&text, &length);
	if (!writing.out) {
		ui->scene.notice = "cannot allocate memory for the file";
		return;
	}
	err = write_kept_rows(&writing);
	if (fclose(writing.out) && !err)
		err = -ENOMEM;
	if (!err) {
		do {
			kept_file_name(ui, format, number, name, sizeof(name));
			err = ui->options->keep_text(ui->options->context, name, text, length,
						     where);
		} while (err == -EEXIST && number++ < SAME_SECOND_MAX);
	}
	free(text);
	say_written(ui, err, writing.rows, where);
}
