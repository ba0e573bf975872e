/* SPDX-License-Identifier: MIT */
/*
 * print_docs PART: prints what documents and completions say about options and keys, made from the
 * program's own tables. generated.sh puts each part where it belongs.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filter.h"
#include "keys.h"
#include "options.h"

/* Options with the first sentence of their help; the manual page has the rest. */
static void print_readme_usage(void)
{
	for (enum option_id id = 0; id < OPTION_IDS; id++) {
		const struct option_info *option = &option_table[id];
		char help[OPTION_TEXT_MAX], *end;

		option_help(id, help, sizeof(help));
		end = strstr(help, ". ");
		if (end)
			end[1] = '\0';
		if (option->group)
			printf("\n| %s | |\n|---|---|\n", option->group);
		printf("| `");
		if (option->letter)
			printf("-%c`, `", option->letter);
		printf("--%s%s%s` | %s |\n", option->name, option->argument ? " " : "",
		       option->argument ? option->argument : "", help);
	}
	puts("");
}

static void print_readme_keys(void)
{
	size_t count;
	const struct key_binding *binding = keys_table(&count);

	puts("\n| key | |\n|---|---|");
	for (size_t i = 0; i < count; i++) {
		const char *key = binding[i].keys;

		if (binding[i].group)
			printf("| **%s** | |\n", binding[i].group);
		if (!key)
			continue;
		printf("|");
		while (*key) {
			size_t length = strcspn(key, " ");

			printf(" `%.*s`", (int)length, key);
			key += length + strspn(key + length, " ");
		}
		printf(" | %s |\n", binding[i].help);
	}
	puts("");
}

/* Text for roff: the dashes of options are not hyphens, and each sentence begins a line. */
static void print_roff(const char *text)
{
	for (char before = 0; *text; before = *text++) {
		if (text[0] == '-' && (text[1] == '-' || before == '-' || text[1] == '?'))
			printf("\\-");
		else if (text[0] == ' ' && before == '.')
			putchar('\n');
		else
			putchar(*text);
	}
	putchar('\n');
}

/* The names of one entry as its heading: roman commas between bold names. */
static void print_roff_heading(char *names, const char *argument)
{
	const char *name, *between = "";
	bool many = strchr(names, ' ') || argument;

	printf(".TP\n.%s ", many ? "BR" : "B");
	while ((name = strsep(&names, " "))) {
		printf("%s", between);
		if (*name == '^')
			printf("Ctrl\\-%s", name + 1);
		else
			for (; *name; name++)
				printf("%s%c", *name == '-' ? "\\" : "", *name);
		between = " \", \" ";
	}
	if (argument)
		printf(" \" \\fI%s\\fR\"", argument);
	putchar('\n');
}

static void print_man_options(void)
{
	for (enum option_id id = 0; id < OPTION_IDS; id++) {
		const struct option_info *option = &option_table[id];
		char names[64], letter[4] = "", help[OPTION_TEXT_MAX];

		if (option->letter)
			snprintf(letter, sizeof(letter), "-%c ", option->letter);
		snprintf(names, sizeof(names), "%s--%s", letter, option->name);
		if (option->group)
			printf(".SS %s\n", option->group);
		print_roff_heading(names, option->argument);
		print_roff(option_help(id, help, sizeof(help)));
	}
}

static void print_man_keys(void)
{
	size_t count;
	const struct key_binding *binding = keys_table(&count);

	for (size_t i = 0; i < count; i++) {
		char names[64], help[128];

		if (binding[i].group && i)
			printf(".SS %s\n", binding[i].group);
		if (!binding[i].keys)
			continue;
		snprintf(names, sizeof(names), "%s", binding[i].keys);
		snprintf(help, sizeof(help), "%c%s.", toupper(binding[i].help[0]),
			 binding[i].help + 1);
		print_roff_heading(names, NULL);
		print_roff(help);
	}
}

#define BASH_WIDTH 76

/* Words as bash takes them into a variable, in lines that are not too long. */
static void print_bash_words(const char *words)
{
	const char *assign = "words='";

	while (*words) {
		size_t length = strlen(words);

		if (length > BASH_WIDTH) {
			for (length = BASH_WIDTH; words[length] != ' '; length--)
				;
		}
		printf("\t\t%s%.*s'\n", assign, (int)length, words);
		assign = "words+='";
		words += length; /* the blank stays in front of the next word */
	}
}

static void print_bash_values(void)
{
	for (enum option_id id = 0; id < OPTION_IDS; id++) {
		const struct option_info *option = &option_table[id];
		char values[OPTION_TEXT_MAX];

		if (!*option_values(id, values, sizeof(values)))
			continue;
		printf("\t");
		if (option->letter)
			printf("-%c | ", option->letter);
		printf("--%s)\n", option->name);
		if (*values == '@')
			printf("\t\twords=$(_pktstat_bpf_%s \"$current\")\n", values + 1);
		else
			print_bash_words(values);
		puts("\t\t;;");
	}
}

static void print_bash_options(void)
{
	char names[OPTION_TEXT_MAX] = "";
	size_t used = 0;

	for (size_t i = 0; i < OPTION_IDS; i++)
		used += (size_t)snprintf(names + used, sizeof(names) - used, "%s--%s", i ? " " : "",
					 option_table[i].name);
	print_bash_words(names);
}

/* What zsh says about an option: its help up to the first end of a clause, in lower case. */
static void print_zsh_brief(const char *help)
{
	size_t length = strcspn(help, ";:");
	const char *end = strstr(help, ". "), *example = strstr(help, ", for example");

	if (example && (size_t)(example - help) < length)
		length = (size_t)(example - help);
	if (end && (size_t)(end - help) < length)
		length = (size_t)(end - help);
	if (help[length - 1] == '.')
		length--;
	putchar(tolower(*help));
	for (size_t i = 1; i < length; i++) {
		if (help[i] == '\'')
			printf("'\\''");
		else
			printf("%s%c", strchr("[]\\", help[i]) ? "\\" : "", help[i]);
	}
}

static void print_zsh_argument(enum option_id id)
{
	const char *name = option_table[id].argument;
	char values[OPTION_TEXT_MAX];

	option_values(id, values, sizeof(values));
	putchar(':');
	for (; *name; name++)
		putchar(tolower(*name));
	putchar(':');
	if (*values == '@')
		printf("_pktstat_bpf_%s", values + 1);
	else if (*values)
		printf("(%s)", values);
}

static void print_zsh_options(void)
{
	puts("_arguments -s -S \\");
	for (enum option_id id = 0; id < OPTION_IDS; id++) {
		const struct option_info *option = &option_table[id];
		const char *equals = option->argument ? "=" : "";
		bool alone = id == OPTION_HELP || id == OPTION_VERSION;

		printf("\t'");
		if (alone)
			printf("(- *)");
		else if (option->repeats)
			printf("*");
		else if (option->letter)
			printf("(-%c --%s)", option->letter, option->name);
		if (option->letter)
			printf("'{-%c%s,--%s%s}'", option->letter, option->argument ? "+" : "",
			       option->name, equals);
		else
			printf("--%s%s", option->name, equals);
		putchar('[');
		print_zsh_brief(option->help);
		putchar(']');
		if (option->argument)
			print_zsh_argument(id);
		printf("'%s\n", id + 1 < OPTION_IDS ? " \\" : "");
	}
}

static void print_filter_words(void)
{
	const char *word;

	for (size_t i = 0; (word = filter_word(i)); i++)
		puts(word);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*print)(void);
	} parts[] = {
		{"readme-usage", print_readme_usage}, {"readme-keys", print_readme_keys},
		{"man-options", print_man_options},   {"man-keys", print_man_keys},
		{"bash-values", print_bash_values},   {"bash-options", print_bash_options},
		{"zsh-options", print_zsh_options},   {"filter-words", print_filter_words},
	};

	for (size_t i = 0; argc == 2 && i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (!strcmp(argv[1], parts[i].name)) {
			parts[i].print();
			return ferror(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
		}
	}
	fprintf(stderr, "usage: print_docs PART; there is no part '%s'\n", argc > 1 ? argv[1] : "");
	return 2;
}
