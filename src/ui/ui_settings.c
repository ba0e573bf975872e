/* SPDX-License-Identifier: MIT */
/* Settings of the live view in the user's file; see ui_actions.h and settings.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "format.h"
#include "settings.h"
#include "ui_actions.h"

static struct settings current(const struct ui *ui)
{
	enum group_by by = view_group(ui->view);

	view_drilled(ui->view, &by);
	return (struct settings){
		.sort = view_sort(ui->view),
		.reverse = view_reversed(ui->view),
		.by = by,
		.unit = ui->scene.unit,
		.totals = ui->wish.totals,
		.names = ui->scene.names,
		.hosts = ui->scene.host_names,
		.sites = ui->scene.site_names,
	};
}

static void apply_settings(struct ui *ui, const struct settings *settings)
{
	/* The command line takes precedence. */
	if (!ui->options->by_set)
		ui_use_view(ui, settings->by);
	if (!ui->options->sort_set && ui_can_sort_by(ui, settings->sort))
		view_set_sort(ui->view, settings->sort, settings->reverse);
	ui->scene.unit = (enum unit)settings->unit;
	ui->wish.totals = settings->totals;
	ui->scene.names = settings->names;
	ui->scene.site_names = settings->sites;
	ui_use_hosts(ui, settings->hosts || ui->options->show_names);
}

void ui_load_settings(struct ui *ui)
{
	struct settings settings = current(ui);
	char path[SETTINGS_PATH_MAX], text[48];
	unsigned int line = 0;
	int err = settings_path(path, sizeof(path));

	if (!err)
		err = settings_load(path, &settings, &line);
	if (!err)
		apply_settings(ui, &settings);
	else if (err == -EINVAL) {
		snprintf(text, sizeof(text), "line %u is not a setting", line);
		ui_say(ui, "settings ignored: ", text);
	} else if (err != -ENOENT) {
		ui_say(ui, "cannot read settings: ", strerror(-err));
	}
}

void ui_save_settings(struct ui *ui)
{
	const struct settings settings = current(ui);
	char where[SETTINGS_PATH_MAX] = "", safe[160], text[sizeof(safe) + 64];
	int err = ui->options->save_settings(ui->options->context, &settings, where);

	if (!err) {
		ui_say(ui, "settings saved in ", format_outside(where, safe, sizeof(safe)));
		return;
	}
	snprintf(text, sizeof(text), "(%s) %s", strerror(-err),
		 *where ? format_outside(where, safe, sizeof(safe))
			: "neither XDG_CONFIG_HOME nor HOME is set");
	ui_say(ui, "settings not saved ", text);
}
