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
#include "ui_actions.h"

struct writing {
	struct ui *ui;
	struct layout layout; /* with columns as wide as any text */
	struct column_context context;
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

static const char *member_name(const struct writing *writing, enum column column)
{
	static const char *const end[][2] = {{"source", "destination"}, {"near", "far"}};
	enum group_by by = view_group(writing->ui->view);

	if (column == COLUMN_DESTINATION)
		return end[by == GROUP_CONVERSATION][1];
	if (column != COLUMN_SOURCE)
		return column_info(column)->name;
	return by == GROUP_FLOW || by == GROUP_CONVERSATION ? end[by == GROUP_CONVERSATION][0]
							     : group_name(by);
}

static void put_json_text(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text; text++) {
		/* The text has no control characters: format_outside() has made them visible. */
		if (*text == '"' || *text == '\\')
			fputc('\\', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

/* RFC 4180. What a spreadsheet would take for a formula gets an apostrophe in front. */
static void put_csv_text(FILE *out, const char *text)
{
	if (strcmp(text, "-") == 0)
		return;
	fputc('"', out);
	if (*text && strchr("=+-@", *text))
		fputc('\'', out);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

static void put_member(struct writing *writing, const struct layout_column *column,
		      const struct row *row)
{
	const struct column_info *info = column_info(column->column);
	char text[CELL_TEXT_MAX];
	double value;

	if (!info->number) {
		cell_text(&writing->layout, column, &writing->ui->scene, row, text, sizeof(text));
		if (writing->format == 'j')
			put_json_text(writing->out, text);
		else
			put_csv_text(writing->out, text);
		return;
	}
	value = column_value(column->column, &writing->context, row);
	if (info->count)
		fprintf(writing->out, "%llu",
			(unsigned long long)info->count(&writing->context, row));
	else if (value >= 0.0 && (info->past || writing->context.elapsed_ns))
		fprintf(writing->out, "%.1f", value);
	else if (writing->format == 'j')
		fputs("null", writing->out);
}

static int write_member_row(struct writing *writing, const struct row *row)
{
	bool json = writing->format == 'j';

	if (json)
		fputs(writing->rows ? ",\n{" : "{", writing->out);
	for (int i = 0; i < writing->layout.columns; i++) {
		const struct layout_column *column = &writing->layout.column[i];

		if (i)
			fputc(',', writing->out);
		if (json)
			fprintf(writing->out, "\"%s\":", member_name(writing, column->column));
		put_member(writing, column, row);
	}
	fputs(json ? "}" : "\r\n", writing->out);
	return 0;
}

static void pad(FILE *out, const char *text, int width, bool right)
{
	int blanks = width - frame_text_width(text);

	fprintf(out, "%*s%s%*s", right && blanks > 0 ? blanks : 0, "", text,
		!right && blanks > 0 ? blanks : 0, "");
}

static int write_text_row(struct writing *writing, const struct row *row)
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
	return 0;
}

static int write_one_row(void *context, const struct row *row)
{
	struct writing *writing = context;
	int err = writing->format == 'r' ? write_text_row(writing, row)
					 : write_member_row(writing, row);

	writing->rows++;
	return err;
}

static void write_titles(struct writing *writing)
{
	for (int i = 0; i < writing->layout.columns; i++) {
		enum column column = writing->layout.column[i].column;
		const char *title = column_title(column, view_group(writing->ui->view));

		if (writing->format == 'c')
			fprintf(writing->out, "%s%s", i ? "," : "", member_name(writing, column));
		else if (writing->measuring)
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

static int write_kept_rows(struct writing *writing)
{
	int err = 0;

	take_columns(writing);
	writing->context = view_context(writing->ui->view);
	if (writing->format == 'r') {
		write_about_text(writing);
		writing->measuring = true;
		write_titles(writing);
		err = view_list(writing->ui->view, write_one_row, writing);
		writing->measuring = false;
		writing->rows = 0;
	}
	if (writing->format == 'j')
		fputc('[', writing->out);
	else
		write_titles(writing);
	if (writing->format != 'j')
		fputs(writing->format == 'c' ? "\r\n" : "\n", writing->out);
	if (!err)
		err = view_list(writing->ui->view, write_one_row, writing);
	if (writing->format == 'j')
		fputs("]\n", writing->out);
	return err;
}

/* "2026-11-23T14-03-28-conversations.csv" */
static void kept_file_name(const struct ui *ui, char format, char *name, size_t size)
{
	char wall[FORMAT_TEXT_MAX];

	format_wall(view_snapshot(ui->view)->wall_ns, wall, sizeof(wall));
	for (char *at = wall; *at; at++) {
		if (*at == ' ')
			*at = 'T';
		else if (*at == ':')
			*at = '-';
	}
	snprintf(name, size, "%s-%s.%s", wall, group_plural(view_group(ui->view)),
		 format == 'r'	 ? "txt"
		 : format == 'j' ? "json"
				 : "csv");
}

static void say_written(struct ui *ui, int err, size_t rows, const char *where)
{
	const char *home = getenv("HOME");
	size_t length = home ? strlen(home) : 0;
	char safe[200] = "", count[FORMAT_TEXT_MAX], text[320];

	/* As a shell would take it, and shorter. */
	if (length > 1 && !strncmp(where, home, length) && where[length] == '/')
		snprintf(safe, sizeof(safe), "~");
	else
		length = 0;
	format_outside(where + length, safe + strlen(safe), sizeof(safe) - 1);
	if (!err) {
		snprintf(text, sizeof(text), "%s row%s in %s",
			 format_count(rows, count, sizeof(count)), format_plural(rows), safe);
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
	int err;

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
	kept_file_name(ui, format, name, sizeof(name));
	if (!err)
		err = ui->options->keep_text(ui->options->context, name, text, length, where);
	free(text);
	say_written(ui, err, writing.rows, where);
}
