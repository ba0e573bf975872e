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

#include "answer.h"
#include "clock.h"
#include "restore.h"
#include "terminal.h"
#include "utf8.h"
#include "wait.h"

#define ESCAPE_DELAY_MS 25
#define STYLES		0x200
#define KEY_ESCAPE	27

struct screen {
	SCREEN *terminal;
	const char *type; /* its terminfo description is used */
	int input_fd, output_fd;
	bool utf8;
	struct {
		attr_t attributes;
		short pair;
	} look[STYLES]; /* by style */
	bool whole_lines; /* each that changed */
	enum theme theme; /* of the looks */
	struct answer answer;
	uint64_t asked_ns; /* CLOCK_MONOTONIC, when the terminal was asked; 0: no answer is due */
	bool wide_mouse; /* reports of the mouse are asked for and read here, not by curses */
	bool mouse_waits; /* one was read: */
	struct answer_mouse mouse;
	char piece[UTF8_MAX + 1]; /* of a character that is not whole yet */
	size_t pieces;
	int width, height;
	struct frame shown; /* width 0: nothing is known of what the terminal shows */
};

static attr_t attributes_of(unsigned int style)
{
	attr_t attributes = A_NORMAL;

	if (style & STYLE_BOLD)
		attributes |= A_BOLD;
	if (style & STYLE_DIM)
		attributes |= A_DIM;
	if (style & STYLE_REVERSE)
		attributes |= A_REVERSE;
	if (style & STYLE_UNDERLINE)
		attributes |= A_UNDERLINE;
	return attributes;
}

/* A pair for each role, with a bar behind it or not, dim or not. */
static short color_pair_of(unsigned int style)
{
	return (short)(1 + (style & STYLE_ROLE) % 8 + (style & STYLE_TINT ? 8 : 0) +
		       (style & STYLE_DIM ? 16 : 0));
}

static void set_up_looks(struct screen *screen, enum theme theme)
{
	bool able = theme != THEME_MONO && has_colors() && start_color() == OK &&
		    use_default_colors() == OK && COLORS >= 8 && COLOR_PAIRS > 32;
	int colors = able ? COLORS : 0;

	for (unsigned int style = 0; style < STYLES; style++) {
		struct theme_look look;
		bool colored;

		if ((style & STYLE_ROLE) >= THEME_ROLES)
			continue;
		look = theme_look(theme, colors, style);
		colored = look.fg != THEME_DEFAULT || look.bg != THEME_DEFAULT;
		screen->look[style].attributes = attributes_of(look.attributes);
		screen->look[style].pair = 0;
		if (!able || !colored)
			continue;
		screen->look[style].pair = color_pair_of(style);
		init_pair(color_pair_of(style), look.fg, look.bg);
	}
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

/*
 * Dark or light, as COLORFGBG says. Else the terminal is asked, and dark until it has answered: a
 * picture is not held up for a terminal that may never answer.
 */
static void choose_theme(struct screen *screen, enum theme theme)
{
	bool asks;

	if (theme == THEME_AUTO)
		theme = theme_of_colorfgbg(getenv("COLORFGBG"));
	asks = theme == THEME_AUTO && terminal_may_answer(screen->type);
	screen->theme = theme == THEME_AUTO ? THEME_DARK : theme;
	set_up_looks(screen, screen->theme);
	/* Not before the terminal is silent: it would print the answer. */
	if (asks && write(screen->output_fd, ANSWER_QUESTION, strlen(ANSWER_QUESTION)) > 0)
		screen->asked_ns = clock_mono_ns();
}

static void not_called(int number)
{
	(void)number;
}

/*
 * curses ignores SIGTSTP while it writes, where nobody handles it when the terminal is set up; and a
 * pending signal is discarded, blocked or not, as soon as it is ignored (POSIX, "Signal Actions"):
 * Ctrl-Z pressed while a picture was put together would be lost. So somebody handles it until then.
 */
static SCREEN *set_up_terminal(const char *type, FILE *output, FILE *input)
{
	struct sigaction ours = {.sa_handler = not_called}, before;
	SCREEN *terminal;

	sigaction(SIGTSTP, &ours, &before);
	terminal = newterm(type, output, input);
	sigaction(SIGTSTP, &before, NULL);
	return terminal;
}

int screen_open(FILE *input, FILE *output, enum theme theme, struct screen **ret_screen,
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
	screen->terminal = set_up_terminal(type, output, input);
	if (!screen->terminal) {
		restore_disarm();
		free(screen);
		*ret_why = "it could not be set up";
		return -EINVAL;
	}
	set_term(screen->terminal);
	restore_learn_strings();
	set_up_input();
	choose_theme(screen, theme);
	screen_resize(screen);
	*ret_screen = screen;
	return 0;
}

#define ANSWER_DUE_NS 1000000000ULL
#define ANSWER_MS     200

/* An answer that is still on its way must not become a command of a shell. */
static void await_answer(struct screen *screen)
{
	const uint64_t begin_ns = clock_mono_ns();
	struct pollfd polled = {.fd = screen->input_fd, .events = POLLIN};
	uint64_t took_ms = 0;

	while (screen->asked_ns && begin_ns - screen->asked_ns < ANSWER_DUE_NS &&
	       took_ms < ANSWER_MS &&
	       wait_ready(&polled, 1, (int)(ANSWER_MS - took_ms)) > 0) {
		/* Readable, and yet nothing to read: the terminal is gone. */
		if (polled.revents != POLLIN || screen_key(screen) == SCREEN_NO_KEY)
			return;
		while (screen_key(screen) != SCREEN_NO_KEY)
			;
		took_ms = (clock_mono_ns() - begin_ns) / 1000000;
	}
}

/* In the form that has no largest column, or as before. Terminals that do not know it ignore it. */
static void ask_for_wide_mouse(const struct screen *screen, bool on)
{
	static const char *const text[] = {"\033[?1006l", "\033[?1006h"};

	if (screen->wide_mouse)
		(void)!write(screen->output_fd, text[on], strlen(text[on]));
}

void screen_close(struct screen *screen)
{
	if (!screen)
		return;
	ask_for_wide_mouse(screen, false);
	await_answer(screen);
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

void screen_ring(struct screen *screen)
{
	(void)screen;
	beep();
}

void screen_forget(struct screen *screen)
{
	clearok(curscr, TRUE);
	frame_done(&screen->shown);
}

static void put_cell(const struct screen *screen, int x, int y, const struct frame_cell *cell)
{
	if (!cell->width)
		return;
	attr_set(screen->look[cell->style % STYLES].attributes,
		 screen->look[cell->style % STYLES].pair, NULL);
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
		if (screen->whole_lines)
			wredrawln(stdscr, i / frame->width, 1);
	}
	move(0, 0);
	refresh();
	/* curses does not say when its writes fail. */
	return tcgetattr(screen->output_fd, &mode) ? -EIO : 0;
}

/* Takes the colours that the answer asks for; whether they are others. */
static bool take_background(struct screen *screen)
{
	enum theme theme = theme_of_answer(screen->answer.text);

	if (!screen->asked_ns || !answer_is_background(&screen->answer))
		return false;
	screen->asked_ns = 0;
	if (theme == THEME_AUTO || theme == screen->theme)
		return false;
	screen->theme = theme;
	set_up_looks(screen, theme);
	screen_forget(screen);
	return true;
}

/* What a key is in a sequence that has begun; SCREEN_NO_KEY: a key by itself. */
static int key_of_answer(struct screen *screen, int key)
{
	switch (answer_take(&screen->answer, key, clock_mono_ns())) {
	case ANSWER_PART: return SCREEN_ANSWER;
	case ANSWER_WHOLE:
		screen->mouse_waits = answer_is_mouse(&screen->answer, &screen->mouse);
		if (screen->mouse_waits)
			return KEY_MOUSE;
		return take_background(screen) ? SCREEN_COLORS : SCREEN_ANSWER;
	default: return SCREEN_NO_KEY;
	}
}

/* A character comes byte by byte; all but its last are SCREEN_ANSWER. */
static int key_of_character(struct screen *screen, int key)
{
	uint32_t character;

	if (!screen->utf8 || key < 0x80 || key > 0xff) {
		screen->pieces = 0;
		return key;
	}
	/* The first byte of a character, whatever was missing of the last one. */
	if (key >= 0xc0 || screen->pieces == UTF8_MAX)
		screen->pieces = 0;
	screen->piece[screen->pieces++] = (char)key;
	screen->piece[screen->pieces] = '\0';
	if (!utf8_decode(screen->piece, &character))
		return SCREEN_ANSWER;
	screen->pieces = 0;
	return SCREEN_CHARACTER(character);
}

int screen_key(struct screen *screen)
{
	int key = getch(), next;

	if (key == ERR)
		return SCREEN_NO_KEY;
	next = key_of_answer(screen, key);
	if (next != SCREEN_NO_KEY)
		return next;
	if (key != KEY_ESCAPE)
		return key_of_character(screen, key);
	screen->pieces = 0;
	next = getch();
	if (next == '[' || next == ']') {
		answer_begin(&screen->answer, next, clock_mono_ns());
		return SCREEN_ANSWER;
	}
	if (next >= '0' && next <= '9')
		return SCREEN_ALT(next);
	if (next != ERR)
		ungetch(next);
	return KEY_ESCAPE;
}

/* Base 64 of RFC 4648. */
static size_t encode_base64(const unsigned char *from, size_t length, char *to)
{
	static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t used = 0;

	for (size_t i = 0; i < length; i += 3) {
		unsigned int more = i + 1 < length ? from[i + 1] : 0;
		unsigned int most = i + 2 < length ? from[i + 2] : 0;
		unsigned int bits = (unsigned int)from[i] << 16 | more << 8 | most;

		to[used++] = digit[bits >> 18];
		to[used++] = digit[bits >> 12 & 63];
		to[used++] = i + 1 < length ? digit[bits >> 6 & 63] : '=';
		to[used++] = i + 2 < length ? digit[bits & 63] : '=';
	}
	return used;
}

#define COPY_MAX 4096

bool screen_copy(struct screen *screen, const char *text)
{
	static const char begin[] = "\033]52;c;", end[] = "\a";
	size_t length = strnlen(text, COPY_MAX), used = sizeof(begin) - 1;
	char message[sizeof(begin) + COPY_MAX / 3 * 4 + 8 + sizeof(end)];

	/* The consoles of Linux would print it. */
	if (strcmp(screen->type, "linux") == 0)
		return false;
	memcpy(message, begin, used);
	used += encode_base64((const unsigned char *)text, length, message + used);
	memcpy(message + used, end, sizeof(end) - 1);
	used += sizeof(end) - 1;
	/* What cannot be written is not copied; a terminal that is gone shows at the next frame. */
	(void)!write(screen->output_fd, message, used);
	return true;
}

void screen_use_lines(struct screen *screen)
{
	screen->whole_lines = true;
}

void screen_use_mouse(struct screen *screen)
{
	/* Presses, not clicks: nothing must be waited for to tell them apart. */
	mousemask(BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL);
	mouseinterval(0);
	screen->wide_mouse = terminal_mouse_is_short();
	ask_for_wide_mouse(screen, true);
}

/* Buttons as XTerm Control Sequences number them: with Shift, Ctrl and the like they are others. */
static enum screen_mouse mouse_of_report(struct screen *screen, int *ret_x, int *ret_y)
{
	const struct answer_mouse *mouse = &screen->mouse;

	screen->mouse_waits = false;
	*ret_x = mouse->x;
	*ret_y = mouse->y;
	if (!mouse->pressed)
		return MOUSE_OTHER;
	switch (mouse->button) {
	case 0: return MOUSE_CLICK;
	case 64: return MOUSE_WHEEL_UP;
	case 65: return MOUSE_WHEEL_DOWN;
	default: return MOUSE_OTHER;
	}
}

enum screen_mouse screen_mouse(struct screen *screen, int key, int *ret_x, int *ret_y)
{
	MEVENT event;

	if (key != KEY_MOUSE)
		return MOUSE_NONE;
	if (screen->mouse_waits)
		return mouse_of_report(screen, ret_x, ret_y);
	if (getmouse(&event) != OK)
		return MOUSE_OTHER;
	*ret_x = event.x;
	*ret_y = event.y;
	if (event.bstate & BUTTON4_PRESSED)
		return MOUSE_WHEEL_UP;
	if (event.bstate & BUTTON5_PRESSED)
		return MOUSE_WHEEL_DOWN;
	return event.bstate & BUTTON1_PRESSED ? MOUSE_CLICK : MOUSE_OTHER;
}

void screen_stop(struct screen *screen)
{
	struct sigaction by_default = {.sa_handler = SIG_DFL}, before;
	sigset_t stop, mask, pending;

	ask_for_wide_mouse(screen, false);
	endwin();
	sigemptyset(&stop);
	sigaddset(&stop, SIGTSTP);
	sigaction(SIGTSTP, &by_default, &before);
	/* It was sent after the stop, which it calls off; raising the stop would discard it. */
	sigpending(&pending);
	if (sigismember(&pending, SIGCONT) != 1)
		raise(SIGTSTP);
	/* Here the process stops, and goes on with the next line. */
	pthread_sigmask(SIG_UNBLOCK, &stop, &mask);
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	sigaction(SIGTSTP, &before, NULL);
	ask_for_wide_mouse(screen, true);
	screen_resize(screen);
}

void screen_resume(struct screen *screen)
{
	/* Leaves and enters: a shell may have changed the mode, and the screen is not ours. */
	endwin();
	ask_for_wide_mouse(screen, true);
	screen_resize(screen);
}
