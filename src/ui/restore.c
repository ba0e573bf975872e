/* SPDX-License-Identifier: MIT */
/*
 * The terminal after a crash; see restore.h. The only state at file scope in the user interface,
 * for a signal handler can be handed nothing.
 */
#include "restore.h"

#include <curses.h>
#include <signal.h>
#include <string.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>

#include "array.h"

static const int faults[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};

#define FAULTS ((int)ARRAY_SIZE(faults))

static struct {
	int fd;
	bool mode_known;
	struct termios mode;
	char text[256]; /* brings screen, cursor, attributes and keypad back */
	size_t length;
	struct sigaction before[FAULTS];
	/* A fault may be an overflow of the stack, so the handler has one of its own. */
	char stack[16384];
} terminal;

static void on_fault(int number)
{
	ssize_t written = write(terminal.fd, terminal.text, terminal.length);

	(void)written;
	if (terminal.mode_known)
		tcsetattr(terminal.fd, TCSANOW, &terminal.mode);
	/* The default action is back (SA_RESETHAND): the core file shows the fault. */
	raise(number);
}

void restore_arm(int fd)
{
	struct sigaction action = {.sa_handler = on_fault,
				   .sa_flags = (int)(SA_RESETHAND | SA_ONSTACK)};
	stack_t stack = {.ss_sp = terminal.stack, .ss_size = sizeof(terminal.stack)};

	terminal.fd = fd;
	terminal.length = 0;
	terminal.mode_known = tcgetattr(fd, &terminal.mode) == 0;
	sigaltstack(&stack, NULL);
	sigemptyset(&action.sa_mask);
	for (int i = 0; i < FAULTS; i++)
		sigaction(faults[i], &action, &terminal.before[i]);
}

/* A capability of the terminal, or NULL. */
static const char *capability(const char *name)
{
	const char *text = tigetstr(name);

	return text == (const char *)-1 ? NULL : text;
}

/* Appends text without the marks of padding ("$<5>"). */
static void learn(const char *text)
{
	while (text && *text && terminal.length < sizeof(terminal.text)) {
		const char *end = strncmp(text, "$<", 2) == 0 ? strchr(text, '>') : NULL;

		if (end) {
			text = end + 1;
			continue;
		}
		terminal.text[terminal.length++] = *text++;
	}
}

void restore_learn_strings(void)
{
	static const char *const names[] = {"sgr0", "op", "rmkx", "cnorm", "rmcup"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		learn(capability(names[i]));
	/* Where there can be a mouse, it must not go on typing into the shell. */
	if (capability("kmous"))
		learn("\033[?1006l\033[?1000l");
}

void restore_disarm(void)
{
	stack_t none = {.ss_flags = SS_DISABLE};

	for (int i = 0; i < FAULTS; i++)
		sigaction(faults[i], &terminal.before[i], NULL);
	sigaltstack(&none, NULL);
}
