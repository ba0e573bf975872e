/* SPDX-License-Identifier: MIT */
/*
 * The terminal through ncurses; see screen.h. The only place that opens and closes it. Frames are
 * kept, so that only cells that changed are handed to ncurses at all.
 */
#include "screen.h"

#include <curses.h>
#include <errno.h>
#include <langinfo.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>

#include "restore.h"
#include "terminal.h"

#define ESCAPE_DELAY_MS 25

struct screen {
	SCREEN *terminal;
	const char *type; /* its terminfo description is used */
	int input_fd, output_fd;
	bool utf8;
	bool color;
	int width, height;
	struct frame shown; /* width 0: nothing is known of what the terminal shows */
};

static void set_up_colors(struct screen *screen, bool wanted)
{
	screen->color = wanted && has_colors() && start_color() == OK &&
			use_default_colors() == OK && COLORS >= 8;
	if (!screen->color)
		return;
	init_pair(STYLE_IN, COLOR_GREEN, -1);
	init_pair(STYLE_OUT, COLOR_MAGENTA, -1);
	init_pair(STYLE_WARN, COLOR_YELLOW, -1);
	init_pair(STYLE_ACCENT, COLOR_CYAN, -1);
}

static void set_up_input(void)
{
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	intrflush(stdscr, FALSE);
	set_escdelay(ESCAPE_DELAY_MS);
	curs_set(0);
}

int screen_open(FILE *input, FILE *output, bool color, struct screen **ret_screen,
		const char **ret_why)
{
	struct screen *screen;
	const char *type;
	int err;

	if (!isatty(fileno(input)) || !isatty(fileno(output)))
		return -ENOTTY;
	err = terminal_choose(fileno(output), &type, ret_why);
	if (err)
		return err;
	screen = calloc(1, sizeof(*screen));
	if (!screen)
		return -ENOMEM;
	screen->type = type;
	screen->input_fd = fileno(input);
	screen->output_fd = fileno(output);
	screen->utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	restore_arm(screen->output_fd);
	screen->terminal = newterm(type, output, input);
	if (!screen->terminal) {
		restore_disarm();
		free(screen);
		*ret_why = "it could not be set up";
		return -EINVAL;
	}
	set_term(screen->terminal);
	restore_learn_strings();
	set_up_input();
	set_up_colors(screen, color);
	screen_resize(screen);
	*ret_screen = screen;
	return 0;
}

void screen_close(struct screen *screen)
{
	if (!screen)
		return;
	/* Where the terminal has no second screen, what is written next starts on a clean line. */
	move(screen->height - 1, 0);
	clrtoeol();
	refresh();
	endwin();
	/* Keys that were meant for the view must not become commands of a shell. */
	tcflush(screen->input_fd, TCIFLUSH);
	restore_disarm();
	delscreen(screen->terminal);
	frame_done(&screen->shown);
	free(screen);
}

const char *screen_stand_in(const struct screen *screen)
{
	const char *name = getenv("TERM");

	return name && strcmp(name, screen->type) == 0 ? NULL : screen->type;
}

enum screen_signs screen_signs(const struct screen *screen)
{
	if (!screen->utf8)
		return SIGNS_ASCII;
	return strcmp(screen->type, "linux") == 0 ? SIGNS_CONSOLE : SIGNS_UTF8;
}

void screen_size(const struct screen *screen, int *ret_width, int *ret_height)
{
	*ret_width = screen->width;
	*ret_height = screen->height;
}

void screen_resize(struct screen *screen)
{
	struct winsize size = {0};
	int width, height;

	/* A serial line knows no size; the terminal's description or the environment may. */
	if (ioctl(screen->output_fd, TIOCGWINSZ, &size) || !size.ws_col || !size.ws_row) {
		size.ws_col = (unsigned short)(screen->width ? screen->width : COLS);
		size.ws_row = (unsigned short)(screen->height ? screen->height : LINES);
	}
	width = size.ws_col > FRAME_SIDE_MAX ? FRAME_SIDE_MAX : size.ws_col;
	height = size.ws_row > FRAME_SIDE_MAX ? FRAME_SIDE_MAX : size.ws_row;
	screen->width = width > 0 ? width : 1;
	screen->height = height > 0 ? height : 1;
	if (screen->width != COLS || screen->height != LINES)
		resizeterm(screen->height, screen->width);
	screen_forget(screen);
}

void screen_forget(struct screen *screen)
{
	clearok(curscr, TRUE);
	frame_done(&screen->shown);
}

static attr_t attributes_of(const struct screen *screen, unsigned int style)
{
	unsigned int role = style & STYLE_ROLE;
	attr_t attributes = A_NORMAL;

	if (style & STYLE_BOLD)
		attributes |= A_BOLD;
	if (style & STYLE_DIM)
		attributes |= A_DIM;
	if (style & STYLE_REVERSE)
		attributes |= A_REVERSE;
	if (style & STYLE_UNDERLINE)
		attributes |= A_UNDERLINE;
	/* What the colour says must be seen without it. */
	if (role == STYLE_ACCENT && style & STYLE_REVERSE && !screen->color)
		attributes ^= A_REVERSE | A_UNDERLINE;
	return attributes;
}

static void put_cell(const struct screen *screen, int x, int y, const struct frame_cell *cell)
{
	short pair = screen->color ? (short)(cell->style & STYLE_ROLE) : 0;

	if (!cell->width)
		return;
	attr_set(attributes_of(screen, cell->style), pair, NULL);
	mvaddstr(y, x, cell->text);
}

int screen_show(struct screen *screen, const struct frame *frame)
{
	struct termios mode;
	bool all = screen->shown.width != frame->width || screen->shown.height != frame->height;
	int count = frame->width * frame->height;

	if (all && frame_init(&screen->shown, frame->width, frame->height))
		return -ENOMEM;
	if (all)
		erase();
	for (int i = 0; i < count; i++) {
		if (!all &&
		    !memcmp(&frame->cell[i], &screen->shown.cell[i], sizeof(frame->cell[i])))
			continue;
		put_cell(screen, i % frame->width, i / frame->width, &frame->cell[i]);
		screen->shown.cell[i] = frame->cell[i];
	}
	move(0, 0);
	refresh();
	/* curses does not say when its writes fail. */
	return tcgetattr(screen->output_fd, &mode) ? -EIO : 0;
}

int screen_key(struct screen *screen)
{
	int key = getch();

	(void)screen;
	return key == ERR ? SCREEN_NO_KEY : key;
}

void screen_use_mouse(struct screen *screen)
{
	(void)screen;
	/* Presses, not clicks: nothing must be waited for to tell them apart. */
	mousemask(BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL);
	mouseinterval(0);
}

enum screen_mouse screen_mouse(struct screen *screen, int key, int *ret_x, int *ret_y)
{
	MEVENT event;

	(void)screen;
	if (key != KEY_MOUSE || getmouse(&event) != OK)
		return MOUSE_NONE;
	*ret_x = event.x;
	*ret_y = event.y;
	if (event.bstate & BUTTON4_PRESSED)
		return MOUSE_WHEEL_UP;
	if (event.bstate & BUTTON5_PRESSED)
		return MOUSE_WHEEL_DOWN;
	return event.bstate & BUTTON1_PRESSED ? MOUSE_CLICK : MOUSE_NONE;
}

void screen_stop(struct screen *screen)
{
	struct sigaction by_default = {.sa_handler = SIG_DFL}, before;
	sigset_t stop, mask;

	endwin();
	sigemptyset(&stop);
	sigaddset(&stop, SIGTSTP);
	sigaction(SIGTSTP, &by_default, &before);
	raise(SIGTSTP);
	/* Here the process stops, and goes on with the next line. */
	pthread_sigmask(SIG_UNBLOCK, &stop, &mask);
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	sigaction(SIGTSTP, &before, NULL);
	screen_resize(screen);
}

void screen_resume(struct screen *screen)
{
	/* Leaves and enters: a shell may have changed the mode, and the screen is not ours. */
	endwin();
	screen_resize(screen);
}
