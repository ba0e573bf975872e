/* SPDX-License-Identifier: MIT */
/* Limits of --alert in the live view; see ui_actions.h. Everything belongs to the caller's struct ui. */
#include "ui_actions.h"

#include "format.h"

void ui_see_alert(struct ui *ui)
{
	const struct ui_options *options = ui->options;
	struct scene *scene = &ui->scene;
	unsigned int on = options->exceeded ? options->exceeded(options->context) : 0;
	bool before = scene->alert;

	scene->alert = on != 0;
	if (on)
		format_outside(options->limit[__builtin_ctz(on)], scene->alert_text,
			       sizeof(scene->alert_text));
	if (on && !before)
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
	/* In a past snapshot its own numbers decide. */
	shown.limits = ui->scene.held ? ~0U : ui->options->exceeded(ui->options->context);
	return over_take(ui->over, &shown);
}
