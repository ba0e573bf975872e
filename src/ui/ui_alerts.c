/* SPDX-License-Identifier: MIT */
/* Limits of --alert in the live view; see ui_actions.h. Everything belongs to the caller's struct ui. */
#include "ui_actions.h"

void ui_see_alert(struct ui *ui)
{
	const struct ui_options *options = ui->options;
	struct scene *scene = &ui->scene;
	bool before = scene->alert;

	if (!options->alert)
		return;
	scene->alert =
		options->alert(options->context, scene->alert_text, sizeof(scene->alert_text));
	if (scene->alert && !before)
		screen_ring(ui->screen);
}

int ui_mark_alerts(struct ui *ui)
{
	struct over_shown shown = {
		.snapshot = view_snapshot(ui->view),
		.owners = ui->options->owners,
		.sights = ui->options->sights,
		.names = ui->options->names,
		.by = view_group(ui->view),
	};

	if (!ui->over || !shown.snapshot || !ui->options->exceeded)
		return 0;
	/* Which limits were exceeded at an earlier time, its numbers say. */
	shown.limits = ui->scene.held ? ~0U : ui->options->exceeded(ui->options->context);
	return over_take(ui->over, &shown);
}
